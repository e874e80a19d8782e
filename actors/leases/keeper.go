package leases

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
)

// Times of the keeper. A lease that is not renewed for TTL expires at its
// holder; two renewals may fail before that.
const (
	TTL         = 30 * time.Second
	renewEvery  = 10 * time.Second
	minAge      = 5 * time.Second // a grant may take that long
	renewWithin = 5 * time.Second
	maxPerRenew = 1000 // ids in a message, which must stay below 64 KB
)

// Options of a Keeper.
type Options struct {
	// Holders addresses the actor that grants leases of a kind and key.
	Holders func(kind protocol.LeaseKind, key string) kit.Ref
	Node    string // this node's name at the holders
}

// Keeper is the way to the keeper's actor and to its figures.
type Keeper struct {
	options Options
	table   *Table // of the actor; it outlives a restart, or the leases would be lost
	counts  map[protocol.LeaseKind]*atomic.Int64

	mu       sync.Mutex
	sessions map[string]int // session leases by session hash
}

// New makes a keeper. Spawn its Kind once.
func New(o Options) *Keeper {
	k := &Keeper{
		options: o,
		counts: map[protocol.LeaseKind]*atomic.Int64{
			protocol.LeaseQuota: {}, protocol.LeaseSession: {}, protocol.LeaseProvider: {}, protocol.LeaseEndpoint: {},
		},
		sessions: make(map[string]int),
	}
	k.table = NewTable(k.count)
	return k
}

// Kind describes the keeper's actor, which must be spawned once and not by a
// directory.
func (k *Keeper) Kind() kit.Kind {
	return kit.Kind{
		Name:        "leases",
		Supervision: kit.Restart,
		New:         func(string) kit.Actor { return &actor{keeper: k, table: k.table} },
	}
}

// Counts are the leases this node holds by kind. Safe for concurrent use.
func (k *Keeper) Counts() map[protocol.LeaseKind]int {
	counts := make(map[protocol.LeaseKind]int, len(k.counts))
	for kind, n := range k.counts {
		counts[kind] = int(n.Load())
	}
	return counts
}

// InFlight is the number of this node's requests in flight in a session, which
// is named by its hash. Safe for concurrent use.
func (k *Keeper) InFlight(session string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.sessions[session]
}

func (k *Keeper) count(h Holder, by int) {
	if n := k.counts[h.Kind]; n != nil {
		n.Add(int64(by))
	}
	if h.Kind != protocol.LeaseSession {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sessions[h.Key] += by
	if k.sessions[h.Key] <= 0 {
		delete(k.sessions, h.Key)
	}
}
