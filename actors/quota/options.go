package quota

import (
	"context"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/internal/domain"
)

// KindName names the kind and its snapshots. The id of an actor is the decimal
// user id.
const KindName = "quota"

// Catalog gives the newest configuration.
type Catalog interface {
	Current() *domain.Catalog
}

// Snapshots keeps the state of actors. Save must not block; Load of what was
// never saved is a fault of KindNotFound, and Load after Save gives what was saved.
type Snapshots interface {
	Save(s domain.Snapshot)
	Load(ctx context.Context, kind, id string) (domain.Snapshot, error)
}

// Options are what quota actors depend on.
type Options struct {
	Catalog    Catalog
	Snapshots  Snapshots
	Ledger     Ledger
	Node       string        // this process, as the owner of ledgers
	SessionTTL time.Duration // how long a session counts after its last request
	CountOnly  bool          // everything is counted and nobody refused
	// NodeLives tells whether stored leases of a node may still be in use;
	// those of other nodes are dropped. Nil believes all.
	NodeLives func(node string) bool
}

// New describes the kind.
func New(o Options) kit.Kind {
	return kit.Kind{
		Name:        KindName,
		New:         func(id string) kit.Actor { return newActor(id, o) },
		Supervision: kit.Restart,
		Passivate:   15 * time.Minute,
	}
}
