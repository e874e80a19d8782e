package limits

import (
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Plan is how an owner's money windows lie in time. It says nothing of amounts,
// so a limit may change without anything being counted anew.
type Plan struct {
	FiveHours domain.WindowMode
	Daily     domain.WindowMode
	DailyAt   Clock          // fixed mode only
	Zone      *time.Location // nil = UTC

	// Counting starts after these instants; zero = never reset.
	ResetAt      time.Time // every window but the total
	Reset5hAt    time.Time // the five hours, beside ResetAt
	ResetTotalAt time.Time
}

// PlanOf is the plan of an owner's limits in the given zone. A provider's reset
// concerns its total only.
func PlanOf(scope domain.Scope, l *domain.Limits, zone *time.Location) Plan {
	p := Plan{
		FiveHours:    domain.WindowRolling,
		Daily:        domain.WindowFixed,
		Zone:         zone,
		ResetTotalAt: l.CostResetAt,
	}
	if l.USD5hMode == domain.WindowFixed {
		p.FiveHours = domain.WindowFixed
	}
	if l.DailyMode == domain.WindowRolling {
		p.Daily = domain.WindowRolling
	}
	p.DailyAt, _ = ParseClock(l.DailyResetTime) // what cannot be read is midnight
	if scope != domain.ScopeProvider {
		p.ResetAt, p.Reset5hAt = l.CostResetAt, l.Cost5hResetAt
	}
	return p
}

// Under is the plan of a key whose user was reset too: the later reset counts.
func (p Plan) Under(user Plan) Plan {
	p.ResetAt = later(p.ResetAt, user.ResetAt)
	p.Reset5hAt = later(p.Reset5hAt, user.Reset5hAt)
	p.ResetTotalAt = later(p.ResetTotalAt, user.ResetTotalAt)
	return p
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (p *Plan) zone() *time.Location {
	if p.Zone == nil {
		return time.UTC
	}
	return p.Zone
}

// same tells whether both plans cut time alike.
func (p *Plan) same(o *Plan) bool {
	return p.FiveHours == o.FiveHours && p.Daily == o.Daily && p.DailyAt == o.DailyAt &&
		(p.Zone == o.Zone || p.zone().String() == o.zone().String()) &&
		p.ResetAt.Equal(o.ResetAt) && p.Reset5hAt.Equal(o.Reset5hAt) && p.ResetTotalAt.Equal(o.ResetTotalAt)
}

// reset is the last reset of a window in Unix ms; charges at or before it do
// not count.
func (p *Plan) reset(w window) int64 {
	switch w {
	case fiveHours:
		return resetMs(later(p.ResetAt, p.Reset5hAt))
	case total:
		return resetMs(p.ResetTotalAt)
	case daily, weekly, monthly, windowCount:
	}
	return resetMs(p.ResetAt)
}

// span is the interval of a calendar window around now.
func (p *Plan) span(w window, now time.Time) (start, end int64) {
	var s, e time.Time
	switch w {
	case daily:
		s, e = day(now, p.zone(), p.DailyAt)
	case weekly:
		s, e = week(now, p.zone())
	case monthly:
		s, e = month(now, p.zone())
	case fiveHours, total, windowCount:
		return forever, maxMs
	}
	return s.UnixMilli(), e.UnixMilli()
}

func resetMs(t time.Time) int64 {
	if t.IsZero() {
		return forever
	}
	return t.UnixMilli()
}
