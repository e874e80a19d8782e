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
}

// NewInput is the selection of a call's first provider.
func NewInput(p *Plan, h Health, c Call, now time.Time) Input {
	return Input{
		Plan: p, Health: h, Groups: c.Groups, Protocol: c.Protocol, Model: c.Model, Client: c.Client, Lacks: c.Lacks, Pinned: c.Pinned,
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
	Reason domain.ChainReason // session_reuse or initial_selection
	Void   bool               // the session's binding is good for nothing any more
}

// Route decides where a request goes first: to its session's provider if that
// may be used again, else to one drawn among those that can serve it. What a
// request does and what a simulation tells of it both come from here.
func Route(in *Input, b Bound, draw *rand.Rand) Routed {
	if b.Provider == 0 || in.Pinned != 0 && in.Pinned != b.Provider {
		r := Routed{Choice: Choose(in, draw), Reason: domain.ReasonInitialSelection}
		r.Context.SessionID = b.Session.ID
		return r
	}
	reuse := Reusable(in, b)
	if reuse.Provider != nil {
		return Routed{Choice: reuse.Choice, Reason: domain.ReasonSessionReuse}
	}
	r := Routed{Choice: Choose(in, draw), Reason: domain.ReasonInitialSelection, Void: reuse.Void}
	r.Context.SessionID, r.Context.SessionAgeMs = b.Session.ID, b.Age.Milliseconds()
	r.Context.BindingDroppedReason = reuse.Reason
	return r
}
