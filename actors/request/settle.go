package request

import (
	"cmp"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

// ending is how a request ended.
type ending struct {
	decision  protocol.Decision
	result    domain.ResultRecord
	completed bool // a success that showed its completion marker
	exhausted bool // it failed for want of a working provider
}

// settle gives back what the request holds, hands the record over and waits for
// it to be journaled.
func (m *machine) settle(now time.Time, e ending) {
	m.dropRival("the request is over", now)
	m.state, m.ending = settling, e
	m.settleSession(now)
	m.settleQuota(now)
	m.fx.journal(m.logRecord(now))
}

// journaled is the event that the record is safe, or that it could not be
// written, in which case the quota lease is left to the keeper: no settlement
// will come for it.
func (m *machine) journaled(err error) {
	if m.state != settling {
		return
	}
	if err == nil && m.quota.ok {
		m.fx.closed(m.quota.lease)
	}
	m.fx.answer(m.ending.decision)
	m.die()
}

// settleQuota gives back a reservation for which no settlement is owed: an
// admitted request's goes back with its settlement.
func (m *machine) settleQuota(now time.Time) {
	switch {
	case m.quota.ok:
	case m.quota.know == known: // refused: nothing was reserved
		m.fx.closed(m.quota.lease)
	default:
		m.release(m.quota.holder, m.quota.lease, "not admitted", now)
	}
}

// settleSession ends the request's stay in its session and decides what becomes
// of the binding.
func (m *machine) settleSession(now time.Time) {
	if p := m.parent; p != nil && !m.quota.ok {
		m.release(p.holder, p.lease, "no outcome", now)
	} else if p != nil {
		m.fx.tell(p.holder, &protocol.SessionBind{
			Session: p.key, Keep: true, ReqID: m.req.ID, Generation: p.view.Generation, LeaseID: p.lease, T: now.UnixMilli(),
		})
		m.fx.closed(p.lease)
	}
	s := &m.session
	if s.know != known || !m.quota.ok {
		m.release(s.holder, s.lease, "no outcome", now)
		return
	}
	b := m.binding(now)
	if !b.Change && !b.Renew {
		m.release(s.holder, s.lease, "no outcome", now)
		return
	}
	m.fx.tell(s.holder, &protocol.SessionBind{
		Session: s.key, ProviderID: b.Provider, Keep: !b.Change, ReqID: m.req.ID,
		Generation: s.view.Generation, Reason: b.Reason, LeaseID: s.lease, T: now.UnixMilli(),
	})
	m.fx.closed(s.lease)
	if m.parent == nil && b.Change {
		m.record.binding = cmp.Or(b.Provider, domain.BindingDropped)
	}
	m.record.chain.bound(b, s.view.ProviderID, m.tries, now)
}

// binding decides by the calls that are conversation; others change nothing.
func (m *machine) binding(now time.Time) routing.Binding {
	if m.req.Class != domain.CallGenerate {
		return routing.Binding{Renew: true}
	}
	in := m.input(now)
	return routing.Rebind(&in, routing.Ending{
		Bound: m.session.view.ProviderID, Void: m.route.void, Tried: m.tries, Raced: m.hedge.used && m.record.handed > 1,
		Completed: m.ending.completed, Exhausted: m.ending.exhausted,
	})
}

// concluded is the ending after the last attempt.
func (m *machine) concluded(res *protocol.AttemptResult, now time.Time) ending {
	switch {
	case res.Class == domain.ClassOK:
		return ending{
			decision:  m.done(),
			completed: res.Complete,
			result:    domain.ResultRecord{StatusCode: res.Status, Inferred: res.StatusInferred, Outcome: domain.OutcomeSuccess},
		}
	case res.Class == domain.ClassClientAbort:
		return m.leftEarly(now)
	case res.Committed:
		return ending{decision: m.done(), exhausted: true, result: domain.ResultRecord{
			StatusCode: res.Status, Inferred: res.StatusInferred, Outcome: domain.OutcomeFailure,
			ErrorCode: string(brokenCode(res)), ErrorMessage: res.Excerpt,
		}}
	}
	return m.exhausted(now)
}

// brokenCode names what cut an answer that had begun.
func brokenCode(res *protocol.AttemptResult) domain.Code {
	switch {
	case res.Class == domain.ClassLocalOverload: // once begun, only our own shutdown breaks an answer so
		return domain.CodeServerShutdown
	case res.Failure == domain.FailTimeout:
		return domain.CodeStreamIdleTimeout
	}
	return domain.CodeStreamAborted
}

// exhausted is the ending when attempts were made and none succeeded.
func (m *machine) exhausted(now time.Time) ending {
	f := routing.Conclude(m.tries, m.req.Class, m.settings().PassThroughUpstreamErrorMessage)
	if e, ok := m.estimated(f, now); ok {
		return e
	}
	last := &m.tries[len(m.tries)-1]
	e := m.rejected(f)
	e.result.Outcome = domain.OutcomeFailure
	if last.Excerpt != "" { // the log may know more than the client
		e.result.ErrorMessage = last.Excerpt
	}
	switch last.Class {
	case domain.ClassClientError, domain.ClassUpstreamRejected, domain.ClassLocalOverload:
	default:
		e.exhausted = true
	}
	return e
}

func (m *machine) rejected(f *domain.Fault) ending {
	return ending{
		decision: protocol.Decision{Reject: &protocol.Reject{Fault: f, Degraded: m.record.degraded}},
		result:   domain.ResultRecord{StatusCode: logStatus(f), ErrorCode: string(f.Code), ErrorMessage: f.Detail},
	}
}

// refusedBy is the ending of a request that was turned away before any attempt.
func (m *machine) refusedBy(f *domain.Fault, by domain.BlockedBy) ending {
	e := m.rejected(f)
	e.result.Outcome, e.result.BlockedBy, e.result.BlockedReason = domain.OutcomeBlocked, by, string(f.Code)
	return e
}

// leftEarly is the ending of a request whose client left. The chain of an
// attempt that was cut off by it says so already.
func (m *machine) leftEarly(now time.Time) ending {
	if n := len(m.tries); n == 0 || m.tries[n-1].Class != domain.ClassClientAbort {
		m.record.chain.add(domain.ChainEntry{
			Reason: domain.ReasonClientAbort, Timestamp: now.UnixMilli(), StatusCode: domain.StatusClientGone, Phase: phasePrecommit,
		})
	}
	return ending{decision: m.done(), result: domain.ResultRecord{
		StatusCode: domain.StatusClientGone, Outcome: domain.OutcomeClientAbort, ErrorCode: string(domain.CodeClientGone),
	}}
}

// interrupted is the ending of a request that we ended ourselves.
func (m *machine) interrupted(why string, now time.Time) ending {
	m.record.chain.add(domain.ChainEntry{
		Reason: domain.ReasonInterrupted, Timestamp: now.UnixMilli(), StatusCode: 500, Detail: why,
	})
	f := domain.NewFault(domain.KindInternal, domain.CodeInternalError, "the request was interrupted")
	e := m.rejected(f)
	e.result.Outcome = domain.OutcomeFailure
	return e
}

func (m *machine) done() protocol.Decision {
	return protocol.Decision{Done: &protocol.Done{SessionSeq: m.seq()}}
}
