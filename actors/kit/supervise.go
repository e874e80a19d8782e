package kit

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

const (
	failureWindow = time.Minute
	minBackoff    = 100 * time.Millisecond
	maxBackoff    = 5 * time.Second
	restAfter     = 10
	restFor       = 30 * time.Second
)

// failures are the times of the latest panics.
type failures []time.Duration

// note adds a panic and gives their number within the window.
func (f *failures) note(now time.Duration) int {
	*f = append(slices.DeleteFunc(*f, func(at time.Duration) bool { return now-at >= failureWindow }), now)
	return len(*f)
}

// failure is the reason given to the supervisor: what to do was settled on the
// failing actor's own goroutine, which owns the record of its panics.
type failure struct {
	cell  *cell
	stop  bool
	rest  bool
	after time.Duration // until the next incarnation
}

// fail ends an incarnation that panicked and calls the supervisor.
func (c *cell) fail(msg, cause any) {
	c.stats.panics.Add(1)
	c.logger().Error("actor panicked", slog.String("message", fmt.Sprintf("%T", msg)),
		slog.Any("cause", cause), slog.String("stack", string(debug.Stack())))
	if c.open {
		c.open = false
		c.env.respond(Failed{Kind: c.kind.Name, Why: "panic"})
	}
	if r, ok := c.actor.(Recoverer); ok {
		c.hook("failed", func() { r.Failed(msg, cause) })
	}
	c.finish()
	if c.leaving.Load() || c.state() == ending {
		return
	}
	f := c.verdict()
	if f.rest {
		c.rest()
	} else {
		c.phase.Store(int32(failing))
	}
	c.box.invoker.EscalateFailure(f, msg)
}

func (c *cell) verdict() *failure {
	f := &failure{cell: c}
	n := c.failures.note(c.sys.wheel.elapsed())
	if c.sys.closed.Load() {
		f.stop = true
		return f
	}
	switch c.kind.Supervision {
	case StopOnPanic:
		f.stop = true
	case Restart:
		f.after = min(minBackoff<<min(n-1, 10), maxBackoff)
	case RestartThenRest:
		if n >= restAfter {
			f.rest, f.after = true, restFor
			c.failures = nil
		}
	}
	return f
}

// rest refuses what waits and what comes until the next incarnation.
func (c *cell) rest() {
	c.phase.Store(int32(resting))
	c.flush()
}

// revive starts the next incarnation in the same cell. Children live on, the
// queue is kept, and what was stashed comes first.
func (c *cell) revive() {
	if s := c.state(); s != failing && s != resting {
		return
	}
	c.stats.restarts.Add(1)
	c.phase.Store(int32(alive))
	c.replay = slices.Concat(c.stash, c.replay)
	c.stash = nil
	c.box.suspend(false)
	c.begin()
}

// hook runs one of the actor's call-backs; a panic in it is only logged.
func (c *cell) hook(name string, f func()) {
	defer func() {
		if cause := recover(); cause != nil {
			c.stats.panics.Add(1)
			c.logger().Error("actor call-back panicked", slog.String("hook", name),
				slog.Any("cause", cause), slog.String("stack", string(debug.Stack())))
		}
	}()
	f()
}

// strategy supervises every actor, with the directives of the library but none
// of its policies.
type strategy struct{ sys *System }

var _ actor.SupervisorStrategy = (*strategy)(nil)

// HandleFailure is called by the library on the supervisor's goroutine.
func (s *strategy) HandleFailure(_ *actor.ActorSystem, sup actor.Supervisor, child *actor.PID,
	_ *actor.RestartStatistics, reason, _ any,
) {
	f, ok := reason.(*failure)
	switch {
	case !ok: // a panic outside any Receive
		s.sys.logger.Error("actor broke outside its code", slog.Any("cause", reason))
		sup.StopChildren(child)
	case f.stop:
		sup.StopChildren(child)
	case f.rest:
		f.cell.box.PostSystemMessage(&actor.ResumeMailbox{})
		s.reviveLater(f)
	case f.after == 0:
		f.cell.box.PostSystemMessage(revive{})
	default:
		s.reviveLater(f)
	}
}

func (s *strategy) reviveLater(f *failure) {
	t := &reviveTimer{cell: f.cell}
	t.owner = t
	s.sys.wheel.schedule(&t.timer, f.after)
}

type reviveTimer struct {
	timer
	cell *cell
}

func (t *reviveTimer) expire() { t.cell.box.PostSystemMessage(revive{}) }
