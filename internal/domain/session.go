package domain

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// SessionKey names a session. Session ids are chosen by clients, so they mean
// something only together with the key that uses them.
type SessionKey struct {
	KeyID KeyID
	ID    string
}

// Hash is the session's name outside the data plane: 32 hex digits of a
// SHA-256 over key id and session id.
func (k SessionKey) Hash() string {
	b := make([]byte, 8, 8+len(k.ID))
	binary.BigEndian.PutUint64(b, uint64(k.KeyID))
	sum := sha256.Sum256(append(b, k.ID...))
	return hex.EncodeToString(sum[:16])
}

// SessionSource says how a session id was found.
type SessionSource string

// The sources.
const (
	SessionFromClient      SessionSource = "client"      // the client named it
	SessionFromFingerprint SessionSource = "fingerprint" // derived from the opening of the conversation
	SessionGenerated       SessionSource = "generated"
)

// Session is what the store keeps of a session.
type Session struct {
	Key        SessionKey
	Hash       string
	UserID     UserID
	ProviderID ProviderID // bound provider, 0 = none
	Model      string
	ClientKind string
	FirstAt    time.Time
	LastAt     time.Time
	Requests   int64
	Usage      Usage
	Cost       Money
}

// BindReason says why a binding was set, kept or dropped.
type BindReason string

// The reasons.
const (
	BindFirstSuccess        BindReason = "first_success"
	BindFailoverSuccess     BindReason = "failover_success"
	BindRaceWinner          BindReason = "race_winner"
	BindPriorityUpgrade     BindReason = "priority_upgrade"
	BindCircuitOpenFallback BindReason = "circuit_open_fallback"
	BindQuotaFallback       BindReason = "quota_exhausted_fallback"
	BindProviderGone        BindReason = "provider_gone"
	BindKeepHealthy         BindReason = "keep_healthy"
	UnbindStreamFailed      BindReason = "stream_failed"
	UnbindAllFailed         BindReason = "all_failed"
	UnbindTerminated        BindReason = "terminated"
)

// Nominee is the provider that answered the beginning of a conversation. The
// zero value is none.
type Nominee struct {
	Provider ProviderID
	First    bool // it comes before the session's own binding
	Match    AffinityMatch
}

// AffinityMatch tells by how much of a conversation its provider was found.
type AffinityMatch struct {
	Depth       int    `json:"matchedDepth"` // messages
	Bytes       int    `json:"matchedPrefixBytes"`
	Fingerprint string `json:"matchedFp"`
}
