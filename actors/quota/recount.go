package quota

import (
	"context"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

const (
	// reach is how far back single charges are read: what windows that roll are
	// made of.
	reach = 26 * time.Hour
	// maxReach bounds the search for five hours without a charge, after which a
	// window of five hours surely opened anew.
	maxReach = 8 * 24 * time.Hour
)

// windows are the spends of a user, under key 0, and the keys.
type windows map[domain.KeyID]*limits.Spend

// recount makes windows out of the ledger, where no snapshot tells them.
type recount struct {
	ledger Ledger
	user   domain.UserID
	upto   int64              // number of the last row that counts
	open   []domain.LedgerRow // count too: they came later, or never will
	now    time.Time

	read  bool
	since time.Time // rows are complete after it
	rows  []domain.LedgerRow
}

// windows are what a memory tells of money, by the limits of today. What a
// snapshot lacks the ledger has.
func (m *memory) windows(ctx context.Context, o *Options, user domain.UserID, now time.Time) (windows, error) {
	c := recount{ledger: o.Ledger, user: user, upto: max(m.saved.Seq, m.seq), now: now}
	for i := range m.saved.Open {
		c.open = append(c.open, m.saved.Open[i].row())
	}
	p := planner{catalog: o.Catalog.Current(), user: user}
	out := windows{}
	if m.fresh && m.seq == 0 {
		return out, nil
	}
	if m.fresh {
		return out, c.all(ctx, out, &p)
	}
	userPlan, _ := p.plans(0)
	var err error
	if out[0], err = c.restored(ctx, m.saved.Spend, 0, userPlan); err != nil {
		return nil, err
	}
	for i := range m.saved.Keys {
		k := &m.saved.Keys[i]
		id := domain.KeyID(k.ID)
		_, plan := p.plans(id)
		if k.Left {
			out[id], err = c.made(ctx, id, plan)
		} else {
			out[id], err = c.restored(ctx, k.Spend, id, plan)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// all makes the windows of the user and every key of the user.
func (c *recount) all(ctx context.Context, out windows, p *planner) (err error) {
	plan, _ := p.plans(0)
	if out[0], err = c.made(ctx, 0, plan); err != nil {
		return err
	}
	for _, k := range p.catalog.KeysOf(c.user) {
		_, plan := p.plans(k.ID)
		if out[k.ID], err = c.made(ctx, k.ID, plan); err != nil {
			return err
		}
	}
	return nil
}

// restored is a spend as it was saved. Sums that it cannot tell, as the limits
// have changed, are those of the ledger.
func (c *recount) restored(ctx context.Context, r *spendRecord, key domain.KeyID, plan limits.Plan) (*limits.Spend, error) {
	if r == nil {
		return limits.NewSpend(plan, c.now), nil
	}
	st, err := r.state()
	if err != nil {
		return nil, err
	}
	spend, unknown := limits.RestoreSpend(plan, st, c.now)
	return spend, c.complete(ctx, spend, key, unknown)
}

// made is a spend out of rows alone.
func (c *recount) made(ctx context.Context, key domain.KeyID, plan limits.Plan) (*limits.Spend, error) {
	if err := c.readRows(ctx); err != nil {
		return nil, err
	}
	var entries []limits.Entry
	count := func(row *domain.LedgerRow) {
		if key == 0 || row.KeyID == key {
			entries = append(entries, limits.Entry{At: row.AdmittedAt, Amount: row.Charge})
		}
	}
	for i := range c.rows {
		if c.rows[i].UserSeq <= c.upto {
			count(&c.rows[i])
		}
	}
	for i := range c.open {
		count(&c.open[i])
	}
	spend, unknown := limits.SpendFromRows(plan, entries, c.since, c.now)
	return spend, c.complete(ctx, spend, key, unknown)
}

// complete takes sums of windows from the ledger.
func (c *recount) complete(ctx context.Context, spend *limits.Spend, key domain.KeyID, unknown []domain.LimitType) error {
	for _, l := range unknown {
		after := spend.Since(l)
		sum, err := c.ledger.Sum(ctx, c.user, key, after, c.upto)
		if err != nil {
			return err
		}
		spend.SetUsed(l, sum+sumOf(c.open, key, after))
	}
	return nil
}

// sumOf adds up the rows of the user (key 0) or one key after a time.
func sumOf(rows []domain.LedgerRow, key domain.KeyID, after time.Time) (sum domain.Money) {
	for i := range rows {
		if r := &rows[i]; (key == 0 || r.KeyID == key) && (after.IsZero() || r.AdmittedAt > after.UnixMilli()) {
			sum += r.Charge
		}
	}
	return sum
}

// readRows reads the charges of the last day, and beyond until there is a pause
// of five hours: which windows of five hours follow on each other is known from
// there on.
func (c *recount) readRows(ctx context.Context) (err error) {
	if c.read {
		return nil
	}
	for back := reach; ; back *= 2 {
		c.since = c.now.Add(-back)
		if c.rows, err = c.ledger.Since(ctx, c.user, c.since); err != nil {
			return err
		}
		if back >= maxReach || paused(c.rows, c.since) {
			c.read = true
			return nil
		}
	}
}

// paused tells whether nothing was charged for five hours.
func paused(rows []domain.LedgerRow, since time.Time) bool {
	last := since.UnixMilli()
	for i := range rows {
		if rows[i].Charge == 0 {
			continue
		}
		if rows[i].AdmittedAt-last >= (5 * time.Hour).Milliseconds() {
			return true
		}
		last = rows[i].AdmittedAt
	}
	return len(rows) == 0
}
