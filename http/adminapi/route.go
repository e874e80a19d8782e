package adminapi

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
)

// maxRouteEvents bounds selections and attempts of a route together.
const maxRouteEvents = 512

func (a *API) declareRoute() {
	operation(a, LevelSelf, huma.Operation{
		OperationID: "getUsageLogRoute", Method: http.MethodGet, Path: "/usage-logs/{id}/route", Tags: []string{"Request logs"},
		Summary: "Read how a request found its answer: what was looked at, who was asked, what came of it",
	}, a.getRoute)
}

func (a *API) getRoute(ctx context.Context, in *logIDInput) (*struct{ Body routeBody }, error) {
	log, detail, err := a.ownLog(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	view := a.logView(callerOf(ctx))
	chain, err := view.chain(detail.Chain)
	if err != nil {
		return nil, fmt.Errorf("decision chain of %s: %w", log.ID, err)
	}
	special, trace, err := view.special(&detail)
	if err != nil {
		return nil, err
	}
	return &struct{ Body routeBody }{readRoute(view.row(&log), &log, chain, special, trace)}, nil
}

// readRoute puts a route together from what is recorded anyway: the row, the
// decision chain, what was done to each call and where time went. The trace may
// be nil.
func readRoute(row LogBody, log *domain.RequestLog, chain []domain.ChainEntry, special []domain.SpecialSetting, trace *domain.RouteTrace) routeBody {
	r := routeReader{log: log, special: special}
	if trace != nil {
		r.trace = *trace
	}
	r.out = routeBody{
		Request: routeRequest{
			ID: row.ID, RequestID: row.RequestID, SessionID: row.SessionID, Seq: row.SessionSeq, ReceivedAt: row.CreatedAt,
			ClientFormat: row.ClientFormat, Model: row.Model, UserID: row.UserID, User: row.UserName, KeyID: row.KeyID, Key: row.KeyName,
			Groups: []string{},
		},
		Guards: []routeGuard{}, Selections: []routeSelection{}, Attempts: []routeAttempt{},
		Result: routeResult{
			Status: row.StatusCode, Outcome: row.Outcome, TotalMs: row.DurationMs, TTFTMs: row.TTFTMs, CostUSD: row.CostUSD,
		},
	}
	r.guards(row)
	for i := range chain {
		r.entry(&chain[i])
	}
	r.out.Details.CacheTTL = cacheTTL(&log.Usage)
	return r.out
}

// routeReader walks a decision chain.
type routeReader struct {
	log     *domain.RequestLog
	special []domain.SpecialSetting
	trace   domain.RouteTrace
	out     routeBody
	rival   int   // number of the attempt beside another one; 0 = none
	last    int64 // when the entry before was made, ms since the request came
}

// guards lists what came before the first provider: the steps that took long, the
// wait for admission, and what refused the request, which may be one of the steps.
func (r *routeReader) guards(row LogBody) {
	var block *routeGuard
	if row.BlockedBy != nil {
		block = &routeGuard{Name: *row.BlockedBy, Result: "block", Detail: row.BlockedReason}
		if row.DurationMs != nil {
			block.AtMs = *row.DurationMs
		}
	}
	at := int64(0)
	for _, g := range r.trace.Guards {
		at = g.AtMs + g.TookMs
		if block != nil && g.Name == refusingStep(domain.BlockedBy(block.Name)) {
			block.AtMs, block.TookMs = g.AtMs, g.TookMs
			continue
		}
		r.out.Guards = append(r.out.Guards, routeGuard{Name: g.Name, AtMs: g.AtMs, TookMs: g.TookMs, Result: "pass"})
	}
	if row.QueueMs != nil {
		r.out.Guards = append(r.out.Guards, routeGuard{Name: "queue", AtMs: at, TookMs: *row.QueueMs, Result: "pass"})
	}
	if block != nil {
		r.out.Guards = append(r.out.Guards, *block)
	}
}

// refusingStep is the step in which a guard refuses, empty if that is admission.
func refusingStep(by domain.BlockedBy) string {
	switch by {
	case domain.BlockedAuth:
		return domain.StepAuth
	case domain.BlockedRequest:
		return domain.StepBody
	case domain.BlockedModel:
		return domain.StepRules
	default:
		return ""
	}
}

func (r *routeReader) entry(e *domain.ChainEntry) {
	at := max(0, e.Timestamp-r.log.CreatedAt.UnixMilli())
	switch e.Reason {
	case domain.ReasonBindingKept, domain.ReasonBindingChanged:
		r.out.Binding = &routeBinding{
			Provider: number(e.ProviderID), Changed: e.Reason == domain.ReasonBindingChanged, Reason: optional(e.Detail), AtMs: at,
		}
		return
	case domain.ReasonReplayed:
		r.out.Details.ReplayOf = optional(e.Detail)
		return
	default:
	}
	r.hedged(e, at)
	r.circumstances(e)
	if len(r.out.Selections)+len(r.out.Attempts) >= maxRouteEvents {
		r.out.Omitted++
		return
	}
	attempted := e.AttemptNumber > 0 && !between(e.Reason)
	if e.Context != nil || !attempted && !between(e.Reason) {
		r.selection(e, at, attempted)
	}
	if attempted {
		r.attempt(e, at)
	}
	r.last = at
}

// between tells of reasons that name an attempt but are not its outcome.
func between(reason domain.ChainReason) bool {
	return reason == domain.ReasonHTTP2Fallback || reason == domain.ReasonProxyFallback ||
		reason == domain.ReasonHedgeTriggered || reason == domain.ReasonHedgeLaunched
}

// selection notes a choice, or a choice that came to nothing. Later choices have
// no entry of their own: the one on their outcome explains them.
func (r *routeReader) selection(e *domain.ChainEntry, at int64, attempted bool) {
	s := routeSelection{
		N: len(r.out.Selections) + 1, AtMs: at, Reason: string(e.Reason), Method: word(e.SelectionMethod), Rejected: []routeRejected{},
		Picked: number(e.ProviderID),
	}
	if attempted {
		s.AtMs, s.Reason = max(r.last, at-e.DurationMs), string(domain.ReasonInitialSelection)
	}
	if c := e.Context; c != nil {
		s.Pool = &routePool{
			Total: c.TotalProviders, Enabled: c.EnabledProviders, GroupOK: c.AfterGroupFilter, ModelOK: c.AfterModelFilter,
			BeforeHealth: c.BeforeHealthCheck, Healthy: c.AfterHealthCheck,
		}
		for _, f := range c.Filtered {
			s.Rejected = append(s.Rejected, routeRejected{
				ProviderID: int64(f.ID), Name: optional(f.Name), Reason: f.Reason, Detail: optional(f.Details),
			})
		}
		if len(c.Candidates) > 0 {
			s.Tier = &routeTier{Priority: c.SelectedPriority, Candidates: c.Candidates}
		}
		if c.UserGroup != "" {
			r.out.Request.Groups = []string{c.UserGroup}
		}
	}
	r.out.Selections = append(r.out.Selections, s)
}

func (r *routeReader) attempt(e *domain.ChainEntry, at int64) {
	a := routeAttempt{
		N: e.AttemptNumber, Role: r.role(e), ProviderID: number(e.ProviderID), Name: optional(e.Name),
		EndpointURL: optional(e.EndpointURL), Priority: e.Priority, Weight: optional(e.Weight), Conversion: e.Conversion,
		Times:  routeTimes{Start: max(0, at-e.DurationMs), End: at},
		Status: optional(e.StatusCode), Inferred: e.StatusInferred, Outcome: string(e.Reason), Changes: []domain.SpecialSetting{},
	}
	if n := len(r.out.Selections); n > 0 {
		a.SelectionN = &n
	}
	if e.TTFBMs > 0 {
		a.Times.FirstByte = new(a.Times.Start + e.TTFBMs)
	}
	r.times(e, &a.Times)
	if m := e.Redirect; m != nil {
		a.ModelFrom, a.ModelTo, a.RedirectRule = optional(m.OriginalModel), optional(m.RedirectedModel), optional(m.MatchedRule)
	}
	if e.ErrorMessage != "" || e.ErrorDetails != nil {
		a.Error = &routeError{Message: optional(e.ErrorMessage)}
		if d := e.ErrorDetails; d != nil {
			a.Error.MatchedRule = d.MatchedRule
			if d.Provider != nil {
				a.Error.Excerpt = optional(d.Provider.UpstreamBody)
			}
		}
	}
	if e.CircuitState != "" {
		a.Breaker = &routeBreaker{State: string(e.CircuitState), Failures: e.Failures, Threshold: e.FailureLimit}
	}
	for _, s := range r.special {
		if s.Attempt == e.AttemptNumber {
			a.Changes = append(a.Changes, s)
		}
	}
	r.out.Attempts = append(r.out.Attempts, a)
}

// times adds what is known of an attempt from elsewhere than its entry.
func (r *routeReader) times(e *domain.ChainEntry, t *routeTimes) {
	for _, d := range r.trace.Dials {
		if d.Attempt == e.AttemptNumber {
			t.DNS, t.Connect, t.TLS = t.since(d.DNSMs), t.since(d.ConnectMs), t.since(d.TLSMs)
		}
	}
	switch e.Reason {
	case domain.ReasonRequestSuccess, domain.ReasonRetrySuccess, domain.ReasonHedgeWinner:
		t.FirstToken = reached(r.log.Timing.TTFT)
	default:
	}
}

// since is a moment inside of the attempt, whose start is only known to a
// millisecond from its end and its length.
func (t *routeTimes) since(at *int64) *int64 {
	if at == nil {
		return nil
	}
	return new(max(*at, t.Start))
}

// role says why an attempt was made.
func (r *routeReader) role(e *domain.ChainEntry) string {
	switch n := len(r.out.Attempts); {
	case r.rival != 0 && e.AttemptNumber == r.rival:
		return "hedge"
	case n == 0:
		return "primary"
	case r.out.Attempts[n-1].ProviderID != nil && *r.out.Attempts[n-1].ProviderID == int64(e.ProviderID):
		return "retry"
	}
	return "switch"
}

// hedged notes what an entry says about a race of two providers.
func (r *routeReader) hedged(e *domain.ChainEntry, at int64) {
	d := &r.out.Details
	switch e.Reason {
	case domain.ReasonHedgeTriggered:
		d.Hedge = &routeHedge{TriggeredAtMs: at, Losers: []int64{}}
		return
	case domain.ReasonHedgeLaunched, domain.ReasonHedgeWinner, domain.ReasonHedgeLoserCancelled, domain.ReasonHedgeLoserBilled:
	default:
		return
	}
	if d.Hedge == nil {
		d.Hedge = &routeHedge{Losers: []int64{}}
	}
	switch e.Reason {
	case domain.ReasonHedgeLaunched:
		d.Hedge.Launched, r.rival = true, e.AttemptNumber
	case domain.ReasonHedgeWinner:
		d.Hedge.Winner = number(e.ProviderID)
	default:
		d.Hedge.Losers = append(d.Hedge.Losers, int64(e.ProviderID))
		d.Hedge.Billed = d.Hedge.Billed || e.Reason == domain.ReasonHedgeLoserBilled
	}
}

// circumstances notes what an entry says about the session and the conversation.
func (r *routeReader) circumstances(e *domain.ChainEntry) {
	d := &r.out.Details
	if e.Affinity != nil {
		d.Affinity = e.Affinity
	}
	if c := e.Context; c != nil {
		if d.SessionIdentity == nil {
			d.SessionIdentity = word(c.SessionSource)
		}
		if c.SessionAgeMs > 0 && d.SessionAgeMs == nil {
			d.SessionAgeMs = &c.SessionAgeMs
		}
	}
}

// cacheTTL tells for how long the provider keeps what was written to its cache.
func cacheTTL(u *domain.Usage) *string {
	switch {
	case u.CacheWrite5m > 0 && u.CacheWrite1h > 0:
		return new("mixed")
	case u.CacheWrite1h > 0:
		return new("1h")
	case u.CacheWrite5m > 0:
		return new("5m")
	}
	return nil
}
