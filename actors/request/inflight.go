package request

import (
	"sync"
	"sync/atomic"

	"github.com/claude-code-hub/cch/internal/domain"
)

// inFlight counts this node's upstream calls by provider. It is what is left to
// go by when a provider's actor does not answer. The zero value is ready; safe
// for concurrent use.
type inFlight struct {
	mu    sync.RWMutex
	calls map[domain.ProviderID]*call
}

// call counts the running calls to one provider.
type call struct{ running atomic.Int64 }

// begin counts a call in; the caller ends it.
func (f *inFlight) begin(id domain.ProviderID) *call {
	c := f.find(id)
	c.running.Add(1)
	return c
}

func (f *inFlight) count(id domain.ProviderID) int { return int(f.find(id).running.Load()) }

func (f *inFlight) find(id domain.ProviderID) *call {
	f.mu.RLock()
	c := f.calls[id]
	f.mu.RUnlock()
	if c != nil {
		return c
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if c = f.calls[id]; c == nil {
		if f.calls == nil {
			f.calls = make(map[domain.ProviderID]*call)
		}
		c = &call{}
		f.calls[id] = c
	}
	return c
}

// end counts the call out; a nil call is none.
func (c *call) end() {
	if c != nil {
		c.running.Add(-1)
	}
}
