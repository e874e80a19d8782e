package routing

import (
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// schedule is a provider's daily window, made ready. The zero value is open at
// all times.
type schedule struct {
	bounded    bool
	start, end int // minutes of the day
}

func newSchedule(w domain.DailyWindow) schedule {
	start, end, ok := w.Minutes()
	return schedule{bounded: ok, start: start, end: end}
}

// open tells whether the minute of the day is inside. A window that ends where
// it begins never is.
func (s schedule) open(minute int) bool {
	switch {
	case !s.bounded:
		return true
	case s.start <= s.end:
		return s.start <= minute && minute < s.end
	}
	return minute >= s.start || minute < s.end // over midnight
}

// inWindow tells whether the provider is to be asked at an instant.
func (e *entry) inWindow(now time.Time, zone *time.Location) bool {
	if !e.schedule.bounded {
		return true
	}
	local := now.In(zone)
	return e.schedule.open(local.Hour()*60 + local.Minute())
}
