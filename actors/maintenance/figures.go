package maintenance

import (
	"maps"
	"sync"
	"time"
)

// Figure is what is known of one chore since the process started.
type Figure struct {
	Runs     int
	Failures int
	Removed  int           // things it got rid of
	Took     time.Duration // the last run
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

// begin makes a chore known before its first run, so that its counters start at
// zero for who watches them.
func (f *Figures) begin(name string) {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byName == nil {
		f.byName = make(map[string]Figure)
	}
	f.byName[name] = Figure{}
}

func (f *Figures) note(name string, m done, took time.Duration) {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.byName[name]
	n.Runs++
	n.Removed += m.removed
	n.Took = took
	if m.err != nil {
		n.Failures++
	}
	f.byName[name] = n
}
