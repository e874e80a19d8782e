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
	special, err := view.special(detail.Special)
	if err != nil {
		return nil, fmt.Errorf("special settings of %s: %w", log.ID, err)
	}
	return &struct{ Body routeBody }{readRoute(view.row(&log), &log, chain, special)}, nil
}

// readRoute puts a route together from what is recorded anyway: the row, the
// decision chain and what was done to each call.
func readRoute(row LogBody, log *domain.RequestLog, chain []domain.ChainEntry, special []domain.SpecialSetting) routeBody {
	r := routeReader{log: log, special: special}
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
	out     routeBody
	rival   int   // number of the attempt beside another one; 0 = none
	last    int64 // when the entry before was made, ms since the request came
}

func (r *routeReader) guards(row LogBody) {
	if row.QueueMs != nil {
		r.out.Guards = append(r.out.Guards, routeGuard{Name: "queue", TookMs: *row.QueueMs, Result: "pass"})
	}
	if row.BlockedBy != nil {
		g := routeGuard{Name: *row.BlockedBy, Result: "block", Detail: row.BlockedReason}
		if row.DurationMs != nil {
			g.AtMs = *row.DurationMs
		}
		r.out.Guards = append(r.out.Guards, g)
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
