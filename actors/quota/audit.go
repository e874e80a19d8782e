package quota

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

// Audit compares what a stored snapshot counts, with the rows since, and the
// ledger: in all, and in every money window that does not move. It claims and
// changes nothing, so it may run beside the actors. A window that the snapshot
// cannot tell under the limits of today is taken from the ledger, as the actor
// would do, and so agrees with it.
func Audit(ctx context.Context, o Options, snapshot domain.Snapshot, now time.Time) ([]domain.LedgerDifference, error) {
	n, err := strconv.ParseInt(snapshot.ID, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("a snapshot of quota %q: %w", snapshot.ID, err)
	}
	a := audit{ledger: o.Ledger, s: newState(domain.UserID(n), o)}
	a.planner = planner{catalog: o.Catalog.Current(), user: a.s.user}
	m := memory{}
	if m.saved, err = decode(a.s.user, snapshot.Data); err != nil {
		return nil, err
	}
	if m.rows, err = rowsAfter(ctx, &o, a.s.user, m.saved.Seq); err != nil {
		return nil, err
	}
	if m.spends, err = m.windows(ctx, &o, a.s.user, now); err != nil {
		return nil, err
	}
	if err := a.s.restore(&m, now); err != nil {
		return nil, err
	}
	err = a.run(ctx)
	return a.differences, err
}

// audit is one comparison.
type audit struct {
	ledger      LedgerReader
	s           *state
	planner     planner
	differences []domain.LedgerDifference
}

func (a *audit) run(ctx context.Context) error {
	if err := a.compare(ctx, 0, "quota", "charged", time.Time{}, a.s.book.charged); err != nil {
		return err
	}
	user, _ := a.planner.plans(0)
	if err := a.windows(ctx, 0, user, a.s.spend.State()); err != nil {
		return err
	}
	for id, m := range a.s.keys {
		_, plan := a.planner.plans(id)
		if err := a.windows(ctx, id, plan, m.spend.State()); err != nil {
			return err
		}
	}
	return nil
}

// windows compares the sums of the calendar and the single charges, of which
// the rolling windows and those of five hours are made.
func (a *audit) windows(ctx context.Context, key domain.KeyID, plan limits.Plan, st limits.SpendState) error {
	where := "quota"
	if key != 0 {
		where = fmt.Sprintf("quota, key %d", key)
	}
	for i, name := range windowNames() {
		rolling := name == domain.LimitDaily && plan.Daily == domain.WindowRolling
		if name == domain.Limit5h || rolling {
			continue
		}
		if err := a.compare(ctx, key, where, string(name), sinceMs(st.Sums[i].After), st.Sums[i].Used); err != nil {
			return err
		}
	}
	// Old charges are merged by the minute, so whole minutes are compared.
	after := st.From
	if after > 0 {
		after = (after/minuteMs+1)*minuteMs - 1
	}
	single := domain.Money(0)
	for _, e := range st.Entries {
		if e.At > after {
			single += e.Amount
		}
	}
	return a.compare(ctx, key, where, "recent", sinceMs(after), single)
}

const minuteMs = int64(time.Minute / time.Millisecond)

// windowNames are the windows in the order of a stored spend.
func windowNames() []domain.LimitType {
	return []domain.LimitType{domain.Limit5h, domain.LimitDaily, domain.LimitWeekly, domain.LimitMonthly, domain.LimitTotal}
}

// compare asks the ledger for the rows that are counted, not for those that
// came meanwhile.
func (a *audit) compare(ctx context.Context, key domain.KeyID, where, figure string, after time.Time, counted domain.Money) error {
	sum := domain.Money(0)
	if a.s.book.seq > 0 {
		var err error
		if sum, err = a.ledger.Sum(ctx, a.s.user, key, after, a.s.book.seq); err != nil {
			return err
		}
	}
	if sum != counted {
		a.differences = append(a.differences, domain.LedgerDifference{
			UserID: a.s.user, Where: where, Figure: figure, Ledger: int64(sum), Found: int64(counted),
		})
	}
	return nil
}

// sinceMs is an instant in Unix ms, zero for one before every charge.
func sinceMs(ms int64) time.Time {
	if ms < 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
