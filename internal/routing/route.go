package routing

import (
	"math/rand/v2"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Call is what a request says about itself, as far as selection goes.
type Call struct {
	Groups   []string // effective groups of the caller, in order
	Protocol domain.Protocol
	Model    string // as the client named it; empty = none
	Client   domain.ClientFacts
	Lacks    func(p *domain.Provider, model string) string // see Input
	Pinned   domain.ProviderID                             // see Input
	Nominee  domain.Nominee
}

// NewInput is the selection of a call's first provider.
func NewInput(p *Plan, h Health, c Call, now time.Time) Input {
	return Input{
		Plan: p, Health: h, Groups: c.Groups, Protocol: c.Protocol, Model: c.Model, Client: c.Client, Lacks: c.Lacks, Pinned: c.Pinned, Nominee: c.Nominee,
		Strategy: p.catalog.Settings().TierStrategy, Now: now,
	}
}

// NewDraw is the source of a request's draws: the same seed and id draw the same.
func NewDraw(seed uint64, id domain.RequestID) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(id)))
}

// Routed is a request's first decision.
type Routed struct {
	Choice
	Reason domain.ChainReason // session_reuse, affinity_hit or initial_selection
	Void   bool               // the session's binding is good for nothing any more
}

// Route decides where a request goes first: to its session's provider if that
// may be used again, else to the one that answered the beginning of the
// conversation, else to one drawn among those that can serve it. What a request
// does and what a simulation tells of it both come from here.
func Route(in *Input, b Bound, draw *rand.Rand) Routed {
	if in.Nominee.First {
		if r, ok := nominated(in, b); ok {
			return r
		}
	}
	if b.Provider == 0 || in.Pinned != 0 && in.Pinned != b.Provider {
		return unbound(in, b, draw)
	}
	reuse := Reusable(in, b)
	if reuse.Provider != nil {
		return Routed{Choice: reuse.Choice, Reason: domain.ReasonSessionReuse}
	}
	r := unbound(in, b, draw)
	r.Void = reuse.Void
	r.Context.SessionAgeMs, r.Context.BindingDroppedReason = b.Age.Milliseconds(), reuse.Reason
	return r
}

// unbound is the decision where no binding counts.
func unbound(in *Input, b Bound, draw *rand.Rand) Routed {
	if r, ok := nominated(in, b); ok {
		return r
	}
	r := Routed{Choice: Choose(in, draw), Reason: domain.ReasonInitialSelection}
	r.Context.SessionID, r.Context.SessionSource = b.Session.ID, b.Source
	return r
}

// nominated is the decision for the nominee, if it could be bound to the session.
func nominated(in *Input, b Bound) (Routed, bool) {
	n := in.Nominee.Provider
	e := in.Plan.byID[n]
	if e == nil || in.Pinned != 0 && in.Pinned != n || e.Routing.Draining && in.Bound != n {
		return Routed{}, false
	}
	reuse := Reusable(in, Bound{Provider: n, Session: b.Session, Source: domain.SessionFromClient, Messages: b.Messages})
	if reuse.Provider == nil {
		return Routed{}, false
	}
	reuse.Method = domain.MethodPrefixAffinity
	return Routed{Choice: reuse.Choice, Reason: domain.ReasonAffinityHit}, true
}
