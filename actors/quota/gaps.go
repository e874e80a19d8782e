package quota

import (
	"context"
	"slices"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

// gap is a window whose sum the charges in memory do not tell, as its border was
// moved into the past: by another time zone, or a reset taken back. Until the
// ledger has told, the old sum counts.
type gap struct {
	key   domain.KeyID // 0 = the user's own
	limit domain.LimitType
}

// gaps are those known and the question to the ledger that is out.
type gaps struct {
	known []gap
	out   *question
}

// question asks the ledger for sums up to the last row that it has decided on.
type question struct {
	of    []gap
	after []time.Time
	upto  int64
	since []domain.LedgerRow // what was counted beyond that row, and since
}

// told are the ledger's sums, one per gap asked for.
type told struct {
	sums []domain.Money
	err  error
}

func (s *state) spendOf(key domain.KeyID) *limits.Spend {
	if key == 0 {
		return s.spend
	}
	return s.meter(key).spend
}

func (s *state) gap(key domain.KeyID, unknown []domain.LimitType) {
	for _, l := range unknown {
		if g := (gap{key, l}); !slices.Contains(s.gaps.known, g) {
			s.gaps.known = append(s.gaps.known, g)
		}
	}
}

// question is what to ask the ledger now; nil = nothing.
func (s *state) question() *question {
	if len(s.gaps.known) == 0 || s.gaps.out != nil {
		return nil
	}
	q := &question{of: s.gaps.known, upto: s.book.confirmed()}
	s.gaps = gaps{out: q}
	for _, g := range q.of {
		q.after = append(q.after, s.spendOf(g.key).Since(g.limit))
	}
	for _, e := range s.book.open {
		q.since = append(q.since, e.row)
	}
	return q
}

// told closes the gaps that were asked for. Windows that moved on meanwhile
// have to be asked for once more.
func (s *state) told(t told) {
	q := s.gaps.out
	if q == nil {
		return
	}
	s.gaps.out = nil
	for i, g := range q.of {
		spend := s.spendOf(g.key)
		if t.err != nil || !spend.Since(g.limit).Equal(q.after[i]) {
			s.gap(g.key, []domain.LimitType{g.limit})
			continue
		}
		spend.SetUsed(g.limit, t.sums[i]+sumOf(q.since, g.key, q.after[i]))
	}
	s.freed = true
}

// fillGaps asks the ledger for what the charges in memory do not tell.
func (a *Actor) fillGaps(c *kit.Context) {
	if !a.ready || a.now.Before(a.askAt) {
		return
	}
	q := a.state.question()
	if q == nil {
		return
	}
	ledger, user := a.o.Ledger, a.state.user
	c.Go(loadDeadline, func(ctx context.Context) any {
		var t told
		for i, g := range q.of {
			if q.upto == 0 { // the ledger has nothing yet
				t.sums = append(t.sums, 0)
				continue
			}
			sum, err := ledger.Sum(ctx, user, g.key, q.after[i], q.upto)
			if err != nil {
				return told{err: err}
			}
			t.sums = append(t.sums, sum)
		}
		return t
	})
}
