package provider

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

const (
	// spendReach is how far back single charges are read.
	spendReach = 26 * time.Hour
	// bookedFor is how long it is known which attempts were booked.
	bookedFor = 10 * time.Minute
	// spendDeadline bounds the reading of the ledger, for which nobody waits.
	spendDeadline = 10 * time.Second
	// spendSettled is when everything that a killed process left in its journal
	// has come to the ledger: then it is read once more.
	spendSettled = time.Minute
	// ledgerLag is within what time a report's row comes to the ledger.
	ledgerLag = time.Minute
	// reservedRetry is when a budget may be free that is only reserved.
	reservedRetry = 2 * time.Second
)

var errCount = errors.New("reading the ledger failed")

// Ledger knows what was spent at providers.
type Ledger interface {
	Spent(ctx context.Context, q domain.SpentQuery) (domain.Spent, error)
}

// purse is what was spent at the provider, by its own cost: markups of groups
// and users are none of its business.
type purse struct {
	plan   limits.Plan
	policy limits.Policy
	spend  *limits.Spend
	booked limits.Recent[domain.SettleID] // attempts that are in it
	lately lately
	asked  bool      // the ledger is being read
	due    time.Time // when to read it; zero = never
	twice  bool      // it was read, and will be once more
}

// expense is what one attempt cost.
type expense struct {
	id     domain.SettleID
	at     int64 // admission of its request, Unix ms
	amount domain.Money
	booked int64 // Unix ms
}

// lately are the expenses booked within ledgerLag: the ledger may not have them
// yet.
type lately struct {
	list []expense
	gone int // of them, from the front: too old
}

func (l *lately) add(e expense, now time.Time) {
	e.booked = now.UnixMilli()
	for l.gone < len(l.list) && e.booked-l.list[l.gone].booked > ledgerLag.Milliseconds() {
		l.gone++
	}
	if l.gone > len(l.list)/2 { // only then, as everything that stays is moved
		l.list = l.list[:copy(l.list, l.list[l.gone:])]
		l.gone = 0
	}
	l.list = append(l.list, e)
}

func (l *lately) all() []expense { return l.list[l.gone:] }

func newPurse() purse {
	return purse{spend: limits.NewSpend(limits.Plan{}, time.Time{}), policy: limits.Balanced}
}

// use lays the windows as the limits of today want it. Where that takes charges
// that are not known any more the ledger is read.
func (p *purse) use(plan limits.Plan, policy limits.Policy, now time.Time) {
	p.policy = policy
	p.plan = plan
	if len(p.spend.Configure(plan, now)) > 0 && p.due.IsZero() {
		p.due = now
	}
}

// refuse tells which limit of money another attempt would break.
func (p *purse) refuse(l *domain.Limits, estimate domain.Money, now time.Time) *limits.Refusal {
	policy := p.policy
	if estimate == 0 {
		policy = limits.Parity
	}
	var buf [5]limits.Check
	return limits.Decide(p.spend.Checks(buf[:0], domain.ScopeProvider, l, policy, estimate, now))
}

// book counts what an attempt cost, once.
func (p *purse) book(e expense, now time.Time) {
	if e.amount == 0 || p.booked.Has(e.id, now) {
		return
	}
	p.booked.Add(e.id, now.Add(bookedFor), now)
	p.spend.Charge(time.UnixMilli(e.at), e.amount, now)
	p.lately.add(e, now)
}

// spent is the end of the money of one window, if there is one: until when
// nobody is to ask, zero if that is not known.
func (p *purse) spent(l *domain.Limits, now time.Time) (until time.Time, yes bool) {
	if !l.HasMoney() {
		return time.Time{}, false
	}
	r := p.refuse(l, 0, now)
	if r == nil {
		return time.Time{}, false
	}
	return r.ResetAt, true
}

// counted is what the ledger says.
type counted struct {
	spend  *limits.Spend
	recent []domain.SettleKey
	err    error
}

// count reads a provider's windows from the ledger.
func count(ctx context.Context, ledger Ledger, id domain.ProviderID, plan limits.Plan, now time.Time) counted {
	since := now.Add(-spendReach)
	q := domain.SpentQuery{Provider: id, After: since, Recent: now.Add(-bookedFor)}
	empty, unknown := limits.SpendFromRows(plan, nil, since, now)
	for _, l := range unknown {
		q.Sums = append(q.Sums, empty.Since(l))
	}
	spent, err := ledger.Spent(ctx, q)
	if err != nil {
		return counted{err: err}
	}
	entries := make([]limits.Entry, len(spent.Charges))
	for i, c := range spent.Charges {
		entries[i] = limits.Entry(c)
	}
	spend, _ := limits.SpendFromRows(plan, entries, since, now)
	for i, l := range unknown {
		spend.SetUsed(l, spent.Sums[i])
	}
	return counted{spend: spend, recent: spent.Recent}
}

// countIfDue has the ledger read.
func (a *Actor) countIfDue(c *kit.Context) {
	p := &a.state.purse
	if !a.ready || p.asked || p.due.IsZero() || a.now.Before(p.due) {
		return
	}
	if a.o.Ledger == nil {
		p.due = time.Time{}
		return
	}
	p.asked, p.due = true, time.Time{}
	ledger, id, plan, now := a.o.Ledger, a.state.id, p.plan, a.now
	c.Go(spendDeadline, func(ctx context.Context) any { return count(ctx, ledger, id, plan, now) })
}

// counted takes over what the ledger says, and adds what it cannot have.
func (a *Actor) counted(c *kit.Context, m counted) {
	p := &a.state.purse
	if m.err != nil {
		p.asked = false
		c.Logger().Warn("what was spent was not read from the ledger, trying again", slog.Any("error", m.err))
		p.due = a.now.Add(loadAgain)
		return
	}
	p.take(m, a.state.slots.All(), a.now)
	if !p.twice {
		p.twice, p.due = true, a.now.Add(spendSettled)
	}
}

// take makes the ledger's word the purse's own, and adds what it cannot have.
func (p *purse) take(m counted, held iter.Seq[*limits.Lease[slot]], now time.Time) {
	known := make(map[domain.SettleID]bool, len(m.recent))
	for _, k := range m.recent {
		known[k.ID()] = true
		p.booked.Add(k.ID(), now.Add(bookedFor), now)
	}
	p.spend = m.spend
	p.spend.Configure(p.plan, now)
	for _, e := range p.lately.all() {
		if !known[e.id] {
			p.spend.Charge(time.UnixMilli(e.at), e.amount, now)
		}
	}
	p.asked = false
	for l := range held {
		p.spend.Hold(time.UnixMilli(l.Value.t), l.Value.estimate)
	}
}

// usage is the state of the provider's limits of money.
func (s *state) usage(now time.Time) *protocol.QuotaState {
	st := &protocol.QuotaState{Epoch: s.epoch}
	for _, w := range s.purse.spend.Status(&s.limits, now) {
		resets := w.EndAt
		if resets.IsZero() {
			resets = w.FreeAt
		}
		st.Windows = append(st.Windows, protocol.QuotaWindow{
			Scope: domain.ScopeProvider, ID: int64(s.id), Limit: w.Limit, Used: int64(w.Used), Reserved: int64(w.Reserved),
			Max: int64(w.Max), ResetAt: toMs(resets),
		})
	}
	for _, c := range []limits.Check{
		limits.CheckRequests(domain.ScopeProvider, s.slots.Len(), s.limits.ConcurrentRequests),
		s.sessions.Check(domain.ScopeProvider, 0, domain.SessionKey{}, s.limits.ConcurrentSessions, now),
		s.rate.Check(domain.ScopeProvider, s.limits.RPM, now),
	} {
		st.Windows = append(st.Windows, protocol.QuotaWindow{
			Scope: domain.ScopeProvider, ID: int64(s.id), Limit: c.Limit, Used: c.Current, Max: c.Max, ResetAt: toMs(c.ResetAt),
		})
	}
	return st
}
