package domain

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// UserID names a user. Ids of configuration rows are positive and given by the store.
type UserID int64

// KeyID names an API key.
type KeyID int64

// ProviderID names a provider.
type ProviderID int64

// VendorID names a vendor of providers.
type VendorID int64

// EndpointID names an endpoint of a vendor.
type EndpointID int64

// GroupID names a provider group.
type GroupID int64

// RequestFilterID names a request filter.
type RequestFilterID int64

// AdminTokenUserID is the virtual user behind ADMIN_TOKEN.
const AdminTokenUserID UserID = -1

// RequestID names one proxied request and is the primary key of its log row:
// 41 bits of milliseconds since 2025-01-01 UTC, 10 bits of node, 12 bits of
// sequence. Ids are ordered by time of creation.
type RequestID int64

const (
	requestEpochMs  = 1_735_689_600_000 // 2025-01-01T00:00:00Z
	requestSeqBits  = 12
	requestNodeBits = 10
	requestIDPrefix = "req_"
	requestIDDigits = 13
	crockford       = "0123456789abcdefghjkmnpqrstvwxyz"
)

// ErrRequestID reports a text that is no request id.
var ErrRequestID = errors.New("not a request id")

// String is the public form: req_ and 13 characters of Crockford base32.
func (id RequestID) String() string {
	var b [len(requestIDPrefix) + requestIDDigits]byte
	copy(b[:], requestIDPrefix)
	v := uint64(id)
	for i := len(b) - 1; i >= len(requestIDPrefix); i-- {
		b[i] = crockford[v&31]
		v >>= 5
	}
	return string(b[:])
}

// Time is the creation time encoded in the id, at millisecond precision.
func (id RequestID) Time() time.Time {
	return time.UnixMilli(int64(id)>>(requestSeqBits+requestNodeBits) + requestEpochMs)
}

// ParseRequestID reads the public form, ignoring case.
func ParseRequestID(s string) (RequestID, error) {
	digits, ok := strings.CutPrefix(strings.ToLower(s), requestIDPrefix)
	if !ok || len(digits) != requestIDDigits {
		return 0, fmt.Errorf("%w: %.32q", ErrRequestID, s)
	}
	var v uint64
	for i := range len(digits) {
		d := strings.IndexByte(crockford, digits[i])
		if d < 0 || v>>58 != 0 {
			return 0, fmt.Errorf("%w: %.32q", ErrRequestID, s)
		}
		v = v<<5 | uint64(d)
	}
	if v>>63 != 0 {
		return 0, fmt.Errorf("%w: %.32q", ErrRequestID, s)
	}
	return RequestID(v), nil
}

// FirstRequestIDAt is the smallest id a node can give at t; it turns a time
// range into an id range.
func FirstRequestIDAt(t time.Time) RequestID {
	return RequestID(max(0, t.UnixMilli()-requestEpochMs) << (requestSeqBits + requestNodeBits))
}

// RequestIDs gives out request ids. They never go back: when the clock steps
// backwards, or more than 4096 are drawn in a millisecond, the generator counts
// on from its last id. Safe for concurrent use.
type RequestIDs struct {
	mu   sync.Mutex
	node int64
	last int64 // milliseconds since epoch and sequence, without node
}

// NewRequestIDs makes a generator for a node number (0..1023) that continues
// after the newest id already stored.
func NewRequestIDs(node int, after RequestID) *RequestIDs {
	ms := int64(after) >> (requestSeqBits + requestNodeBits)
	seq := int64(after) & (1<<requestSeqBits - 1)
	return &RequestIDs{node: int64(node) & (1<<requestNodeBits - 1), last: ms<<requestSeqBits | seq}
}

// MoveTo has ids be those of another node from now on.
func (g *RequestIDs) MoveTo(node int) {
	g.mu.Lock()
	g.node = int64(node) & (1<<requestNodeBits - 1)
	g.mu.Unlock()
}

// Next draws an id at the given time.
func (g *RequestIDs) Next(now time.Time) RequestID {
	at := (now.UnixMilli() - requestEpochMs) << requestSeqBits
	g.mu.Lock()
	g.last = max(at, g.last+1)
	v, node := g.last, g.node
	g.mu.Unlock()
	ms, seq := v>>requestSeqBits, v&(1<<requestSeqBits-1)
	return RequestID(ms<<(requestSeqBits+requestNodeBits) | node<<requestSeqBits | seq)
}

// LeaseID is chosen by whoever asks for a lease, so that asking again with the
// same id is the same request. 48 bits of milliseconds, 80 random bits.
type LeaseID [16]byte

// NewLeaseID draws a lease id.
func NewLeaseID(now time.Time) LeaseID {
	var id LeaseID
	ms := uint64(now.UnixMilli())
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	_, _ = rand.Read(id[6:]) // never fails since Go 1.24
	return id
}

// IsZero tells whether no lease is meant.
func (id LeaseID) IsZero() bool { return id == LeaseID{} }

func (id LeaseID) String() string { return hex.EncodeToString(id[:]) }
