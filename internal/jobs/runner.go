// Package jobs runs what an administrator asked for and does not wait for, one
// job of a kind at a time.
//
// Jobs live in memory: they end with the process, and are known to the node that
// runs them. So a job's work must be such that it can be begun again without
// harm; what it did by then stays done.
package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// kept is how many jobs that have ended are remembered.
const kept = 100

// Runner runs jobs. Safe for concurrent use. Close it when done.
type Runner struct {
	now    func() time.Time
	logger *slog.Logger
	base   context.Context //nolint:containedctx // parent of all jobs; its end is the runner's
	stop   context.CancelFunc
	all    sync.WaitGroup

	mu    sync.Mutex
	jobs  map[string]*job
	order []string // the oldest first
}

type job struct {
	domain.Job
	cancel context.CancelFunc
}

// New makes a runner.
func New(logger *slog.Logger, now func() time.Time) *Runner {
	r := &Runner{now: now, logger: logger, jobs: map[string]*job{}}
	r.base, r.stop = context.WithCancel(context.Background())
	return r
}

// Close ends all jobs and waits for them.
func (r *Runner) Close() {
	r.stop()
	r.all.Wait()
}

// Start begins a job. A second one of its kind is refused with
// domain.KindConflict while the first runs.
func (r *Runner) Start(kind string, run domain.JobFunc) (domain.Job, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, j := range r.jobs {
		if j.Kind == kind && j.State == domain.JobRunning {
			return domain.Job{}, domain.NewFault(domain.KindConflict, "", "a job of this kind is running: "+j.ID)
		}
	}
	ctx, cancel := context.WithCancel(r.base)
	j := &job{Job: domain.Job{ID: "job_" + rand.Text(), Kind: kind, State: domain.JobRunning, StartedAt: r.now()}, cancel: cancel}
	r.jobs[j.ID] = j
	r.order = append(r.order, j.ID)
	r.forget()
	r.all.Go(func() { r.run(ctx, j, run) })
	return j.Job, nil
}

func (r *Runner) run(ctx context.Context, j *job, run domain.JobFunc) {
	defer j.cancel()
	result, err := contained(ctx, run, func(done, total int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		j.Done, j.Total = done, total
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	j.EndedAt, j.Result, j.State = r.now(), result, domain.JobDone
	switch {
	case err == nil:
	case ctx.Err() != nil:
		j.State = domain.JobCancelled
	default:
		j.State, j.Error = domain.JobFailed, err.Error()
	}
	r.logger.Info("job ended", slog.String("kind", j.Kind), slog.String("state", string(j.State)), slog.String("error", j.Error))
}

var errPanic = errors.New("it broke off because of a fault in the program")

// contained runs a job's work; a panic in it is its failure and nothing else's.
func contained(ctx context.Context, run domain.JobFunc, progress domain.JobProgress) (result any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			result, err = nil, fmt.Errorf("%w: %v", errPanic, cause)
		}
	}()
	return run(ctx, progress)
}

// List returns the jobs that are remembered, the newest first.
func (r *Runner) List() []domain.Job {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]domain.Job, 0, len(r.order))
	for _, id := range slices.Backward(r.order) {
		list = append(list, r.jobs[id].Job)
	}
	return list
}

// Get finds a job.
func (r *Runner) Get(id string) (domain.Job, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if j := r.jobs[id]; j != nil {
		return j.Job, nil
	}
	return domain.Job{}, domain.NotFound("job", id)
}

// Cancel asks a job to end. One that has ended stays as it is.
func (r *Runner) Cancel(id string) (domain.Job, error) {
	j, err := r.Get(id)
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		if known := r.jobs[id]; known != nil {
			known.cancel()
		}
	}
	return j, err
}

// forget drops the oldest that have ended.
func (r *Runner) forget() {
	for i := 0; i < len(r.order) && len(r.order) > kept; {
		if r.jobs[r.order[i]].State == domain.JobRunning {
			i++
			continue
		}
		delete(r.jobs, r.order[i])
		r.order = append(r.order[:i], r.order[i+1:]...)
	}
}
