package bus

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/claude-code-hub/cch/internal/domain"
)

// HealthView is the newest health of each provider that this node has heard
// of. Reads take no lock and allocate nothing. Providers that were deleted
// stay in it; readers go by the catalog.
type HealthView struct {
	slots atomic.Pointer[slots] // replaced when a provider is first heard of
	mu    sync.Mutex            // of writers
}

type slots map[domain.ProviderID]*atomic.Pointer[domain.ProviderHealth]

// NewHealthView knows of no provider.
func NewHealthView() *HealthView {
	v := new(HealthView)
	v.slots.Store(new(slots))
	return v
}

// Health gives a provider's health; false = unknown, to be taken as healthy.
func (v *HealthView) Health(id domain.ProviderID) (domain.ProviderHealth, bool) {
	slot, ok := (*v.slots.Load())[id]
	if !ok {
		return domain.ProviderHealth{}, false
	}
	return *slot.Load(), true
}

// All gives the health of every known provider, ordered by id.
func (v *HealthView) All() []domain.ProviderHealth {
	known := *v.slots.Load()
	all := make([]domain.ProviderHealth, 0, len(known))
	for _, slot := range known {
		all = append(all, *slot.Load())
	}
	slices.SortFunc(all, func(a, b domain.ProviderHealth) int { return cmp.Compare(a.ProviderID, b.ProviderID) })
	return all
}

// put takes the health over unless a newer one is known, and tells whether it did.
func (v *HealthView) put(h domain.ProviderHealth) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	known := *v.slots.Load()
	if slot, ok := known[h.ProviderID]; ok {
		if !newer(&h, slot.Load()) {
			return false
		}
		slot.Store(&h)
		return true
	}
	more := maps.Clone(known)
	if more == nil {
		more = make(slots)
	}
	slot := new(atomic.Pointer[domain.ProviderHealth])
	slot.Store(&h)
	more[h.ProviderID] = slot
	v.slots.Store(&more)
	return true
}

func newer(a, b *domain.ProviderHealth) bool {
	return cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.Seq, b.Seq)) > 0
}
