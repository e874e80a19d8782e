package quota

import (
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// apply books a row of the ledger, once, into all windows of the user and the
// key, at the time its request was admitted: one just numbered, one that takes
// another back, or one that was read from the ledger.
func (s *state) apply(row *domain.LedgerRow, now time.Time) {
	s.book.charged += row.Charge
	t := time.UnixMilli(row.AdmittedAt)
	s.spend.Charge(t, row.Charge, now)
	s.meter(row.KeyID).spend.Charge(t, row.Charge, now)
	s.learn(row, now)
	if q := s.gaps.out; q != nil {
		q.since = append(q.since, *row)
	}
	s.freed = s.freed || row.Charge < 0
}

// learn keeps what a request cost, for estimates of others like it.
func (s *state) learn(row *domain.LedgerRow, now time.Time) {
	if row.Kind == domain.LedgerCharge && row.Model != "" && row.Charge > 0 {
		s.costs.add(costKey{row.KeyID, row.Model}, row.Charge, now)
	}
}

// hold reserves a request's estimate in all windows.
func (s *state) hold(r *reservation) {
	t := time.UnixMilli(r.t)
	s.spend.Hold(t, r.estimate)
	s.meter(r.key).spend.Hold(t, r.estimate)
}

func (s *state) unhold(r *reservation) {
	t := time.UnixMilli(r.t)
	s.spend.Unhold(t, r.estimate)
	s.meter(r.key).spend.Unhold(t, r.estimate)
}

// planner tells how the windows of a user and its keys lie today.
type planner struct {
	catalog *domain.Catalog
	user    domain.UserID
}

func (p *planner) plans(id domain.KeyID) (user, key limits.Plan) {
	zone := p.catalog.Zone()
	var none domain.Limits
	of := &none
	if u := p.catalog.User(p.user); u != nil {
		of = &u.Limits
	}
	user = limits.PlanOf(domain.ScopeUser, of, zone)
	of = &none
	if k := p.catalog.Key(id); k != nil {
		of = &k.Limits
	}
	return user, limits.PlanOf(domain.ScopeKey, of, zone).Under(user)
}

// configure lays the windows as the limits of today want it. What the charges
// in memory do not tell becomes a gap.
func (s *state) configure(catalog *domain.Catalog, id domain.KeyID, now time.Time) {
	p := planner{catalog: catalog, user: s.user}
	user, key := p.plans(id)
	s.gap(0, s.spend.Configure(user, now))
	if id != 0 {
		s.gap(id, s.meter(id).spend.Configure(key, now))
	}
}

// moneyChecks holds what is spent and reserved against the limits.
func (s *state) moneyChecks(dst []limits.Check, b *bounds, policy limits.Policy, estimate domain.Money, now time.Time) []limits.Check {
	dst = s.meter(b.keyID).spend.Checks(dst, domain.ScopeKey, b.key, policy, estimate, now)
	return s.spend.Checks(dst, domain.ScopeUser, b.user, policy, estimate, now)
}

// policyFor is the rule for a request. What is free is refused only where the
// money is really spent.
func policyFor(r *reservation, settings *domain.Settings) limits.Policy {
	if r.upper == 0 {
		return limits.Parity
	}
	return limits.Policy(settings.ReservationPolicy)
}

// estimate is what is reserved for a request: of the bounds it comes with, what
// requests like it cost of late.
func (s *state) estimate(m *protocol.QuotaReserve, settings *domain.Settings) domain.Money {
	switch {
	case m.Class != domain.CallGenerate:
		return 0
	case m.Reclaim && m.Estimate > 0:
		return m.Estimate
	}
	n := domain.Money(max(m.Attempts, 1))
	expected := n * s.costs.expected(costKey{m.KeyID, m.Model}, m.Low/n, m.Upper/n)
	return limits.Policy(settings.ReservationPolicy).Estimate(expected, m.Upper)
}

// maxHistories bounds the models by key of which costs are remembered.
const maxHistories = 32

// histories are the last costs by key and billed model. The zero value is empty.
type histories struct {
	of map[costKey]*history
}

type costKey struct {
	key   domain.KeyID
	model string
}

type history struct {
	pricing.History

	last int64 // when a cost came, ms
}

func (h *histories) expected(k costKey, low, upper domain.Money) domain.Money {
	if known := h.of[k]; known != nil {
		return known.Expected(low, upper)
	}
	return (&pricing.History{}).Expected(low, upper)
}

func (h *histories) add(k costKey, cost domain.Money, now time.Time) {
	known := h.of[k]
	if known == nil {
		known = &history{}
		h.put(k, known)
	}
	known.Add(cost)
	known.last = now.UnixMilli()
}

// put remembers one more; beyond the bound the one that was silent longest goes.
func (h *histories) put(k costKey, one *history) {
	if h.of == nil {
		h.of = map[costKey]*history{}
	}
	if len(h.of) >= maxHistories {
		var oldest costKey
		var last int64
		for o, known := range h.of {
			if last == 0 || known.last < last {
				oldest, last = o, known.last
			}
		}
		delete(h.of, oldest)
	}
	h.of[k] = one
}
