package request

import (
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/breaker"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

// maxReportMessage bounds the text a provider's actor keeps of a failure.
const maxReportMessage = 300

// attempt has the HTTP goroutine make the upstream call.
func (m *machine) attempt(now time.Time) {
	m.state = attempting
	m.record.calling(&m.slot, now)
	m.fx.answer(m.handOut(&m.slot, m.hedgeAfter(now)))
}

func (m *machine) handOut(s *slot, hedgeAfter time.Duration) protocol.Decision {
	return protocol.Decision{Attempt: &protocol.Attempt{
		N: s.n, ProviderID: s.choice.Provider.ID, Lease: s.lease,
		Model: s.model, Redirected: s.redirect != nil, Convert: s.converts(), BaseURL: s.target.url(), HedgeAfter: hedgeAfter, Quirks: s.grant.Quirks,
		SessionSeq: m.seq(), Degraded: m.record.degraded, Begun: m.begun(s),
	}}
}

// converts is the protocol that the call has to be put into, empty if it is the
// client's.
func (s *slot) converts() domain.Protocol {
	if s.choice.Converted {
		return s.choice.Provider.Type.Protocol()
	}
	return ""
}

// attempted is the event that the upstream call is over.
func (m *machine) attempted(res *protocol.AttemptResult, now time.Time) {
	switch {
	case m.state != attempting:
		return
	case m.hedge.running && res.N == m.hedge.rival.n:
		m.slot, m.hedge.rival = m.hedge.rival, m.slot
		m.record.serving(&m.slot)
	case res.N != m.slot.n:
		return
	}
	if m.hedge.asking || m.hedge.growing {
		m.dropRival("the first call is over", now)
	}
	if m.raced(res, now) {
		return
	}
	m.note(res)
	action := m.next(now)
	if w := m.work(); action != routing.End && m.failedWithUsage(&w) {
		m.record.earlier = append(m.record.earlier, w)
	}
	m.report(res, action != routing.Retry, now)
	m.slot.grant.Failures += m.blames(res, action != routing.Retry)
	m.record.chain.attempted(m.req, &m.slot, res, now)
	if action != routing.Retry && m.slot.target.endpoint() != nil && m.allTimedOut() {
		m.record.chain.last().Reason = domain.ReasonVendorAllTimeout
	}
	if m.hedge.used && res.Class == domain.ClassOK {
		m.record.chain.won()
	}
	switch action {
	case routing.Retry:
		m.slot.target.next(res.Failure)
		m.state = backingOff
		m.fx.wake(routing.Backoff(m.draw))
	case routing.Switch:
		m.exclude(routing.FilteredExcluded, 0)
		m.pick(now)
	case routing.End:
		m.settle(now, m.concluded(res, now))
	}
}

// note keeps the result of an attempt.
func (m *machine) note(res *protocol.AttemptResult) {
	m.tries = append(m.tries, routing.Try{
		Provider: m.slot.choice.Provider.ID, Class: res.Class, Failure: res.Failure, Status: res.Status,
		RetryAfter: res.RetryAfter, Committed: res.Committed, Rule: res.Matrix.MatchedRule,
		Upstream: res.Upstream, Excerpt: res.Excerpt,
	})
	m.record.last = res
	m.record.special = append(m.record.special, res.Special...)
	m.dialed(res)
}

// dialed keeps when the connection of an attempt was made, if it had to be.
func (m *machine) dialed(res *protocol.AttemptResult) {
	if res.Dialed != nil {
		m.record.trace.Dial(res.N, res.Dialed, m.req.ReceivedAt)
	}
}

func (m *machine) next(now time.Time) routing.Action {
	if m.record.last.Unrepeatable {
		return routing.End
	}
	budget := routing.BudgetOf(m.settings(), m.req.Class, m.slot.choice.Provider, m.node.attempts)
	if m.req.Pinned != 0 {
		budget.Switches = 0
	}
	budget.NextOne = m.slot.target.more()
	if limit := m.settings().PrecommitDeadline; limit > 0 {
		budget.Expired = now.Sub(m.req.ReceivedAt) >= limit
	}
	return routing.Next(budget, m.tries)
}

// blames is by how much an outcome raises the failure count of the provider's
// breaker.
func (m *machine) blames(res *protocol.AttemptResult, givenUp bool) int {
	verdict := breaker.Judge(breaker.Outcome{
		Class: res.Class, Failure: res.Failure, Call: m.req.Class, Status: res.Status,
		RetryAfter: res.RetryAfter > 0, GivenUp: givenUp,
	}, m.node.countNetwork)
	if verdict == breaker.Bad && m.slot.choice.Provider.Breaker.FailureThreshold > 0 {
		return 1
	}
	return 0
}

// report tells the provider's actor how its slot was used and gives it back.
func (m *machine) report(res *protocol.AttemptResult, givenUp bool, now time.Time) {
	s := &m.slot
	s.held = false
	m.fx.tell(s.holder, &protocol.SlotReport{
		LeaseID: s.lease, ProviderID: s.choice.Provider.ID, ReqID: m.req.ID, Attempt: s.n, Session: m.req.Session,
		Class: res.Class, Failure: res.Failure, Call: m.req.Class, Status: res.Status, GivenUp: givenUp,
		Generation: s.grant.Generation, RetryAfterMs: res.RetryAfter.Milliseconds(),
		TTFBMs: res.TTFB.Milliseconds(), DurMs: res.Took.Milliseconds(), T: now.UnixMilli(),
		AdmittedAt: m.began.UnixMilli(), ProviderCost: m.providerCost(s, res),
		Endpoint: s.target.id(), Model: s.model, ModelRefused: routing.RefusesModel(res.Status, res.Excerpt, s.model),
		Message: clip(res.Excerpt, maxReportMessage), Quotas: res.Quotas, Quirks: res.Quirks,
	})
	m.fx.closed(s.lease)
	m.reportEndpoint(res, givenUp, now)
}

// abandon gives back what the request still holds of a provider when it ends
// from outside. class says whether there is anything to report about it; empty
// means that nobody knows.
func (m *machine) abandon(now time.Time, class domain.AttemptClass, why string) {
	if m.state == attempting && class != "" {
		m.report(&protocol.AttemptResult{N: m.slot.n, Class: class, Status: domain.StatusClientGone}, true, now)
		return
	}
	m.releaseSlot(why, now)
}
