package domain

import "time"

// DailyWindow is a part of every day, from a minute of the day to another, the
// latter excluded; past midnight if it begins later than it ends. The zero value
// has no bounds.
type DailyWindow struct {
	Start string // "HH:mm"
	End   string // "HH:mm"; both or neither
}

// IsZero tells whether the window has no bounds.
func (w DailyWindow) IsZero() bool { return w == DailyWindow{} }

// Minutes are the bounds as minutes of the day. A window that lacks a bound, or
// has one that is no time of day, bounds nothing: ok is false.
func (w DailyWindow) Minutes() (start, end int, ok bool) {
	start, startOK := MinuteOfDay(w.Start)
	end, endOK := MinuteOfDay(w.End)
	return start, end, startOK && endOK
}

// MinuteOfDay reads "HH:mm".
func MinuteOfDay(s string) (int, bool) {
	if len(s) != len("15:04") {
		return 0, false
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, false
	}
	return t.Hour()*60 + t.Minute(), true
}
