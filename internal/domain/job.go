package domain

import (
	"context"
	"time"
)

// JobState is how far a job is.
type JobState string

// The states of jobs. All but running are final.
const (
	JobRunning   JobState = "running"
	JobDone      JobState = "done"
	JobFailed    JobState = "failed"
	JobCancelled JobState = "cancelled"
)

// Job is work that an administrator asked for and does not wait for.
type Job struct {
	ID        string
	Kind      string
	State     JobState
	Done      int // of Total
	Total     int // 0 = not known
	Result    any // of a job that is done, or of what a cancelled one got to; nil = none
	Error     string
	StartedAt time.Time
	EndedAt   time.Time // zero while it runs
}

// JobProgress tells how far a job is. Safe for concurrent use.
type JobProgress func(done, total int)

// JobFunc is a job's work. It ends soon after its context, and may be done again
// from the start without harm.
type JobFunc func(ctx context.Context, progress JobProgress) (result any, err error)

// Chore is something a node does by the clock, and how its last run went.
type Chore struct {
	Name     string
	Every    time.Duration
	Within   time.Duration // longest run
	Running  bool
	Runs     int // since the process started
	Failures int
	Removed  int       // things it got rid of
	Left     int       // things it did not get to in its last run; -1 = not counted
	LastAt   time.Time // when its last run ended; zero = none yet
	Took     time.Duration
	Error    string // of the last run
}
