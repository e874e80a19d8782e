package maintenance

import (
	"maps"
	"sync"
	"time"
)

// Figure is what is known of one chore since the process started.
type Figure struct {
	Every    time.Duration
	Within   time.Duration
	Runs     int
	Failures int
	Removed  int           // things it got rid of
	Left     int           // things its last run did not get to; -1 = not counted
	Took     time.Duration // the last run
	LastAt   time.Time     // when that ended
	Error    string        // of that
	Running  bool
}

// Figures are those of all chores by name. The zero value is ready; safe for
// concurrent use.
type Figures struct {
	mu     sync.Mutex
	byName map[string]Figure
}

// All reads them.
func (f *Figures) All() map[string]Figure {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.byName)
}

// declare makes a chore known before its first run, so that its counters start
// at zero for who watches them.
func (f *Figures) declare(job Job) {
	f.change(job.Name, func(n *Figure) { *n = Figure{Every: job.Every, Within: job.Within, Left: -1} })
}

func (f *Figures) begun(name string) { f.change(name, func(n *Figure) { n.Running = true }) }

func (f *Figures) note(name string, m done, took time.Duration, at time.Time) {
	f.change(name, func(n *Figure) {
		n.Running, n.LastAt, n.Took, n.Left, n.Error = false, at, took, m.left, ""
		n.Runs++
		n.Removed += m.removed
		if m.err != nil {
			n.Failures++
			n.Error = m.err.Error()
		}
	})
}

func (f *Figures) change(name string, how func(*Figure)) {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byName == nil {
		f.byName = make(map[string]Figure)
	}
	n := f.byName[name]
	how(&n)
	f.byName[name] = n
}
