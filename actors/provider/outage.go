package provider

import (
	"sync"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// outageWindow is how long a failure of the network is remembered.
const outageWindow = 30 * time.Second

// outage tells a provider that cannot be reached from a node that reaches
// nobody: what fails everywhere at once is no provider's fault. It is shared by
// the provider actors of a node. Safe for concurrent use; the zero value is ready.
type outage struct {
	mu     sync.Mutex
	failed map[domain.ProviderID]time.Time
}

// note takes down whether a provider was reached.
func (o *outage) note(id domain.ProviderID, reached bool, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if reached {
		clear(o.failed) // the network is there
		return
	}
	if o.failed == nil {
		o.failed = make(map[domain.ProviderID]time.Time)
	}
	o.failed[id] = now
}

// everywhere tells whether several providers failed lately and none was reached.
func (o *outage) everywhere(now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for id, at := range o.failed {
		if now.Sub(at) > outageWindow {
			delete(o.failed, id)
			continue
		}
		n++
	}
	return n > 1
}
