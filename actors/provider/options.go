package provider

import (
	"context"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/internal/domain"
)

// KindName names the kind and its snapshots. The id of an actor is the decimal
// provider id.
const KindName = "provider"

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

// Events is told of every change of a breaker's state. It must not block.
type Events interface {
	BreakerChanged(e domain.BreakerEvent)
}

// Health spreads a provider's health. It must not block.
type Health interface {
	Publish(h domain.ProviderHealth)
}

// Accounts is told of upstream accounts: what is known, to be kept, and what an
// operator should hear of. It must not block.
type Accounts interface {
	AccountChanged(id domain.ProviderID, s *domain.AccountState)
	AccountNotice(n domain.AccountNotice)
}

// Options are what provider actors depend on.
type Options struct {
	Catalog    Catalog
	Snapshots  Snapshots
	Events     Events
	Health     Health
	Accounts   Accounts
	Ledger     Ledger        // nil: what was spent before is not known
	SessionTTL time.Duration // how long a session counts after its last success
	// CountNetworkErrors lets connections that broke or failed count as failures.
	CountNetworkErrors bool
	// Probing is how open breakers are probed; its zero value is not at all.
	Probing Probing
	// NodeLives tells whether stored leases of a node may still be in use;
	// those of other nodes are dropped. Nil believes all.
	NodeLives func(node string) bool

	outage *outage // shared by the actors of the kind
}

// New describes the kind.
func New(o Options) kit.Kind {
	o.outage = &outage{}
	return kit.Kind{
		Name:        KindName,
		New:         func(id string) kit.Actor { return newActor(id, o) },
		Supervision: kit.RestartThenRest,
		Passivate:   15 * time.Minute,
	}
}
