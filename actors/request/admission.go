package request

import (
	"slices"
	"strconv"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// knowledge is what came of an ask.
type knowledge uint8

const (
	asked       knowledge = iota
	known                 // answered
	unreachable           // not in time, or not at all
)

// quota is the request's standing with its user's limits.
type quota struct {
	holder holder
	lease  domain.LeaseID
	ask    *protocol.QuotaReserve
	know   knowledge
	ok     bool // admitted, be it without the quota actor
	// estimate is what was reserved; 0 where nothing was.
	estimate domain.Money
}

// session is the request's view of its session.
type session struct {
	key    domain.SessionKey
	holder holder
	lease  domain.LeaseID
	know   knowledge
	view   protocol.SessionView
}

// start is the first event: quota and session are asked at once.
func (m *machine) start(now time.Time) {
	if m.state != idle {
		return
	}
	m.state, m.began = admitting, now
	r := m.req
	m.quota.lease = domain.NewLeaseID(now)
	e := m.bounds()
	m.quota.ask = &protocol.QuotaReserve{
		LeaseID: m.quota.lease, ReqID: r.ID, UserID: r.User.ID, KeyID: r.Key.ID, SessionID: r.Session.ID,
		T: now.UnixMilli(), Class: r.Class, Low: e.low, Upper: e.upper, Model: e.model,
		TTLMs: leaseTTL.Milliseconds(), Node: m.node.name,
	}
	m.fx.ask(m.quota.holder, corrQuota, m.quota.lease, m.quota.ask, quotaDeadline)
	m.askSession(now)
}

func newSession(key domain.SessionKey) session {
	return session{key: key, holder: holder{protocol.LeaseSession, key.Hash()}}
}

func (m *machine) askSession(now time.Time) {
	s := &m.session
	s.lease = domain.NewLeaseID(now)
	m.fx.ask(s.holder, corrSession, s.lease, &protocol.SessionResolve{
		LeaseID: s.lease, ReqID: m.req.ID, Session: s.key, UserID: m.req.User.ID, Model: m.req.Model,
		T: now.UnixMilli(), TTLMs: leaseTTL.Milliseconds(), Node: m.node.name,
	}, m.node.deadline())
}

// quotaAnswered is the event that the quota actor answered, or that it did not:
// then the grant is nil, and this node decides by itself.
func (m *machine) quotaAnswered(g *protocol.QuotaGrant, now time.Time) {
	if m.state != admitting || m.quota.know != asked {
		return
	}
	switch {
	case g == nil:
		m.quota.know = unreachable
		m.degrade("quota")
		if f := m.unguarded(now); f != nil {
			m.refuse(now, f)
			return
		}
		m.quota.ok = true
	case g.OK:
		m.quota.know, m.quota.ok, m.quota.estimate = known, true, g.Estimate
	default:
		m.quota.know = known
		m.refuse(now, m.limitFault(g.Refusal, now))
		return
	}
	m.admitted(now)
}

// quotaWaits is the event that the request has to stand in line for money that
// others have reserved, or for a place among the requests in flight. It stays there by asking again, once.
func (m *machine) quotaWaits(w *protocol.QuotaWait, now time.Time) {
	if m.state != admitting || m.quota.know != asked {
		return
	}
	again := *m.quota.ask
	if again.WaitUntil == 0 {
		again.WaitUntil = w.Until
	}
	m.quota.ask = &again
	left := time.UnixMilli(again.WaitUntil).Sub(now)
	m.fx.ask(m.quota.holder, corrQuota, m.quota.lease, &again, quotaDeadline+max(0, min(left, m.settings().LongestWait())))
}

// unguarded tells what keeps a request out whose limits nobody guards; nil =
// nothing.
func (m *machine) unguarded(now time.Time) *domain.Fault {
	if m.settings().QuotaFailMode == domain.FailClosed {
		return quotaUnavailable()
	}
	if refusal := m.fx.emergency(now); refusal != nil {
		return m.limitFault(refusal, now)
	}
	return nil
}

// sessionAnswered is the event that the session actor answered; nil that it did
// not: the request then runs without stickiness.
func (m *machine) sessionAnswered(v *protocol.SessionView, now time.Time) {
	if m.state != admitting || m.session.know != asked {
		return
	}
	if v == nil {
		m.session.know = unreachable
		m.degrade("session")
	} else {
		m.session.know, m.session.view = known, *v
	}
	if m.splits() {
		m.split(now)
		return
	}
	m.admitted(now)
}

// A request that is short while others of its session run is a task beside the
// conversation, such as finding a title for it. It gets a session of its own, a
// child, so that neither disturbs the other's binding; it is counted and shown
// with its parent.

// splits tells whether the request is such a task.
func (m *machine) splits() bool {
	return m.parent == nil && m.session.know == known && m.session.view.InFlight > 1 &&
		m.req.Class == domain.CallGenerate && m.req.Messages > 0 && m.req.Messages <= m.node.shortContext
}

// split asks the child session, whose name the number of running requests makes:
// tasks that follow one another share one.
func (m *machine) split(now time.Time) {
	parent := m.session
	m.parent = &parent
	key := domain.SessionKey{KeyID: parent.key.KeyID, ID: parent.key.ID + "~" + strconv.Itoa(parent.view.InFlight-1)}
	m.session = newSession(key)
	m.askSession(now)
}

// admitted goes on to the first provider once both answers are there.
func (m *machine) admitted(now time.Time) {
	if m.quota.know != asked && m.session.know != asked {
		m.pickFirst(now)
	}
}

// refuse ends a request that was not admitted.
func (m *machine) refuse(now time.Time, f *domain.Fault) {
	m.record.chain.add(domain.ChainEntry{
		Reason: domain.ReasonLimitRefused, Timestamp: now.UnixMilli(), ErrorMessage: f.Detail, Detail: string(f.Code),
	})
	m.settle(now, m.refusedBy(f, domain.BlockedLimit))
}

func (m *machine) degrade(what string) {
	if !slices.Contains(m.record.degraded, what) {
		// A copy: what was handed out before stays as it was.
		m.record.degraded = append(slices.Clip(m.record.degraded), what)
	}
}

func (m *machine) limitFault(r *protocol.QuotaRefusal, now time.Time) *domain.Fault {
	return limitFault(r, &m.req.User.Limits, &m.req.Key.Limits, now)
}
