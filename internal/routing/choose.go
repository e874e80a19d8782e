package routing

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Health tells what is known about a provider. Reads must be cheap and safe for
// concurrent use: selection asks for every provider it considers.
type Health interface {
	Health(id domain.ProviderID) (domain.ProviderHealth, bool)
}

// Why a provider was filtered, besides the reasons of a refused slot.
const (
	FilteredClient     = "client_restriction"
	FilteredDisabled   = "disabled"
	FilteredExcluded   = "excluded"
	FilteredDraining   = "draining"
	FilteredSchedule   = "schedule_inactive"
	FilteredFormat     = "format_type_mismatch"
	FilteredModel      = "model_not_allowed"
	FilteredCircuit    = "circuit_open"
	FilteredCooling    = "cooling_down"
	FilteredTierClosed = "tier_exhausted"
	FilteredSpent      = "rate_limited"    // its own limits of money are used up; also why a slot was refused, be it for its rate
	FilteredQuota      = "quota_exhausted" // the account behind the provider is used up; also why a slot was refused

	// FilteredUnconvertible is followed by the capability that the provider's
	// protocol, or the model there, lacks.
	FilteredUnconvertible = "unconvertible:"
)

// Why a provider's actor refused a slot, as far as selection heeds it.
const (
	refusedHalfOpen   = "half_open_busy"
	refusedConcurrent = "concurrent_limit_failed"
)

// healthFresh is how long a report that a provider is full is believed. Reports
// come only when something moved, so an old one says nothing about slots.
const healthFresh = 5 * time.Second

// Input is what a selection looks at. It is not changed.
type Input struct {
	Plan     *Plan
	Health   Health
	Pools    Pools    // of endpoints; nil = nothing is known
	Groups   []string // effective groups of the caller, in order
	Protocol domain.Protocol
	Model    string // as the client named it; empty = none
	Client   domain.ClientFacts
	Pinned   domain.ProviderID // what the call is about is at this one alone; 0 = anywhere
	Nominee  domain.Nominee
	Bound    domain.ProviderID // the session's provider, which may be draining; 0 = none
	Strategy domain.TierStrategy
	Now      time.Time

	// Lacks names the capability that the call needs and a provider of another
	// protocol, asked for the model, cannot carry; "" if it can carry all. It must
	// be cheap. Without it the call is for providers of its own protocol alone.
	Lacks func(p *domain.Provider, model string) string

	Excluded    []Exclusion // tried or refused already
	ClosedTiers []Tier      // with too many refused slots
}

// Tier is the rank of a provider among those that can serve a call: by priority,
// and within it those that speak the client's protocol first.
type Tier struct {
	Priority  int
	Converted bool
}

// before tells whether the tier is to be used up before the other is touched.
func (t Tier) before(other Tier) bool {
	if t.Priority != other.Priority {
		return t.Priority < other.Priority
	}
	return !t.Converted && other.Converted
}

// Exclusion is a provider that is out of this request.
type Exclusion struct {
	ID         domain.ProviderID
	Reason     string        // FilteredExcluded after an attempt, else why the slot was refused
	RetryAfter time.Duration // when a refused slot may be had; 0 = unknown
}

// Choice is the outcome of a selection.
type Choice struct {
	Provider        *domain.Provider // nil = nobody is left, see Fault
	Method          domain.SelectionMethod
	Tier            // Converted: the call and its answer have to be
	GroupMultiplier domain.Multiplier
	Context         *domain.DecisionContext
	Fault           *domain.Fault // set when Provider is nil
}

// Choose picks a provider: filter by group, state, protocol, model and health,
// keep the best tier, draw by weight. The draw depends on nothing but the
// input and the state of draw, so a selection can be replayed from its seed.
// With ten providers it takes about a microsecond.
func Choose(in *Input, draw *rand.Rand) Choice {
	s := selection{in: in, explain: newExplanation(in)}
	var room [16]candidate // on the stack, apart from s, which is not
	best := rivals(room[:0])
	for i := range in.Plan.entries {
		if c, ok := s.consider(&in.Plan.entries[i]); ok {
			best = best.with(c)
		}
	}
	ctx := s.explain.context
	if len(best) == 0 {
		if in.Pinned != 0 {
			return Choice{Context: ctx, Fault: resourceAway()}
		}
		return Choice{Context: ctx, Fault: s.losses.fault(ctx.AfterGroupFilter)}
	}
	winner, method := best.draw(in.Strategy, draw)
	s.explain.tier(best, winner)
	w := best[winner]
	return Choice{
		Provider:        w.Provider,
		Method:          method,
		Tier:            w.tier,
		GroupMultiplier: w.groupMultiplier(in.Groups),
		Context:         ctx,
	}
}

// candidate is a provider that passed the filter.
type candidate struct {
	*entry
	odds     float64 // of being drawn; before the draw its weight
	tier     Tier
	inFlight int32
	left     share         // of the upstream account
	busy     bool          // no slot to be had, as far as is known
	out      bool          // takes no part in the draw
	well     time.Duration // since its breaker closed again; forever if it never was open
}

const forever = time.Duration(math.MaxInt64)

func wellFor(h *domain.ProviderHealth, now time.Time) time.Duration {
	if h.ClosedAt.IsZero() {
		return forever
	}
	return max(0, now.Sub(h.ClosedAt))
}

// selection is the state of one Choose.
type selection struct {
	in      *Input
	explain explanation
	losses  losses
}

// consider runs one provider through the filter and tells whether it passed.
func (s *selection) consider(e *entry) (candidate, bool) {
	if s.in.Pinned != 0 && e.ID != s.in.Pinned || !e.visibleTo(s.in.Groups) {
		return candidate{}, false
	}
	s.explain.context.AfterGroupFilter++
	if e.Enabled {
		s.explain.context.EnabledProviders++
	}
	if reason, details := s.unfit(e); reason != "" {
		s.explain.filtered(e, reason, details)
		if reason == FilteredClient {
			s.explain.restricted(e, s.in)
		}
		return candidate{}, false
	}
	s.explain.context.AfterModelFilter++
	tier := e.tier(s.in)
	if len(s.in.ClosedTiers) > 0 && slices.Contains(s.in.ClosedTiers, tier) {
		s.explain.filtered(e, FilteredTierClosed, "")
		return candidate{}, false
	}
	s.explain.context.BeforeHealthCheck++
	health, known := s.in.Health.Health(e.ID)
	reason, until, left := s.in.barred(e, &health, known)
	if reason != "" {
		s.losses.count(reason, until.Sub(s.in.Now))
		s.explain.unhealthy(e, reason, until)
		if reason == FilteredPool {
			s.explain.unreachable(e, s.in)
		}
		return candidate{}, false
	}
	s.explain.context.AfterHealthCheck++
	s.explain.level(tier.Priority)
	return candidate{
		entry: e, tier: tier, inFlight: int32(health.InFlight), left: left,
		busy: known && busy(e, &health, s.in.Now), well: wellFor(&health, s.in.Now),
	}, true
}

// unfit runs the checks that need no health and says why the provider is out.
func (s *selection) unfit(e *entry) (reason, details string) {
	if refusal := e.clients.refusal(&s.in.Client); refusal != "" {
		return FilteredClient, refusal
	}
	if !e.Enabled {
		return FilteredDisabled, ""
	}
	for i := range s.in.Excluded {
		if x := &s.in.Excluded[i]; x.ID == e.ID {
			s.losses.count(x.Reason, x.RetryAfter)
			return x.Reason, ""
		}
	}
	if e.Routing.Draining && s.in.Bound != e.ID {
		return FilteredDraining, ""
	}
	if !e.inWindow(s.in.Now, s.in.Plan.zone) {
		return FilteredSchedule, e.Routing.Active.Start + " to " + e.Routing.Active.End
	}
	reason = e.unsuited(s.in)
	s.losses.count(reason, 0)
	return reason, ""
}

// unsuited tells why the provider cannot serve this kind of call at all.
func (e *entry) unsuited(in *Input) string {
	native := e.protocol == in.Protocol
	switch {
	case !native && (in.Lacks == nil || !e.Accepts(in.Protocol)):
		return FilteredFormat
	case !e.serves(in.Model):
		return FilteredModel
	case native:
		return ""
	}
	model, _ := e.redirect(in.Model)
	if capability := in.Lacks(e.Provider, model); capability != "" {
		return FilteredUnconvertible + capability
	}
	return ""
}

// tier is the rank of the provider for a call that it can serve.
func (e *entry) tier(in *Input) Tier {
	return Tier{Priority: e.priority(in.Groups), Converted: e.protocol != in.Protocol}
}

// ill tells whether the provider must not be asked now, and until when.
func (e *entry) ill(in *Input, h *domain.ProviderHealth, known bool) (string, time.Time) {
	switch now := in.Now; {
	case !known:
		return "", time.Time{}
	case h.Breaker == domain.BreakerOpen && (h.OpenUntil.IsZero() || now.Before(h.OpenUntil)):
		return FilteredCircuit, h.OpenUntil
	case h.Spent && (h.SpentUntil.IsZero() || now.Before(h.SpentUntil)):
		return FilteredSpent, h.SpentUntil
	case now.Before(h.CoolingUntil):
		return FilteredCooling, h.CoolingUntil
	case len(h.CoolingModels) > 0:
		return e.modelIll(in, h)
	}
	return "", time.Time{}
}

// modelIll tells whether the provider must not be asked for the model alone.
func (e *entry) modelIll(in *Input, h *domain.ProviderHealth) (string, time.Time) {
	model, _ := e.redirect(in.Model)
	for i := range h.CoolingModels {
		if c := &h.CoolingModels[i]; c.Model == model && in.Now.Before(c.Until) {
			return FilteredCooling, c.Until
		}
	}
	return "", time.Time{}
}

// busy tells whether the provider's actor would most likely refuse a slot.
func busy(e *entry, h *domain.ProviderHealth, now time.Time) bool {
	probing := h.Breaker == domain.BreakerHalfOpen && h.ProbesInFlight >= max(1, e.Breaker.HalfOpenProbes)
	return (probing || h.Full()) && now.Sub(h.At) <= healthFresh
}
