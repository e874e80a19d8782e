package kit

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// spawner makes the library's actors of cells. The library takes an actor and
// its mailbox by call-back, from properties that the actor keeps for life; one
// set for each would make up a quarter of an idle actor. So all share a set,
// and a lock says whose turn it is. Spawning calls nothing else back, and the
// kit never has the library restart an actor, which would call back later.
type spawner struct {
	lib   *actor.ActorSystem
	props *actor.Props

	mu   sync.Mutex
	next *cell
}

func newSpawner(lib *actor.ActorSystem, s actor.SupervisorStrategy) *spawner {
	sp := &spawner{lib: lib}
	sp.props = actor.PropsFromProducerWithActorSystem(
		func(*actor.ActorSystem) actor.Actor { return sp.next },
		actor.WithMailbox(func() actor.Mailbox { return &sp.next.box }),
		actor.WithSupervisor(s))
	return sp
}

// spawn starts the cell's library actor below the given one.
func (s *spawner) spawn(c *cell, parent actor.SpawnerContext) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = c
	if _, err := parent.SpawnNamed(s.props, s.lib.ProcessRegistry.NextId()); err != nil {
		// The name is a fresh number, so this cannot be.
		panic("kit: spawn " + c.kind.Name + ": " + err.Error())
	}
	s.next = nil
}
