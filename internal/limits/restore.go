package limits

import (
	"cmp"
	"slices"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// SpendState is a Spend as it is stored, without reservations: those are stored
// as leases and held again.
type SpendState struct {
	Clock   int64 // Unix ms
	Entries []Entry
	From    int64                  // Entries are complete after it
	Fixed   bool                   // five hours in fixed mode:
	Reset   int64                  // windows after this reset,
	Floor   int64                  // whose charges are known after this time,
	Anchors []int64                // open at these
	Sums    [windowCount]StoredSum // by window; that of the five hours is not used
}

// StoredSum is what was charged after a time.
type StoredSum struct {
	After int64
	Used  domain.Money
}

// State copies what has to be stored.
func (s *Spend) State() SpendState {
	st := SpendState{
		Clock:   s.clock,
		Entries: slices.Clone(s.recent.entries),
		From:    s.recent.from,
		Fixed:   s.plan.FiveHours == domain.WindowFixed,
		Reset:   s.plan.reset(fiveHours),
		Floor:   s.chain.floor,
		Anchors: slices.Clone(s.chain.anchors),
	}
	for w := daily; w <= total; w++ {
		st.Sums[w] = StoredSum{After: s.after(w), Used: s.fixed[w].used}
	}
	return st
}

// RestoreSpend makes a Spend from a stored state and the plan of today. As with
// Configure, it returns the limits whose sums the state cannot tell.
func RestoreSpend(plan Plan, st SpendState, now time.Time) (*Spend, []domain.LimitType) {
	s := NewSpend(plan, time.UnixMilli(st.Clock))
	s.recent = queue{entries: slices.Clone(st.Entries), from: st.From}
	var told [windowCount]bool
	for w := daily; w <= total; w++ {
		if told[w] = s.after(w) == st.Sums[w].After; told[w] {
			s.fixed[w].used = st.Sums[w].Used
		}
	}
	s.cut()
	s.recut()
	if st.Fixed && plan.FiveHours == domain.WindowFixed && plan.reset(fiveHours) == st.Reset {
		s.chain.floor, s.chain.anchors = st.Floor, slices.Clone(st.Anchors)
		s.chain.extend(&s.recent)
	}
	s.advance(now)
	var unknown []domain.LimitType
	for w := daily; w <= total; w++ {
		if !told[w] && s.counts(w) && s.after(w) < st.From {
			unknown = append(unknown, w.limit())
		}
	}
	return s, unknown
}

// SpendFromRows makes a Spend from the charges after a time, in any order, as
// when no state was stored. Rows should reach back 26 hours and, for five hours
// in fixed mode, to a gap of five hours. It returns the limits whose windows
// began before; SetUsed completes them.
func SpendFromRows(plan Plan, rows []Entry, since, now time.Time) (*Spend, []domain.LimitType) {
	entries := slices.Clone(rows)
	slices.SortStableFunc(entries, func(a, b Entry) int { return cmp.Compare(a.At, b.At) })
	st := SpendState{Clock: now.UnixMilli(), From: resetMs(since)}
	for w := range st.Sums {
		st.Sums[w].After = maxMs // none of them is known
	}
	for _, e := range entries {
		if n := len(st.Entries); n > 0 && st.Entries[n-1].At == e.At {
			st.Entries[n-1].Amount += e.Amount
		} else if e.At > st.From && e.Amount != 0 {
			st.Entries = append(st.Entries, e)
		}
	}
	s, unknown := RestoreSpend(plan, st, now)
	if len(s.recent.entries) > exactEntries {
		s.merge()
	}
	return s, unknown
}

// Since is the time after which charges count in a calendar window or the
// total; zero = ever.
func (s *Spend) Since(limit domain.LimitType) time.Time {
	if w, ok := windowOf(limit); ok && s.after(w) > forever {
		return time.UnixMilli(s.after(w))
	}
	return time.Time{}
}

// SetUsed replaces the sum of a calendar window or the total by that of the
// ledger: all charges after Since that this Spend was told of.
func (s *Spend) SetUsed(limit domain.LimitType, used domain.Money) {
	if w, ok := windowOf(limit); ok {
		s.fixed[w].used = used
	}
}

// windowOf is the calendar window or total of that name.
func windowOf(limit domain.LimitType) (window, bool) {
	for w := daily; w <= total; w++ {
		if w.limit() == limit {
			return w, true
		}
	}
	return 0, false
}
