package limits

import (
	"slices"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// window numbers the money windows, in the order in which they refuse after the
// total.
type window int

const (
	fiveHours window = iota
	daily
	weekly
	monthly
	total
	windowCount
)

// limit is the window's name.
func (w window) limit() domain.LimitType {
	return [windowCount]domain.LimitType{
		domain.Limit5h, domain.LimitDaily, domain.LimitWeekly, domain.LimitMonthly, domain.LimitTotal,
	}[w]
}

// calendar is the sum over an interval that stands still until it is over.
type calendar struct {
	start, end int64 // ms, [start, end)
	used       domain.Money
}

// Spend is what one owner, a user, a key or a provider, has spent in each of
// its money windows, and what of it is reserved for requests in flight. A
// charge counts at the time its request was admitted, whenever it is settled.
//
// Its clock is the latest time it was told: it never goes back, and what claims
// to be of the future is of now. Not safe for concurrent use.
type Spend struct {
	plan  Plan
	clock int64

	recent queue
	hours  rolling // five hours, rolling mode
	day    rolling // a day, rolling mode
	chain  chain   // five hours, fixed mode
	fixed  [windowCount]calendar
	held   holds
}

const (
	hoursMs = int64(5 * time.Hour / time.Millisecond)
	dayMs   = int64(24 * time.Hour / time.Millisecond)
)

// NewSpend is an owner without any charge before now.
func NewSpend(plan Plan, now time.Time) *Spend {
	s := &Spend{plan: plan, clock: now.UnixMilli()}
	s.recent.from = forever
	s.hours.length, s.day.length, s.chain.length = hoursMs, dayMs, hoursMs
	s.cut()
	s.recut()
	return s
}

// recut begins the chain anew, if there is one.
func (s *Spend) recut() {
	s.chain.anchors = nil
	if s.plan.FiveHours == domain.WindowFixed {
		s.chain.recut(&s.recent, max(s.plan.reset(fiveHours), s.recent.from))
	}
}

// cut lays the windows anew over the queue, but not the chain. Sums of windows
// that began before the queue are left as they are.
func (s *Spend) cut() {
	s.hours.recount(&s.recent, s.clock, s.plan.reset(fiveHours))
	s.day.recount(&s.recent, s.clock, s.plan.reset(daily))
	for w := daily; w <= total; w++ {
		c := &s.fixed[w]
		c.start, c.end = s.plan.span(w, time.UnixMilli(s.clock))
		if after := s.after(w); after >= s.recent.from {
			c.used = s.recent.sum(after)
		}
	}
}

// after is the time up to which nothing counts in a calendar window.
func (s *Spend) after(w window) int64 {
	return max(s.fixed[w].start-1, s.plan.reset(w))
}

// Configure takes over another plan. What the charges of the last day tell is
// counted anew at once; it returns the limits for which that is not enough,
// whose sums stay as they were until SetUsed.
func (s *Spend) Configure(plan Plan, now time.Time) []domain.LimitType {
	s.advance(now)
	if plan.same(&s.plan) {
		s.plan = plan
		return nil
	}
	var before [windowCount]int64
	for w := daily; w <= total; w++ {
		before[w] = s.after(w)
	}
	old := s.plan
	s.plan = plan
	s.cut()
	if plan.FiveHours != old.FiveHours || plan.reset(fiveHours) != old.reset(fiveHours) {
		s.recut()
	}
	var unknown []domain.LimitType
	for w := daily; w <= total; w++ {
		if after := s.after(w); after < s.recent.from && after != before[w] && s.counts(w) {
			unknown = append(unknown, w.limit())
		}
	}
	return unknown
}

// counts tells whether a window is one of the calendar.
func (s *Spend) counts(w window) bool {
	return w > daily || w == daily && s.plan.Daily == domain.WindowFixed
}

// advance moves the clock and closes the windows that are over.
func (s *Spend) advance(now time.Time) {
	ms := now.UnixMilli()
	if ms <= s.clock {
		return
	}
	s.clock = ms
	s.hours.advance(&s.recent, ms, s.plan.reset(fiveHours))
	s.day.advance(&s.recent, ms, s.plan.reset(daily))
	for w := daily; w <= monthly; w++ {
		if c := &s.fixed[w]; ms >= c.end {
			c.start, c.end = s.plan.span(w, now)
			c.used = s.recent.sum(s.after(w))
		}
	}
	s.forget(ms - keptFor.Milliseconds())
}

// forget drops single charges that no window is made of any more.
func (s *Spend) forget(upto int64) {
	n := s.recent.drop(upto)
	if n == 0 {
		return
	}
	s.hours.dropped(n)
	s.day.dropped(n)
	s.chain.trim(&s.recent)
}

// Charge counts an amount, negative to correct an earlier one, at the time t at
// which its request was admitted.
func (s *Spend) Charge(t time.Time, amount domain.Money, now time.Time) {
	s.advance(now)
	e := Entry{At: min(t.UnixMilli(), s.clock), Amount: amount}
	if amount == 0 {
		return // a request that costs nothing opens no window
	}
	for w := daily; w <= total; w++ {
		if e.At > s.after(w) {
			s.fixed[w].used += amount
		}
	}
	if e.At <= s.recent.from {
		return // older than anything that is made of single charges
	}
	i, merged := s.recent.add(e)
	s.hours.added(e, i, merged)
	s.day.added(e, i, merged)
	if s.plan.FiveHours == domain.WindowFixed {
		s.chain.added(&s.recent, e)
	}
	if len(s.recent.entries) > exactEntries {
		s.merge()
	}
}

// merge shortens the queue. Borders of windows stay where they are.
func (s *Spend) merge() {
	marks := []int64{s.hours.cut, s.day.cut}
	for _, w := range s.fixed {
		marks = append(marks, w.start-1)
	}
	for _, a := range s.chain.anchors {
		marks = append(marks, a-1, a, a+s.chain.length-1)
	}
	s.recent.merge(marks)
	s.hours.head = s.recent.after(s.hours.cut)
	s.day.head = s.recent.after(s.day.cut)
}

// use is the state of one window.
type use struct {
	used     domain.Money
	reserved domain.Money
	end      time.Time // zero = none, or rolling
	rolling  *rolling
}

func (s *Spend) use(w window) use {
	switch {
	case w == fiveHours && s.plan.FiveHours != domain.WindowFixed:
		return use{used: s.hours.used, reserved: s.held.after(s.hours.cut), rolling: &s.hours}
	case w == fiveHours:
		after, end, used := s.chain.open(s.clock)
		u := use{used: used, reserved: s.held.after(after)}
		if end != 0 {
			u.end = time.UnixMilli(end)
		}
		return u
	case w == daily && s.plan.Daily == domain.WindowRolling:
		return use{used: s.day.used, reserved: s.held.after(s.day.cut), rolling: &s.day}
	}
	u := use{used: s.fixed[w].used, reserved: s.held.after(s.after(w))}
	if w != total {
		u.end = time.UnixMilli(s.fixed[w].end)
	}
	return u
}

// resetAt is when less than the amount will be used if nothing more is charged;
// zero if no such time is known.
func (s *Spend) resetAt(u use, under domain.Money) time.Time {
	switch {
	case under <= 0:
		return time.Time{}
	case u.rolling != nil:
		return u.rolling.freeAt(&s.recent, under)
	}
	return u.end
}

// Idle tells whether nothing is remembered that a new Spend would not know:
// the total, too, is zero.
func (s *Spend) Idle(now time.Time) bool {
	s.advance(now)
	return len(s.recent.entries) == 0 && len(s.held.entries) == 0 &&
		!slices.ContainsFunc(s.fixed[:], func(c calendar) bool { return c.used != 0 })
}
