package maintenance

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"slices"
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
	// Left counts after a run what it did not get to, within leftWithin; nil =
	// nobody asks.
	Left func(ctx context.Context) (int, error)
}

// leftWithin bounds the counting of what a run left.
const leftWithin = 10 * time.Second

// RunNow has the actor do a chore out of turn. One that waits or is being done
// is not done twice.
type RunNow struct{ Name string }

// Kind describes the actor, which must be spawned once. figures may be nil.
func Kind(jobs []Job, figures *Figures) kit.Kind {
	for _, job := range jobs {
		figures.declare(job)
	}
	return kit.Kind{
		Name:        "maintenance",
		Supervision: kit.Restart,
		New:         func(string) kit.Actor { return &actor{jobs: jobs, figures: figures} },
	}
}

// Messages from the actor to itself.
type (
	due  turn
	done struct {
		job     int
		removed int
		left    int // -1 = not counted
		err     error
	}
)

// actor knows which chores wait for their turn. The first of them is being done.
type actor struct {
	jobs    []Job
	figures *Figures
	waiting []turn
	begun   time.Time
}

// turn is that of a chore.
type turn struct {
	job int
	now bool // somebody asked for it; its own time comes as before
}

// Receive keeps the clock.
func (a *actor) Receive(c *kit.Context) {
	switch m := c.Message().(type) {
	case kit.Started:
		for i, job := range a.jobs {
			c.After(firstAfter+rand.N(max(1, min(job.Every, time.Hour)/10)), due{job: i})
		}
	case due:
		a.wait(c, turn(m))
	case RunNow:
		a.runNow(c, m.Name)
	case done:
		a.finished(c, m)
	}
}

// wait puts a chore into the row.
func (a *actor) wait(c *kit.Context, t turn) {
	a.waiting = append(a.waiting, t)
	if len(a.waiting) == 1 {
		a.begin(c)
	}
}

func (a *actor) runNow(c *kit.Context, name string) {
	i := slices.IndexFunc(a.jobs, func(j Job) bool { return j.Name == name })
	if i < 0 || slices.ContainsFunc(a.waiting, func(t turn) bool { return t.job == i }) {
		return
	}
	a.wait(c, turn{job: i, now: true})
}

// begin does the first chore that waits.
func (a *actor) begin(c *kit.Context) {
	i := a.waiting[0].job
	job := a.jobs[i]
	a.begun = c.Now()
	a.figures.begun(job.Name)
	c.Go(job.Within+leftWithin, func(ctx context.Context) any {
		removed, err := within(ctx, job)
		return done{job: i, removed: removed, left: left(ctx, job), err: err}
	})
}

func within(ctx context.Context, job Job) (removed int, err error) {
	ctx, cancel := context.WithTimeout(ctx, job.Within)
	defer cancel()
	return run(ctx, job)
}

func left(ctx context.Context, job Job) int {
	if job.Left == nil {
		return -1
	}
	ctx, cancel := context.WithTimeout(ctx, leftWithin)
	defer cancel()
	n, err := job.Left(ctx)
	if err != nil {
		return -1 // the run itself tells what is the matter
	}
	return n
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
	a.figures.note(job.Name, m, took, c.Now())
	if !a.waiting[0].now {
		c.After(job.Every-job.Every/10+rand.N(max(1, job.Every/5)), due{job: m.job})
	}
	a.waiting = a.waiting[1:]
	if len(a.waiting) > 0 {
		a.begin(c)
	}
}
