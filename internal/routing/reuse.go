package routing

import (
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Why a bound provider is not asked again.
const (
	BoundGone          = "provider_gone"
	BoundReuseDisabled = "session_reuse_disabled"
	BoundGroup         = "group_mismatch"
	BoundSingleMessage = "single_message"
	BoundBetter        = "better_priority"
)

// A session goes back to a better tier, where that is wanted, when its prompt
// cache is gone and the better provider has proved itself.
const (
	returnIdle    = 5 * time.Minute
	returnHealthy = time.Minute
)

// Bound is a session's binding as selection sees it.
type Bound struct {
	Provider domain.ProviderID
	Session  domain.SessionKey
	Source   domain.SessionSource
	Messages int           // in the client's request
	Age      time.Duration // of the binding
	Idle     time.Duration // since the session was used last
}

// Reuse is whether a session stays with its provider.
type Reuse struct {
	Choice        // Provider is set only when it stays
	Reason string // why it does not stay
	Void   bool   // the binding itself is good for nothing any more
}

// Reusable tests whether the bound provider may serve the request. A binding
// outranks priority: an upstream's prompt cache is worth more than a better
// tier. A binding to a provider that can no longer serve such requests is void;
// one that is merely ill or busy is kept for the next request.
func Reusable(in *Input, b Bound) Reuse {
	e := in.Plan.byID[b.Provider]
	if reason := void(e, in); reason != "" {
		return Reuse{Reason: reason, Void: true}
	}
	if b.Source == domain.SessionFromFingerprint && b.Messages <= 1 {
		// Equal openings make equal fingerprints: the first turn of a new
		// conversation is no reason to follow an older one.
		return Reuse{Reason: BoundSingleMessage}
	}
	health, known := in.Health.Health(e.ID)
	if reason, _, _ := in.barred(e, &health, known); reason != "" {
		return Reuse{Reason: reason}
	}
	if in.drawnAway(e, b.Idle) {
		return Reuse{Reason: BoundBetter}
	}
	ctx := newExplanation(in).context
	ctx.EnabledProviders, ctx.AfterGroupFilter, ctx.AfterModelFilter, ctx.AfterHealthCheck = 1, 1, 1, 1
	ctx.BeforeHealthCheck = 1
	tier := e.tier(in)
	ctx.SelectedPriority = tier.Priority
	ctx.SessionID, ctx.SessionSource = b.Session.ID, b.Source
	ctx.SessionAgeMs = b.Age.Milliseconds()
	return Reuse{Choice: Choice{
		Provider:        e.Provider,
		Method:          domain.MethodSessionReuse,
		Tier:            tier,
		GroupMultiplier: e.groupMultiplier(in.Groups),
		Context:         ctx,
	}}
}

// void tells why a binding to e means nothing for such requests, or nothing.
func void(e *entry, in *Input) string {
	switch {
	case e == nil:
		return BoundGone
	case !e.Enabled:
		return FilteredDisabled
	case e.Routing.DisableSessionReuse:
		return BoundReuseDisabled
	case !e.visibleTo(in.Groups):
		return BoundGroup
	case e.clients.refusal(&in.Client) != "":
		return FilteredClient
	case !e.inWindow(in.Now, in.Plan.zone):
		return FilteredSchedule
	}
	return e.unsuited(in)
}

// drawnAway tells whether the session is to leave a provider that could serve
// it for one of a better tier.
func (in *Input) drawnAway(bound *entry, idle time.Duration) bool {
	settings := in.Plan.catalog.Settings()
	always := settings.StickyPriorityMode == domain.StickyPriorityFirst
	if !always && (!settings.StickyReturn || idle <= returnIdle) {
		return false
	}
	quiet := selection{in: in, explain: explanation{context: &domain.DecisionContext{}}}
	tier := bound.tier(in)
	for i := range in.Plan.entries {
		e := &in.Plan.entries[i]
		if !e.tier(in).before(tier) {
			continue
		}
		c, fit := quiet.consider(e)
		if fit && !c.busy && !c.left.low() && (always || c.well >= returnHealthy) {
			return true
		}
	}
	return false
}
