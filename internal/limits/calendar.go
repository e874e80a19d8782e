package limits

import (
	"errors"
	"time"
)

// Clock is a time of day in minutes after midnight.
type Clock int16

// ErrClock reports a text that is no time of day.
var ErrClock = errors.New("not a time of day: use HH:mm, 00:00 to 23:59")

// ParseClock reads HH:mm.
func ParseClock(s string) (Clock, error) {
	if len(s) != 5 || s[2] != ':' {
		return 0, ErrClock
	}
	digits := [4]byte{s[0], s[1], s[3], s[4]}
	for i := range digits {
		if digits[i] -= '0'; digits[i] > 9 {
			return 0, ErrClock
		}
	}
	h, m := Clock(digits[0])*10+Clock(digits[1]), Clock(digits[2])*10+Clock(digits[3])
	if h > 23 || m > 59 {
		return 0, ErrClock
	}
	return h*60 + m, nil
}

// Day is the civil day around now, from 00:00.
func Day(now time.Time, zone *time.Location) (start, end time.Time) { return day(now, zone, 0) }

// Week is the civil week around now, from Monday 00:00.
func Week(now time.Time, zone *time.Location) (start, end time.Time) { return week(now, zone) }

// Month is the civil month around now.
func Month(now time.Time, zone *time.Location) (start, end time.Time) { return month(now, zone) }

// day is the civil day around now that begins at the local time of day.
func day(now time.Time, zone *time.Location, at Clock) (start, end time.Time) {
	y, m, d := now.In(zone).Date()
	return around(now, func(k int) time.Time { return instant(y, m, d+k, at, zone) })
}

// week is the civil week around now, from Monday 00:00.
func week(now time.Time, zone *time.Location) (start, end time.Time) {
	local := now.In(zone)
	y, m, d := local.Date()
	monday := d - (int(local.Weekday())+6)%7
	return around(now, func(k int) time.Time { return instant(y, m, monday+7*k, 0, zone) })
}

// month is the civil month around now.
func month(now time.Time, zone *time.Location) (start, end time.Time) {
	y, m, _ := now.In(zone).Date()
	return around(now, func(k int) time.Time { return instant(y, m+time.Month(k), 1, 0, zone) })
}

// around finds the two neighbouring boundaries with now in [start, end). Number
// 0 is near now; boundaries ascend with their number.
func around(now time.Time, boundary func(k int) time.Time) (start, end time.Time) {
	end = boundary(2)
	for k := 1; ; k-- {
		start = boundary(k)
		if !start.After(now) {
			return start, end
		}
		end = start
	}
}

// instant is when a local clock shows the given date and time for the first
// time. A time that a clock change leaves out is the instant of the change.
// time.Date promises neither, so this walks through the zone's periods of equal
// offset, beginning safely before the date.
func instant(y int, m time.Month, d int, at Clock, zone *time.Location) time.Time {
	wall := time.Date(y, m, d, int(at)/60, int(at)%60, 0, 0, time.UTC)
	in := wall.Add(-48 * time.Hour).In(zone)
	for {
		_, offset := in.Zone()
		start, end := in.ZoneBounds()
		t := wall.Add(-time.Duration(offset) * time.Second)
		switch {
		case t.Before(start):
			return start.UTC() // skipped by the change
		case end.IsZero() || t.Before(end):
			return t
		}
		in = end
	}
}
