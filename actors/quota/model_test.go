package quota

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// The model drives a state through everything that can happen to it and judges
// it by plain lists of (time, amount), which are added up each time.

// mark is an amount of a key at a time: a charge that counts, or a reservation.
type mark struct {
	req    int
	key    domain.KeyID
	at     time.Time
	amount domain.Money
}

// hold is an open reservation.
type hold struct {
	mark

	until time.Time
	begun bool
}

// shelf is the ledger's rows, as they survive a crash.
type shelf struct {
	Ledger

	rows []domain.LedgerRow
}

func (l *shelf) Claim(context.Context, domain.UserID, string, time.Time) (int64, error) {
	return 1, nil
}

func (l *shelf) LastSeq(context.Context, domain.UserID) (seq int64, err error) {
	for i := range l.rows {
		seq = max(seq, l.rows[i].UserSeq)
	}
	return seq, nil
}

func (l *shelf) After(_ context.Context, _ domain.UserID, seq int64, _ int) (rows []domain.LedgerRow, err error) {
	for _, r := range l.rows {
		if r.UserSeq > seq {
			rows = append(rows, r)
		}
	}
	return rows, nil
}

func (l *shelf) Since(_ context.Context, _ domain.UserID, after time.Time) (rows []domain.LedgerRow, err error) {
	for _, r := range l.rows {
		if r.AdmittedAt > after.UnixMilli() {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b domain.LedgerRow) int { return int(a.AdmittedAt - b.AdmittedAt) })
	return rows, nil
}

func (l *shelf) Sum(_ context.Context, _ domain.UserID, key domain.KeyID, after time.Time, upto int64) (domain.Money, error) {
	rows := slices.DeleteFunc(slices.Clone(l.rows), func(r domain.LedgerRow) bool { return upto != 0 && r.UserSeq > upto })
	return sumOf(rows, key, after), nil
}

// put is what the ledger says of a row.
func (l *shelf) put(row *domain.LedgerRow) error {
	for i := range l.rows {
		r := &l.rows[i]
		if r.SettleKey == row.SettleKey || r.ReqID == row.ReqID && r.IsFinal && row.IsFinal {
			return &domain.LedgerDuplicateError{Kept: *r}
		}
	}
	l.rows = append(l.rows, *row)
	return nil
}

// owner names one whose windows are judged: the user (0) or a key.
type owner struct {
	key   domain.KeyID
	limit domain.LimitType
}

type model struct {
	*bench
	t *rapid.T

	loc    *time.Location
	shelf  *shelf
	drawer drawer
	n      int // of the last request

	open    []hold
	line    map[int]*asker // who waits, by request
	stood   map[int]time.Time
	charged []mark // that count
	due     []mark // costs that come after their reservation was given back, or once more after a crash
	moving  []*entry

	honest bool // no cost is above its estimate, comes late or is lost
	shaken bool // a limit was lowered, or a crash lost reservations

	slack       map[owner]domain.Money
	worst, most domain.Money // largest overshoot, and what was allowed then
}

const maxCost domain.Money = 40

var moneyLimits = []domain.LimitType{
	domain.Limit5h, domain.LimitDaily, domain.LimitWeekly, domain.LimitMonthly, domain.LimitTotal,
}

func (m *model) limits(key domain.KeyID) *domain.Limits {
	switch key {
	case 11:
		return &m.key
	case 12:
		return &m.other
	}
	return &m.user
}

func (m *model) max(o owner) domain.Money {
	l := m.limits(o.key)
	return map[domain.LimitType]domain.Money{
		domain.Limit5h: l.USD5h, domain.LimitDaily: l.USDDaily, domain.LimitWeekly: l.USDWeekly,
		domain.LimitMonthly: l.USDMonthly, domain.LimitTotal: l.USDTotal,
	}[o.limit]
}

// resets are the last resets that concern an owner: of all, and of five hours.
func (m *model) resets(key domain.KeyID) (all, hours time.Time) {
	all, hours = m.user.CostResetAt, m.user.Cost5hResetAt
	if l := m.limits(key); key != 0 {
		all, hours = latest(all, l.CostResetAt), latest(hours, l.Cost5hResetAt)
	}
	return all, latest(all, hours)
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// of adds up what is used and reserved in a window.
func (m *model) of(o owner) (used, reserved domain.Money) {
	reset, hours := m.resets(o.key)
	l := m.limits(o.key)
	in := func(from, reset time.Time, x mark) bool {
		return (o.key == 0 || x.key == o.key) && !x.at.Before(from) && (reset.IsZero() || x.at.After(reset))
	}
	sum := func(used0, reserved0, reset time.Time) (used, reserved domain.Money) {
		for _, c := range m.charged {
			if in(used0, reset, c) {
				used += c.amount
			}
		}
		for _, h := range m.open {
			if in(reserved0, reset, h.mark) {
				reserved += h.amount
			}
		}
		return used, reserved
	}
	y, mo, d := m.now.In(m.loc).Date()
	var from time.Time
	switch o.limit {
	case domain.Limit5h:
		if l.USD5hMode == domain.WindowFixed {
			anchor, earliest := m.fixed(o.key, hours)
			return sum(anchor, earliest, hours)
		}
		from, reset = m.now.Add(-5*time.Hour+time.Millisecond), hours
	case domain.LimitDaily:
		from = time.Date(y, mo, d, 0, 0, 0, 0, m.loc)
		if l.DailyMode == domain.WindowRolling {
			from = m.now.Add(-24*time.Hour + time.Millisecond)
		}
	case domain.LimitWeekly:
		from = time.Date(y, mo, d-(int(m.now.In(m.loc).Weekday())+6)%7, 0, 0, 0, 0, m.loc)
	case domain.LimitMonthly:
		from = time.Date(y, mo, 1, 0, 0, 0, 0, m.loc)
	case domain.LimitTotal, domain.LimitRPM, domain.LimitConcurrentSessions, domain.LimitConcurrentRequests:
	}
	return sum(from, from, reset)
}

// fixed replays all charges: the window of five hours around now opened at
// anchor, and at the earliest could have.
func (m *model) fixed(key domain.KeyID, reset time.Time) (anchor, earliest time.Time) {
	at := map[int64]domain.Money{} // charges of the same millisecond are one
	for _, c := range m.charged {
		if (key == 0 || c.key == key) && (reset.IsZero() || c.at.After(reset)) {
			at[c.at.UnixMilli()] += c.amount
		}
	}
	var order []int64
	for ms, amount := range at {
		if amount != 0 { // what costs nothing opens no window
			order = append(order, ms)
		}
	}
	slices.Sort(order)
	var end time.Time
	for _, ms := range order {
		if t := time.UnixMilli(ms); !t.Before(end) {
			earliest, anchor, end = end, t, t.Add(5*time.Hour)
		}
	}
	if anchor.IsZero() || !m.now.Before(end) {
		return m.now.Add(time.Hour), end // nothing is used
	}
	return anchor, earliest
}

func (m *model) owners(visit func(o owner)) {
	for _, key := range []domain.KeyID{0, 11, 12} {
		for _, l := range moneyLimits {
			visit(owner{key, l})
		}
	}
}

// agree compares every window with the lists, and how far it went with how far
// it may have gone.
func (m *model) agree() {
	shown := map[owner]protocol.QuotaWindow{}
	for _, w := range m.s.usage(m.catalog(), m.now).Windows {
		switch {
		case !w.Limit.Money():
		case w.Scope == domain.ScopeUser:
			shown[owner{0, w.Limit}] = w
		default:
			shown[owner{domain.KeyID(w.ID), w.Limit}] = w
		}
	}
	m.owners(func(o owner) {
		used, reserved := m.of(o)
		require.EqualValues(m.t, used, shown[o].Used, "used: %+v", o)
		require.EqualValues(m.t, reserved, shown[o].Reserved, "reserved: %+v", o)
		limit := m.max(o)
		if limit == 0 || used <= limit {
			return
		}
		over := used - limit
		require.LessOrEqual(m.t, over, m.slack[o], "overshoot of %+v", o)
		if m.honest && !m.shaken && m.policy != domain.ReserveParity {
			require.Equal(m.t, domain.ReserveBalanced, m.policy, "strict never overshoots")
			require.LessOrEqual(m.t, over, maxCost, "by the one request that is let in although it does not fit")
		}
		if over > m.worst {
			m.worst, m.most = over, m.slack[o]
		}
	})
}

// admitted notes that requests were let in: the windows are as full as they
// may be.
func (m *model) admitted() {
	m.owners(func(o owner) {
		used, reserved := m.of(o)
		m.slack[o] = max(used+reserved-m.max(o), 0)
	})
}

// wanted is what the lists say of a request: let in, or what is in the way.
func (m *model) wanted(key domain.KeyID, estimate domain.Money, free bool) (reached, waits, never bool) {
	m.owners(func(o owner) {
		limit := m.max(o)
		used, reserved := m.of(o)
		switch {
		case limit == 0 || o.key != 0 && o.key != key:
		case used >= limit:
			reached = true
		case free || m.policy == domain.ReserveParity || used+reserved+estimate <= limit:
		case reserved > 0:
			waits = true
		case m.policy == domain.ReserveStrict:
			never = true
		}
	})
	return reached, waits, never
}

// estimate is what a request with these bounds, without history, reserves.
func (m *model) estimate(upper domain.Money) domain.Money {
	switch m.policy {
	case domain.ReserveParity:
		return 0
	case domain.ReserveStrict, domain.ReserveBalanced:
	}
	return upper // a quarter and a cent are more than these amounts
}

func (m *model) admit() {
	m.n++
	key := domain.KeyID(rapid.IntRange(11, 12).Draw(m.t, "key"))
	upper := domain.Money(rapid.Int64Range(0, int64(maxCost)).Draw(m.t, "upper"))
	msg := m.message(m.n, withKey(key), func(q *protocol.QuotaReserve) { q.Upper = upper })
	m.elapse()
	estimate := m.estimate(upper)
	reached, waits, never := m.wanted(key, estimate, upper == 0)
	queued := estimate > 0 && m.s.waiting.Behind(key)
	switch answer := m.s.reserve(msg, m.catalog(), m.now).(type) {
	case *protocol.QuotaWait:
		require.False(m.t, reached || never)
		require.True(m.t, waits || queued)
		again := *msg
		again.WaitUntil = answer.Until
		require.Nil(m.t, m.s.reserve(&again, m.catalog(), m.now))
		a := &asker{}
		m.s.attend(msg.LeaseID, a)
		m.line[m.n], m.stood[m.n] = a, m.now
	case *protocol.QuotaGrant:
		if !answer.OK {
			require.True(m.t, reached || never || waits && m.patience == 0)
			require.Equal(m.t, reached, answer.Refusal.Reason == protocol.RefusedLimitReached)
			break
		}
		require.False(m.t, reached || never || waits)
		require.Equal(m.t, estimate, answer.Estimate)
		m.open = append(m.open, hold{mark: mark{m.n, key, m.now, estimate}, until: m.now.Add(30 * time.Second)})
		m.admitted()
	}
	m.settleDown()
}

// settleDown does what follows on every message, and takes in who was let in
// from the line.
func (m *model) settleDown() {
	m.s.promote(m.catalog(), m.now)
	let := false
	for n, a := range m.line {
		if len(a.got) == 0 {
			continue
		}
		if g := a.got[0]; g.OK {
			key := m.s.open.Get(lease(n)).Value.key
			m.open = append(m.open, hold{mark: mark{n, key, m.stood[n], g.Estimate}, until: m.now.Add(30 * time.Second)})
			let = true
		}
		delete(m.line, n)
	}
	if let {
		m.admitted()
	}
}

// elapse ends what is over at this time: the answered ones cost their estimate.
func (m *model) elapse() {
	m.moving = append(m.moving, m.s.elapse(m.now)...)
	m.open = slices.DeleteFunc(m.open, func(h hold) bool {
		if m.now.Before(h.until) {
			return false
		}
		if h.begun {
			m.charged = append(m.charged, h.mark)
		}
		m.due = append(m.due, mark{h.req, h.key, h.at, 0})
		return true
	})
}

func (m *model) wait() {
	steps := []time.Duration{time.Millisecond, time.Second, 5 * time.Second, 7 * time.Minute, time.Hour, 5 * time.Hour, 30 * time.Hour}
	m.wake(rapid.SampledFrom(steps).Draw(m.t, "step") * time.Duration(rapid.IntRange(0, 5).Draw(m.t, "steps")))
}

func (m *model) wake(d time.Duration) {
	// The holders of some leases renew them meanwhile.
	for i := range m.open {
		if h := &m.open[i]; m.honest || rapid.Bool().Draw(m.t, "lives") {
			h.begun = h.begun || rapid.Bool().Draw(m.t, "begun")
			id := []domain.LeaseID{lease(h.req)}
			r := &protocol.LeaseRenew{IDs: id, TTLMs: d.Milliseconds() + 30_000}
			if h.begun {
				r.Begun = id
			}
			require.Empty(m.t, m.s.renew(r, m.now).Unknown)
			h.until = latest(h.until, m.now.Add(d+30*time.Second))
		}
	}
	m.bench.wait(d)
	m.elapse()
	m.settleDown()
	// Nothing is settled a day after its admission.
	for _, h := range slices.Clone(m.open) {
		if m.now.Sub(h.at) > 12*time.Hour {
			m.release(h.req)
		}
	}
	m.due = slices.DeleteFunc(m.due, func(c mark) bool { return m.now.Sub(c.at) > 12*time.Hour })
}

// pay settles an open request, or one that was given up before.
func (m *model) pay() {
	m.elapse()
	cost := domain.Money(rapid.Int64Range(0, 60).Draw(m.t, "cost"))
	if late := len(m.due) > 0 && (len(m.open) == 0 || rapid.Bool().Draw(m.t, "late")); late && !m.honest {
		i := rapid.IntRange(0, len(m.due)-1).Draw(m.t, "which")
		c := m.due[i]
		m.due = slices.Delete(m.due, i, i+1)
		if c.amount == 0 {
			c.amount = cost
		}
		m.charge(c, c.amount)
		return
	}
	if len(m.open) == 0 {
		return
	}
	i := rapid.IntRange(0, len(m.open)-1).Draw(m.t, "which")
	h := m.open[i]
	if m.honest {
		cost = min(cost, h.amount)
	}
	m.open = slices.Delete(m.open, i, i+1)
	above := max(cost-h.amount, 0)
	h.amount = cost
	m.charge(h.mark, above)
}

// charge settles a request, whose cost is above what was reserved by so much.
func (m *model) charge(c mark, above domain.Money) {
	e, fresh := m.s.settle(&protocol.QuotaSettle{
		SettleKey: domain.SettleKey{ReqID: domain.RequestID(c.req), Attempt: 1, Kind: domain.LedgerCharge},
		LeaseID:   lease(c.req), UserID: 1, KeyID: c.key, Charge: c.amount, T: c.at.UnixMilli(), IsFinal: true,
	}, m.now)
	if fresh {
		m.moving = append(m.moving, e)
		m.charged = append(m.charged, c)
		m.owners(func(o owner) { m.slack[o] += above })
	}
	m.settleDown()
}

// record lets the ledger decide on the rows that are on their way.
func (m *model) record() {
	for n := rapid.IntRange(0, 3).Draw(m.t, "rows"); n > 0 && len(m.moving) > 0; n-- {
		e := m.moving[0]
		m.moving = m.moving[1:]
		row := e.row
		err := m.shelf.put(&row)
		_, next := m.s.verdict(row.UserSeq, err, m.now)
		if duplicate, ok := errors.AsType[*domain.LedgerDuplicateError](err); ok {
			m.uncount(mark{int(row.ReqID), row.KeyID, time.UnixMilli(row.AdmittedAt), row.Charge})
			if kept := &duplicate.Kept; row.Attempt == 1 && kept.Attempt == 0 { // the cost takes the estimate's place
				m.charged = append(m.charged, mark{int(row.ReqID), row.KeyID, time.UnixMilli(row.AdmittedAt), row.Charge - kept.Charge})
			}
		}
		if next != nil {
			m.moving = append(m.moving, next)
		}
	}
	m.settleDown()
}

// uncount takes a charge off the list.
func (m *model) uncount(c mark) {
	i := slices.IndexFunc(m.charged, func(o mark) bool { return o.req == c.req && o.amount == c.amount && o.at.Equal(c.at) })
	require.NotEqual(m.t, -1, i, "no such charge: %+v", c)
	m.charged = slices.Delete(m.charged, i, i+1)
}

func (m *model) giveUp() {
	if m.elapse(); len(m.open) > 0 {
		m.release(m.open[rapid.IntRange(0, len(m.open)-1).Draw(m.t, "which")].req)
	}
}

func (m *model) release(req int) {
	i := slices.IndexFunc(m.open, func(h hold) bool { return h.req == req })
	h := m.open[i]
	m.open = slices.Delete(m.open, i, i+1)
	m.due = append(m.due, mark{h.req, h.key, h.at, 0})
	m.s.release([]domain.LeaseID{lease(req)}, m.now)
	m.settleDown()
}

func (m *model) save() {
	data, err := m.s.snapshot(m.now)
	require.NoError(m.t, err)
	m.drawer.Save(domain.Snapshot{Epoch: m.s.book.epoch, Data: data})
}

// restart ends the process in an orderly way: all rows arrive.
func (m *model) restart() {
	m.drain()
	m.save()
	m.boot()
}

func (m *model) drain() {
	for len(m.moving) > 0 {
		m.record()
	}
}

// crash loses what the store does not have: rows on their way, whose
// settlements are sent again some day, and what was not saved.
func (m *model) crash() {
	for _, e := range m.moving {
		m.uncount(mark{int(e.row.ReqID), e.row.KeyID, time.UnixMilli(e.row.AdmittedAt), e.row.Charge})
		if e.row.Attempt == 1 && e.row.Kind == domain.LedgerCharge {
			m.due = append(m.due, mark{int(e.row.ReqID), e.row.KeyID, time.UnixMilli(e.row.AdmittedAt), e.row.Charge})
		}
	}
	m.moving, m.shaken = nil, true
	if rapid.Bool().Draw(m.t, "no snapshot") {
		m.drawer.kept = nil
	}
	m.boot()
}

// boot starts over with what the store has. Those who hold a reservation that
// it does not know claim it.
func (m *model) boot() {
	o := &Options{Catalog: shown{m.catalog()}, Snapshots: &m.drawer, Ledger: m.shelf, SessionTTL: sessionTTL}
	mem := recall(context.Background(), o, 1, m.now)
	require.NoError(m.t, mem.err)
	m.s = newState(1, *o)
	require.NoError(m.t, m.s.restore(&mem, m.now))
	for n := range m.line {
		delete(m.line, n) // they decide without us
	}
	m.owners(func(o owner) { used, reserved := m.of(o); m.slack[o] = max(m.slack[o], used+reserved-m.max(o)) })
	for l := range m.s.open.All() { // as old as the snapshot: what ended since is given back
		if i := slices.IndexFunc(m.open, func(h hold) bool { return lease(h.req) == l.ID }); i < 0 {
			m.s.release([]domain.LeaseID{l.ID}, m.now)
		}
	}
	for i := range m.open {
		h := &m.open[i]
		msg := m.message(h.req, withKey(h.key), reclaim, func(q *protocol.QuotaReserve) {
			q.T, q.Upper, q.Estimate, q.TTLMs = h.at.UnixMilli(), h.amount, h.amount, h.until.Sub(m.now).Milliseconds()
		})
		g, _ := m.s.reserve(msg, m.catalog(), m.now).(*protocol.QuotaGrant)
		require.True(m.t, g.OK)
		if h.begun {
			m.s.renew(&protocol.LeaseRenew{Begun: []domain.LeaseID{lease(h.req)}}, m.now)
		}
		if r := &m.s.open.Get(lease(h.req)).Value; r.estimate != h.amount {
			require.FailNow(m.t, "reclaimed otherwise")
		}
		h.until = m.s.open.Get(lease(h.req)).ExpiresAt
	}
	m.settleDown()
}

func (m *model) change() {
	m.shaken = true
	key := rapid.SampledFrom([]domain.KeyID{0, 11}).Draw(m.t, "whose")
	l := m.limits(key)
	limit := domain.Money(rapid.Int64Range(0, 400).Draw(m.t, "limit"))
	switch rapid.IntRange(0, 4).Draw(m.t, "what") {
	case 0:
		l.USDTotal = limit
	case 1:
		l.USDDaily = limit
	case 2:
		l.CostResetAt = m.now
	case 3:
		l.Cost5hResetAt = m.now
	case 4:
		l.DailyMode = rapid.SampledFrom([]domain.WindowMode{domain.WindowFixed, domain.WindowRolling}).Draw(m.t, "mode")
	}
	m.owners(func(o owner) { used, reserved := m.of(o); m.slack[o] = max(m.slack[o], used+reserved-m.max(o)) })
}

func someLimits(t *rapid.T, name string) domain.Limits {
	limit := func(of string) domain.Money { return domain.Money(rapid.Int64Range(0, 200).Draw(t, name+" "+of)) }
	mode := func(of string) domain.WindowMode {
		return rapid.SampledFrom([]domain.WindowMode{domain.WindowRolling, domain.WindowFixed}).Draw(t, name+" "+of)
	}
	return domain.Limits{
		USD5h: limit("5h"), USD5hMode: mode("5h mode"), USDDaily: limit("daily"), DailyMode: mode("daily mode"),
		USDWeekly: 2 * limit("weekly"), USDMonthly: 4 * limit("monthly"), USDTotal: 10 * limit("total"),
	}
}

func TestMoneyNeverPassesItsBound(t *testing.T) {
	t.Parallel()
	var worst, most domain.Money
	rapid.Check(t, func(rt *rapid.T) {
		b := newBench(t, fixture{
			user: someLimits(rt, "user"), key: someLimits(rt, "key"), other: domain.Limits{USDDaily: 50},
			policy: rapid.SampledFrom([]domain.ReservationPolicy{
				domain.ReserveBalanced, domain.ReserveStrict, domain.ReserveParity,
			}).Draw(rt, "policy"),
			patience: rapid.SampledFrom([]time.Duration{0, 3 * time.Second}).Draw(rt, "patience"),
			zone:     rapid.SampledFrom([]string{"", "Asia/Shanghai", "Etc/GMT+9"}).Draw(rt, "zone"),
		})
		m := &model{
			bench: b, t: rt, shelf: &shelf{}, honest: rapid.Bool().Draw(rt, "honest"),
			line: map[int]*asker{}, stood: map[int]time.Time{}, slack: map[owner]domain.Money{},
		}
		m.loc = b.catalog().Zone()
		do := func(f func()) func(*rapid.T) { return func(rt *rapid.T) { m.t = rt; f() } }
		actions := map[string]func(*rapid.T){
			"":       do(m.agree),
			"admit":  do(m.admit),
			"admit2": do(m.admit),
			"pay":    do(m.pay),
			"give":   do(m.giveUp),
			"record": do(m.record),
			"wait":   do(m.wait),
			"save":   do(m.save),
			"boot":   do(m.restart),
			"crash":  do(m.crash),
			"change": do(m.change),
		}
		rt.Repeat(actions)
		if m.worst > worst {
			worst, most = m.worst, m.most
		}
	})
	t.Logf("largest overshoot %d, where %d was allowed", worst, most)
}
