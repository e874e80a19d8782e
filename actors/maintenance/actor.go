package maintenance

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
)

// firstAfter is when chores are first done at the earliest, so that a starting
// node has its resources for itself.
const firstAfter = time.Minute

// Job is a chore.
type Job struct {
	Name   string        // in logs and figures: "request_logs"
	Every  time.Duration // from the end of a run to the next, ± 10 % so that nodes do not meet
	Within time.Duration // deadline of a run
	// Run does the chore and says how many things it got rid of. It must heed
	// its context; that its deadline passed is no failure.
	Run func(ctx context.Context) (int, error)
}

// Kind describes the actor, which must be spawned once. figures may be nil.
func Kind(jobs []Job, figures *Figures) kit.Kind {
	for _, job := range jobs {
		figures.begin(job.Name)
	}
	return kit.Kind{
		Name:        "maintenance",
		Supervision: kit.Restart,
		New:         func(string) kit.Actor { return &actor{jobs: jobs, figures: figures} },
	}
}

// Messages from the actor to itself.
type (
	due  struct{ job int }
	done struct {
		job     int
		removed int
		err     error
	}
)

// actor knows which chores wait for their turn. The first of them is being done.
type actor struct {
	jobs    []Job
	figures *Figures
	waiting []int
	begun   time.Time
}

// Receive keeps the clock.
func (a *actor) Receive(c *kit.Context) {
	switch m := c.Message().(type) {
	case kit.Started:
		for i, job := range a.jobs {
			c.After(firstAfter+rand.N(max(1, min(job.Every, time.Hour)/10)), due{i})
		}
	case due:
		a.waiting = append(a.waiting, m.job)
		if len(a.waiting) == 1 {
			a.begin(c)
		}
	case done:
		a.finished(c, m)
	}
}

// begin does the first chore that waits.
func (a *actor) begin(c *kit.Context) {
	i := a.waiting[0]
	job := a.jobs[i]
	a.begun = c.Now()
	c.Go(job.Within, func(ctx context.Context) any {
		removed, err := run(ctx, job)
		return done{job: i, removed: removed, err: err}
	})
}

// run does a chore; its panic is an error like others.
func run(ctx context.Context, job Job) (removed int, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return job.Run(ctx)
}

func (a *actor) finished(c *kit.Context, m done) {
	job, took := a.jobs[m.job], c.Now().Sub(a.begun)
	switch {
	case m.err != nil:
		c.Logger().Error("chore failed", slog.String("chore", job.Name), slog.Any("error", m.err))
	case m.removed > 0:
		c.Logger().Info("chore done", slog.String("chore", job.Name),
			slog.Int("removed", m.removed), slog.Int64("duration_ms", took.Milliseconds()))
	}
	a.figures.note(job.Name, m, took)
	c.After(job.Every-job.Every/10+rand.N(max(1, job.Every/5)), due{m.job})
	a.waiting = a.waiting[1:]
	if len(a.waiting) > 0 {
		a.begin(c)
	}
}
