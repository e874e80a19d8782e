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
)

// Bound is a session's binding as selection sees it.
type Bound struct {
	Provider domain.ProviderID
	Session  domain.SessionKey
	Source   domain.SessionSource
	Messages int           // in the client's request
	Age      time.Duration // of the binding
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
	if reason, _ := ill(&health, known, in.Now); reason != "" {
		return Reuse{Reason: reason}
	}
	ctx := newExplanation(in).context
	ctx.EnabledProviders, ctx.AfterGroupFilter, ctx.AfterModelFilter, ctx.AfterHealthCheck = 1, 1, 1, 1
	ctx.BeforeHealthCheck = 1
	tier := e.tier(in)
	ctx.SelectedPriority = tier.Priority
	ctx.SessionID = b.Session.ID
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
	}
	return e.unsuited(in)
}
