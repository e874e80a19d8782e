package session

import (
	"context"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/internal/domain"
)

// KindName names the kind and its snapshots. The id of an actor is
// domain.SessionKey.Hash.
const KindName = "session"

// passivateAfter is how long after its session lapsed an actor is put away.
const passivateAfter = time.Minute

// Snapshots keeps the state of actors. Save must not block; Load of what was
// never saved is a fault of KindNotFound, and Load after Save gives what was saved.
type Snapshots interface {
	Save(s domain.Snapshot)
	Load(ctx context.Context, kind, id string) (domain.Snapshot, error)
}

// History knows how many requests of a session were recorded. Get of a session
// without any is a fault of KindNotFound.
type History interface {
	Get(ctx context.Context, hash string) (domain.Session, error)
}

// Options are what session actors depend on.
type Options struct {
	Snapshots Snapshots
	History   History       // nil: numbers go on from the snapshot alone
	TTL       time.Duration // a session lapses this long after its last sign of life
}

// New describes the kind.
func New(o Options) kit.Kind {
	return kit.Kind{
		Name:        KindName,
		New:         func(id string) kit.Actor { return newActor(id, o) },
		Supervision: kit.StopOnPanic,
		Passivate:   o.TTL + passivateAfter,
	}
}
