package request

import (
	"slices"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

// hedge is a second call at another provider, made while the first one has
// shown no content for too long. Whoever shows content first answers the client;
// the machine's present slot is that of the call that reported last, and hedge
// has the other's.
type hedge struct {
	used    bool // once per request
	growing bool // the user's reservation is asked to cover two calls
	asking  bool // the rival's provider is asked for a slot
	running bool // both calls are under way
	rival   slot
}

// standOff tells the HTTP goroutine to go on as it is.
func standOff() protocol.Decision { return protocol.Decision{Await: true} }

// hedgeAfter is when the present attempt may get a rival; 0 = never.
func (m *machine) hedgeAfter(now time.Time) time.Duration {
	s := m.settings()
	if !s.HedgeEnabled || s.HedgeMaxParallel < 2 || m.hedge.used || !m.req.Stream || m.req.Class != domain.CallGenerate {
		return 0
	}
	if s.HedgeAfter > 0 {
		return s.HedgeAfter
	}
	return m.node.pace.patience(m.slot.choice.Provider.ID, now)
}

// hedgeDue is the event that attempt n has shown no content for hedgeAfter. The
// answer is the rival's attempt, or to go on without one.
func (m *machine) hedgeDue(n int, now time.Time) {
	switch {
	case m.state == settling, m.state == dead:
		return // who asks gets the end of the request
	case m.state != attempting, n != m.slot.n, m.hedge.used, !m.fx.mayHedge(m.settings().HedgeBudgetPercent):
		m.fx.answer(standOff())
		return
	}
	m.hedge.used = true
	e := about(&m.slot, domain.ReasonHedgeTriggered, now)
	e.AttemptNumber = m.slot.n
	m.record.chain.add(e)
	if m.quota.estimate == 0 || m.quota.know != known { // nothing is reserved
		m.pickRival(now)
		return
	}
	m.hedge.growing = true
	twice := *m.quota.ask
	twice.Attempts, twice.Low, twice.Upper, twice.T = 2, 2*twice.Low, 2*twice.Upper, now.UnixMilli()
	m.fx.ask(m.quota.holder, corrGrow, m.quota.lease, &twice, m.node.deadline())
}

// grown is the event that the quota actor answered whether the user's money
// covers two calls; nil = it did not.
func (m *machine) grown(g *protocol.QuotaGrant, now time.Time) {
	if m.state != attempting || !m.hedge.growing {
		return
	}
	m.hedge.growing = false
	if g == nil || !g.OK {
		m.fx.answer(standOff())
		return
	}
	m.quota.estimate = g.Estimate
	m.pickRival(now)
}

// pickRival chooses among the providers that are left, as a failover would.
func (m *machine) pickRival(now time.Time) {
	in := m.input(now)
	in.Excluded = append(slices.Clip(in.Excluded), routing.Exclusion{
		ID: m.slot.choice.Provider.ID, Reason: routing.FilteredExcluded,
	})
	choice := routing.Choose(&in, m.draw)
	if choice.Provider == nil {
		m.fx.answer(standOff())
		return
	}
	h := &m.hedge
	h.rival = m.slotAt(choice)
	switch {
	case m.unpricedAt(&h.rival):
		m.excludeSlot(&h.rival, excludedUnpriced, 0)
		m.pickRival(now)
		return
	case !m.steady(&h.rival, now):
		m.excludeSlot(&h.rival, routing.FilteredPool, 0)
		m.pickRival(now)
		return
	}
	h.asking = true
	m.askSlot(&h.rival, corrRival, len(m.tries)+2, now)
}

// rivalAnswered is the event that the rival's provider answered; see
// slotAnswered.
func (m *machine) rivalAnswered(g *protocol.SlotGrant, inFlight int, now time.Time) {
	h := &m.hedge
	if m.state != attempting || !h.asking {
		return
	}
	h.asking = false
	if g == nil {
		m.degrade("provider")
		g = m.ownGrant(&h.rival, inFlight)
		if !g.OK {
			m.release(h.rival.holder, h.rival.lease, "this node's own share is used up", now)
		}
	} else if !g.OK {
		m.fx.closed(h.rival.lease)
	}
	h.rival.grant, h.rival.held = *g, g.OK
	if !g.OK {
		m.record.chain.refused(&h.rival, now)
		m.excludeSlot(&h.rival, g.DeniedBy, time.Duration(g.RetryAfterMs)*time.Millisecond)
		m.pickRival(now)
		return
	}
	h.running = true
	m.record.handed++
	e := about(&h.rival, domain.ReasonHedgeLaunched, now)
	e.AttemptNumber = h.rival.n
	m.record.chain.add(e)
	m.fx.answer(m.handOut(&h.rival, 0))
}

// raced deals with the result of one of two calls while the other one goes on;
// false means that there is no other one, or that the result ends it.
func (m *machine) raced(res *protocol.AttemptResult, now time.Time) bool {
	h := &m.hedge
	if !h.running {
		return false
	}
	h.running = false
	switch {
	case res.Lost:
		m.lose(res, now)
	case res.Class == domain.ClassOK, res.Committed:
		m.dropRival("another provider was faster", now)
		return false
	default: // the other one may still do it
		m.note(res)
		if w := m.work(); m.failedWithUsage(&w) {
			m.record.earlier = append(m.record.earlier, w)
		}
		m.report(res, true, now)
		m.record.chain.attempted(m.req, &m.slot, res, now)
		m.excludeSlot(&m.slot, routing.FilteredExcluded, 0)
	}
	m.slot, h.rival = h.rival, slot{}
	m.record.serving(&m.slot)
	m.fx.answer(standOff())
	return true
}

// lose closes the present slot, whose call was beaten. What it used is a call of
// its own in the bill.
func (m *machine) lose(res *protocol.AttemptResult, now time.Time) {
	m.dialed(res)
	m.report(res, true, now)
	reason := domain.ReasonHedgeLoserCancelled
	if m.settings().BillHedgeLosers && !res.Metered.IsZero() {
		reason = domain.ReasonHedgeLoserBilled
		m.record.serving(&m.slot)
		w := m.work()
		w.res = res
		m.record.earlier = append(m.record.earlier, w)
	}
	e := about(&m.slot, reason, now)
	e.AttemptNumber, e.StatusCode, e.DurationMs, e.TTFBMs = m.slot.n, res.Status, res.Took.Milliseconds(), res.TTFB.Milliseconds()
	m.record.chain.add(e)
}

// dropRival gives back what the request holds of a second provider when it ends
// without that one's word.
func (m *machine) dropRival(why string, now time.Time) {
	h := &m.hedge
	m.giveBack(&h.rival, why, now)
	if h.running {
		e := about(&h.rival, domain.ReasonHedgeLoserCancelled, now)
		e.AttemptNumber = h.rival.n
		m.record.chain.add(e)
	}
	h.growing, h.asking, h.running = false, false, false
}
