package request

import (
	"strconv"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

// maxRefusals is how many providers of one tier may refuse a slot before the
// next tier is tried.
const maxRefusals = 8

// route is what selection has to remember between picks.
type route struct {
	excluded []routing.Exclusion
	refusals []refusals
	closed   []routing.Tier // with maxRefusals
	void     bool           // the session's binding is good for nothing any more
}

type refusals struct {
	tier routing.Tier
	n    int
}

// slot is the present choice and the permission to use it.
type slot struct {
	choice   routing.Choice
	redirect *domain.ModelRedirectUsed
	model    string // to send upstream
	n        int    // number of the attempt
	holder   holder
	lease    domain.LeaseID
	held     bool // acquired or being acquired
	grant    protocol.SlotGrant
	target   target
	explain  *domain.DecisionContext // of the choice, until it stands in the chain
}

// pickFirst chooses the first provider: the session's, if it may be used again.
func (m *machine) pickFirst(now time.Time) {
	in := m.input(now)
	routed := routing.Route(&in, m.bound(now), m.draw)
	m.route.void = routed.Void
	m.record.chain.restricted(routed.Context, now)
	if routed.Provider == nil {
		m.nobodyLeft(routed.Choice, now)
		return
	}
	m.take(routed.Choice)
	m.record.chain.selected(routed.Reason, &m.slot, now)
	if routed.Reason == domain.ReasonAffinityHit {
		m.record.chain.last().Affinity = &m.req.Nominee.Match
	}
	m.acquire(now)
}

// bound is the session's binding when the request was admitted.
func (m *machine) bound(now time.Time) routing.Bound {
	v := &m.session.view
	return routing.Bound{
		Provider: v.ProviderID, Session: m.session.key, Source: m.req.SessionSource, Messages: m.req.Messages,
		Age: max(0, now.Sub(time.UnixMilli(v.BoundAt))), Idle: max(0, now.Sub(time.UnixMilli(v.LastUsedAt))),
	}
}

// pick chooses among the providers that are left.
func (m *machine) pick(now time.Time) {
	in := m.input(now)
	m.chosen(routing.Choose(&in, m.draw), now)
}

func (m *machine) chosen(c routing.Choice, now time.Time) {
	if c.Provider == nil {
		m.nobodyLeft(c, now)
		return
	}
	m.take(c)
	m.acquire(now)
}

func (m *machine) input(now time.Time) routing.Input {
	r := m.req
	in := routing.NewInput(m.plan, m.node.health, routing.Call{
		Groups: r.Groups, Protocol: r.Protocol, Model: r.Model, Client: r.Client, Lacks: r.Lacks, Pinned: r.Pinned, Nominee: r.Nominee,
	}, now)
	in.Bound, in.Pools = m.session.view.ProviderID, m.node.pools
	in.Excluded, in.ClosedTiers = m.route.excluded, m.route.closed
	return in
}

// take makes a choice the present one.
func (m *machine) take(c routing.Choice) {
	if n := len(m.tries); n > 0 {
		c.Context.RetryReason = string(m.tries[n-1].Class)
	}
	m.slot = m.slotAt(c)
}

// slotAt is a choice with nothing asked for yet.
func (m *machine) slotAt(c routing.Choice) slot {
	s := slot{
		choice: c, explain: c.Context, model: m.req.Model,
		holder: holder{protocol.LeaseProvider, strconv.FormatInt(int64(c.Provider.ID), 10)},
	}
	if m.req.Class != domain.CallResource && !m.req.Verbatim { // else passed through byte for byte
		s.model, s.redirect = m.plan.Redirect(c.Provider.ID, m.req.Model)
	}
	return s
}

// acquire asks the chosen provider for a slot.
func (m *machine) acquire(now time.Time) {
	if m.unpricedAt(&m.slot) {
		m.exclude(excludedUnpriced, 0)
		m.pick(now)
		return
	}
	m.state = acquiring
	if !m.try(now) {
		m.askSlot(&m.slot, corrSlot, len(m.tries)+1, now)
	}
}

// askSlot asks a provider for a slot for attempt n.
func (m *machine) askSlot(s *slot, corr uint64, n int, now time.Time) {
	m.aim(s, now)
	s.n, s.lease, s.held = n, domain.NewLeaseID(now), true
	m.fx.ask(s.holder, corr, s.lease, &protocol.SlotAcquire{
		LeaseID: s.lease, ProviderID: s.choice.Provider.ID, ReqID: m.req.ID, Attempt: s.n, Session: m.req.Session,
		Model: s.model, Class: m.req.Class, T: now.UnixMilli(), AdmittedAt: m.began.UnixMilli(),
		Estimate: m.providerEstimate(s), CfgVersion: m.plan.Catalog().Version(),
		TTLMs: leaseTTL.Milliseconds(), Node: m.node.name,
	}, m.node.deadline())
}

// slotAnswered is the event that a provider's actor answered. When it did not,
// g is nil and inFlight is what this node itself has running there: that count
// then stands in for the actor's.
func (m *machine) slotAnswered(g *protocol.SlotGrant, inFlight int, now time.Time) {
	if m.state != acquiring {
		return
	}
	if g == nil {
		m.degrade("provider")
		m.slotUnknown(inFlight, now)
		return
	}
	m.slot.grant = *g
	if !g.OK {
		m.slot.held = false
		m.fx.closed(m.slot.lease)
		m.slotRefused(now)
		return
	}
	m.attempt(now)
}

func (m *machine) slotUnknown(inFlight int, now time.Time) {
	m.slot.grant = *m.ownGrant(&m.slot, inFlight)
	if m.slot.grant.OK {
		m.attempt(now)
		return
	}
	m.releaseSlot("this node's own share is used up", now)
	m.slotRefused(now)
}

// ownGrant is what this node's own count says in place of a provider's actor.
func (m *machine) ownGrant(s *slot, inFlight int) *protocol.SlotGrant {
	limit := m.node.share(s.choice.Provider.Limits.ConcurrentRequests)
	g := &protocol.SlotGrant{OK: limit == 0 || inFlight < limit, InUse: inFlight, Limit: limit}
	if !g.OK {
		g.DeniedBy = protocol.DeniedConcurrentLimit
	}
	return g
}

// slotRefused puts the provider aside, which is no attempt, and picks another.
func (m *machine) slotRefused(now time.Time) {
	s := &m.slot
	m.releaseTrial(s, "the provider refused", now)
	m.record.chain.refused(s, now)
	m.exclude(s.grant.DeniedBy, time.Duration(s.grant.RetryAfterMs)*time.Millisecond)
	m.countRefusal(s.choice.Tier)
	m.pick(now)
}

func (m *machine) exclude(reason string, retryAfter time.Duration) {
	m.excludeSlot(&m.slot, reason, retryAfter)
}

func (m *machine) excludeSlot(s *slot, reason string, retryAfter time.Duration) {
	m.route.excluded = append(m.route.excluded, routing.Exclusion{
		ID: s.choice.Provider.ID, Reason: reason, RetryAfter: retryAfter,
	})
}

func (m *machine) countRefusal(tier routing.Tier) {
	for i := range m.route.refusals {
		if r := &m.route.refusals[i]; r.tier == tier {
			if r.n++; r.n == maxRefusals {
				m.route.closed = append(m.route.closed, tier)
			}
			return
		}
	}
	m.route.refusals = append(m.route.refusals, refusals{tier, 1})
}

// releaseSlot gives the present slot back without a verdict on the provider.
func (m *machine) releaseSlot(why string, now time.Time) { m.giveBack(&m.slot, why, now) }

func (m *machine) giveBack(s *slot, why string, now time.Time) {
	m.releaseTrial(s, why, now)
	if s.held {
		s.held = false
		m.release(s.holder, s.lease, why, now)
	}
}

// release gives a lease back that may or may not have been granted.
func (m *machine) release(h holder, lease domain.LeaseID, why string, now time.Time) {
	m.fx.tell(h, &protocol.LeaseRelease{IDs: []domain.LeaseID{lease}, Why: why, T: now.UnixMilli()})
	m.fx.closed(lease)
}

// nobodyLeft ends a request for which no provider remains.
func (m *machine) nobodyLeft(c routing.Choice, now time.Time) {
	f := c.Fault
	if len(m.tries) > 0 {
		m.settle(now, m.exhausted(now))
		return
	}
	if e, ok := m.estimated(f, now); ok {
		m.settle(now, e)
		return
	}
	if m.route.allUnpriced() {
		f = domain.NewFault(domain.KindInvalid, domain.CodeModelNotPriced, "the model has no price here, so it is not served")
		m.settle(now, m.refusedBy(f, domain.BlockedModel))
		return
	}
	m.record.chain.add(domain.ChainEntry{
		Reason: domain.ReasonNoProvider, Timestamp: now.UnixMilli(), Context: c.Context,
		ErrorMessage: f.Detail, Detail: string(f.Code),
	})
	m.settle(now, m.refusedBy(f, domain.BlockedNoProvider))
}
