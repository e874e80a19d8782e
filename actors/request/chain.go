package request

import (
	"encoding/json"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

// Phases in which a client leaves.
const (
	phasePrecommit = "precommit"
	phaseStreaming = "streaming"
)

const (
	maxChainMessage = 500
	maxChainBody    = 2000
)

// chain is the decision chain of a request.
type chain struct{ entries []domain.ChainEntry }

func (c *chain) add(e domain.ChainEntry) {
	if c.entries == nil {
		c.entries = make([]domain.ChainEntry, 0, 3) // selected, attempted, bound
	}
	c.entries = append(c.entries, e)
}

// last is the newest entry; the chain is not empty.
func (c *chain) last() *domain.ChainEntry { return &c.entries[len(c.entries)-1] }

// about starts an entry on the present choice. Its explanation goes into the
// first entry only.
func about(s *slot, reason domain.ChainReason, now time.Time) domain.ChainEntry {
	p := s.choice.Provider
	e := domain.ChainEntry{
		ProviderID: p.ID, Name: p.Name, VendorID: p.VendorID, ProviderType: p.Type, EndpointID: s.target.id(), Reason: reason,
		SelectionMethod: s.choice.Method, Priority: &s.choice.Context.SelectedPriority, Weight: p.Routing.Weight,
		CostMultiplier: p.Routing.CostMultiplier.Float(), Groups: p.Groups,
		CircuitState: s.grant.Breaker, Timestamp: now.UnixMilli(), Context: s.explain,
	}
	s.explain = nil
	return e
}

// selected notes the first choice of a request; later ones are explained by the
// entry on what came of them.
func (c *chain) selected(reason domain.ChainReason, s *slot, now time.Time) {
	c.add(about(s, reason, now))
}

// restricted notes the providers that the client's program may not use.
func (c *chain) restricted(d *domain.DecisionContext, now time.Time) {
	for i := range d.Filtered {
		if f := &d.Filtered[i]; f.ClientRestriction != nil {
			c.add(domain.ChainEntry{
				ProviderID: f.ID, Name: f.Name, Reason: domain.ReasonClientRestricted, Timestamp: now.UnixMilli(),
				Detail: f.Details, Restriction: f.ClientRestriction,
			})
		}
	}
}

// refused notes that the chosen provider's actor gave no slot.
func (c *chain) refused(s *slot, now time.Time) {
	reason := domain.ReasonAcquireRefused
	switch s.grant.DeniedBy {
	case protocol.DeniedConcurrentLimit:
		reason = domain.ReasonConcurrentLimit
	case routing.FilteredPool:
		reason = domain.ReasonPoolExhausted
	}
	e := about(s, reason, now)
	e.Detail = s.grant.DeniedBy
	if reason == domain.ReasonConcurrentLimit {
		context := *s.choice.Context
		if e.Context == nil { // the entry on the choice has the lists
			context.Filtered, context.Candidates = nil, nil
		}
		context.ConcurrentLimit, context.CurrentConcurrent = s.grant.Limit, s.grant.InUse
		e.Context = &context
	}
	c.add(e)
}

// attempted notes the outcome of an attempt for a request.
func (c *chain) attempted(req *protocol.Request, s *slot, res *protocol.AttemptResult, now time.Time) {
	for _, d := range res.Detours {
		around := about(s, d.Reason, now)
		around.AttemptNumber, around.ErrorDetails = s.n, &domain.ErrorDetails{System: &d.Why}
		c.add(around)
	}
	e := about(s, outcomeReason(res.Class, s.n), now)
	e.AttemptNumber = s.n
	if to := s.converts(); to != "" {
		e.Conversion = &domain.ConversionUsed{From: req.Protocol, To: to, Drops: res.Drops}
	}
	e.EndpointURL = res.EndpointURL
	e.StatusCode, e.StatusInferred = res.Status, res.StatusInferred
	e.DurationMs, e.TTFBMs = res.Took.Milliseconds(), res.TTFB.Milliseconds()
	e.Redirect, e.StreamGate = s.redirect, res.Gate
	switch res.Class {
	case domain.ClassOK:
	case domain.ClassClientAbort:
		e.Phase = phasePrecommit
		if res.Committed {
			e.Phase = phaseStreaming
		}
	default:
		e.ErrorMessage = clip(res.Excerpt, maxChainMessage)
		e.ErrorDetails = evidence(s.choice.Provider, res)
		e.Detail = res.Matrix.MatchedRule
		e.Failures, e.FailureLimit = s.grant.Failures, s.choice.Provider.Breaker.FailureThreshold
	}
	c.add(e)
}

// won says that the attempt noted last was faster than another one.
func (c *chain) won() { c.entries[len(c.entries)-1].Reason = domain.ReasonHedgeWinner }

func outcomeReason(class domain.AttemptClass, n int) domain.ChainReason {
	switch class {
	case domain.ClassOK:
		if n > 1 {
			return domain.ReasonRetrySuccess
		}
		return domain.ReasonRequestSuccess
	case domain.ClassClientAbort:
		return domain.ReasonClientAbort
	case domain.ClassLocalOverload:
		return domain.ReasonLocalOverload
	case domain.ClassSystemError:
		return domain.ReasonSystemError
	case domain.ClassResourceNotFound:
		return domain.ReasonResourceNotFound
	case domain.ClassClientError:
		return domain.ReasonClientError
	case domain.ClassUpstreamRejected:
		return domain.ReasonUpstreamRejected
	case domain.ClassProviderError:
	}
	return domain.ReasonRetryFailed
}

// evidence is all that is known of a failure: who failed, how, and at what.
func evidence(p *domain.Provider, res *protocol.AttemptResult) *domain.ErrorDetails {
	d := &domain.ErrorDetails{
		Provider: &domain.ProviderErrorDetails{
			ID: p.ID, Name: p.Name, StatusCode: res.Status, StatusText: string(res.Failure),
		},
		Request: res.Request, MatchedRule: res.Matrix.Rule,
	}
	switch res.Class {
	case domain.ClassSystemError:
		system := domain.SystemErrorDetails{ErrorType: string(res.Failure)}
		if res.System != nil {
			system = *res.System
		}
		system.ErrorMessage = clip(res.Excerpt, maxChainMessage)
		d.System = &system
		return d
	case domain.ClassClientError:
		d.ClientError = clip(res.Excerpt, maxChainBody)
	default:
	}
	d.Provider.UpstreamBody = clip(res.Excerpt, maxChainBody)
	if json.Unmarshal([]byte(d.Provider.UpstreamBody), &d.Provider.UpstreamParsed) != nil {
		d.Provider.UpstreamParsed = nil // no JSON, or cut short
	}
	return d
}

// bound notes what became of the session's binding, unless nothing did.
func (c *chain) bound(b routing.Binding, before domain.ProviderID, tries []routing.Try, now time.Time) {
	e := domain.ChainEntry{Timestamp: now.UnixMilli(), Detail: string(b.Reason)}
	switch {
	case b.Change:
		e.Reason, e.ProviderID = domain.ReasonBindingChanged, b.Provider
	case b.Reason == domain.BindKeepHealthy && before != tries[len(tries)-1].Provider:
		e.Reason, e.ProviderID = domain.ReasonBindingKept, before
	default:
		return
	}
	c.add(e)
}
