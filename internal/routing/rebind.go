package routing

import (
	"slices"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Ending is how a request ended, as far as its session's binding goes.
type Ending struct {
	Bound domain.ProviderID // when the request began; 0 = unbound
	Void  bool              // the binding was good for nothing any more, see Reuse

	Tried     []Try
	Raced     bool // two providers were called at the same time
	Completed bool // the last attempt succeeded and showed its completion marker
	Exhausted bool // the failure is the providers', not the client's
}

// Binding is what becomes of a session's binding.
type Binding struct {
	Change   bool              // else it stays as it is
	Renew    bool              // the session lives on for another TTL
	Provider domain.ProviderID // with Change: 0 = unbind
	Reason   domain.BindReason
}

// Rebind decides what becomes of a session's binding. A client that leaves
// changes nothing, nor do we when we stop: the prompt cache of the session is
// still there.
func Rebind(in *Input, e Ending) Binding {
	switch last := lastOf(e.Tried); {
	case last == nil:
		return voided(e, Binding{Renew: true})
	case last.Class == domain.ClassOK && e.Completed:
		return succeeded(in, e, last.Provider)
	case last.Class == domain.ClassOK:
		// An answer without its end may come from a provider that cuts streams.
		return voided(e, Binding{})
	case last.Class == domain.ClassClientAbort, last.Class == domain.ClassLocalOverload:
		return voided(e, Binding{Renew: true})
	case last.Provider == e.Bound && (last.Committed || last.Failure == domain.FailFake200):
		return Binding{Change: true, Reason: domain.UnbindStreamFailed}
	case e.Exhausted && e.Bound != 0 && tried(e.Tried, e.Bound):
		return Binding{Change: true, Reason: domain.UnbindAllFailed}
	}
	return voided(e, Binding{Renew: true})
}

// voided drops a binding that means nothing any more, else keeps to b.
func voided(e Ending, b Binding) Binding {
	if e.Bound != 0 && e.Void {
		return Binding{Change: true, Renew: b.Renew, Reason: domain.BindProviderGone}
	}
	return b
}

func succeeded(in *Input, e Ending, served domain.ProviderID) Binding {
	bind := func(why domain.BindReason) Binding {
		return Binding{Change: true, Renew: true, Provider: served, Reason: why}
	}
	switch {
	case e.Bound == 0:
		return bind(domain.BindFirstSuccess)
	case e.Bound == served:
		return Binding{Renew: true, Reason: domain.BindKeepHealthy}
	case tried(e.Tried, e.Bound):
		return bind(domain.BindFailoverSuccess)
	case e.Raced:
		return bind(domain.BindRaceWinner)
	case e.Void:
		return bind(domain.BindProviderGone)
	case in.better(served, e.Bound):
		return bind(domain.BindPriorityUpgrade)
	}
	h, known := in.Health.Health(e.Bound)
	if known && h.Breaker == domain.BreakerOpen {
		return bind(domain.BindCircuitOpenFallback)
	}
	if bound := in.Plan.byID[e.Bound]; bound != nil {
		if reason, _, _ := in.barred(bound, &h, known); reason == FilteredQuota {
			return bind(domain.BindQuotaFallback) // its cache would be cold by the time it is back
		}
	}
	return Binding{Renew: true, Reason: domain.BindKeepHealthy}
}

// better tells whether the one provider ranks before the other; both exist.
func (in *Input) better(one, other domain.ProviderID) bool {
	a, b := in.Plan.byID[one], in.Plan.byID[other]
	return a != nil && b != nil && a.tier(in).before(b.tier(in))
}

func lastOf(history []Try) *Try {
	if len(history) == 0 {
		return nil
	}
	return &history[len(history)-1]
}

func tried(history []Try, id domain.ProviderID) bool {
	return slices.ContainsFunc(history, func(t Try) bool { return t.Provider == id })
}
