package limits_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

func TestParseClock(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]limits.Clock{"00:00": 0, "09:05": 545, "23:59": 1439} {
		got, err := limits.ParseClock(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "24:00", "12:60", "1:00", "01:0", "01-00", "ab:cd", "+1:00", "012:00", "０1:00"} {
		_, err := limits.ParseClock(text)
		require.ErrorIs(t, err, limits.ErrClock, text)
	}
}

// firstAt is the first minute at which the local clock shows the time or a
// later one.
func firstAt(zone *time.Location, y int, m time.Month, d int, clock time.Duration) time.Time {
	wanted := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Add(clock)
	for t := wanted.Add(-30 * time.Hour); ; t = t.Add(time.Minute) {
		local := t.In(zone)
		ly, lm, ld := local.Date()
		if wall := time.Date(ly, lm, ld, local.Hour(), local.Minute(), 0, 0, time.UTC); !wall.Before(wanted) {
			return t
		}
	}
}

func spans(plan limits.Plan, now time.Time) map[domain.LimitType]limits.Status {
	out := map[domain.LimitType]limits.Status{}
	for _, st := range limits.NewSpend(plan, now).Status(&domain.Limits{}, now) {
		out[st.Limit] = st
	}
	return out
}

func TestWindowsOnDaysOfClockChanges(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		zone  string
		date  time.Time
		clock []string
	}{
		{"America/New_York", time.Date(2026, 3, 8, 0, 0, 0, 0, time.UTC), []string{"00:00", "01:59", "02:00", "02:30", "03:00", "18:00"}},
		{"America/New_York", time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), []string{"00:00", "00:59", "01:00", "01:30", "02:00"}},
		{"Europe/Berlin", time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC), []string{"00:00", "02:00", "02:59", "03:00"}},
		{"Europe/Berlin", time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC), []string{"02:00", "02:30", "03:00"}},
		{"Australia/Lord_Howe", time.Date(2026, 4, 5, 0, 0, 0, 0, time.UTC), []string{"01:15", "01:45", "02:00"}}, // half an hour
		{"Australia/Lord_Howe", time.Date(2026, 10, 4, 0, 0, 0, 0, time.UTC), []string{"02:00", "02:15", "02:30"}},
		{"America/Sao_Paulo", time.Date(2018, 11, 4, 0, 0, 0, 0, time.UTC), []string{"00:00", "00:30", "01:00"}}, // midnight left out
		{"Pacific/Apia", time.Date(2011, 12, 30, 0, 0, 0, 0, time.UTC), []string{"00:00", "12:00"}},              // a day left out
		{"Asia/Shanghai", time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), []string{"18:00"}},
	} {
		zone, err := time.LoadLocation(tt.zone)
		require.NoError(t, err)
		for _, text := range tt.clock {
			at, err := limits.ParseClock(text)
			require.NoError(t, err)
			var bounds []time.Time
			for d := -3; d <= 4; d++ {
				y, m, day := tt.date.AddDate(0, 0, d).Date()
				bounds = append(bounds, firstAt(zone, y, m, day, time.Duration(at)*time.Minute))
			}
			plan := limits.Plan{Daily: domain.WindowFixed, DailyAt: at, Zone: zone}
			for now := bounds[1]; now.Before(bounds[6]); now = now.Add(10 * time.Minute) {
				for _, probe := range []time.Time{now, now.Add(-time.Millisecond)} {
					st := spans(plan, probe)[domain.LimitDaily]
					i := 0
					for !bounds[i+1].After(probe) {
						i++
					}
					require.True(t, st.StartAt.Equal(bounds[i]), "%s %s at %v: %v", tt.zone, text, probe, st.StartAt)
					require.True(t, st.EndAt.Equal(bounds[i+1]), "%s %s at %v: %v", tt.zone, text, probe, st.EndAt)
				}
			}
		}
	}
}

func TestWeeksAndMonthsFollowTheZone(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	got := spans(limits.Plan{Zone: zone}, time.Date(2026, 3, 9, 3, 59, 59, 0, time.UTC)) // Sunday 23:59:59
	require.Equal(t, "2026-03-02T05:00:00Z", got[domain.LimitWeekly].StartAt.UTC().Format(time.RFC3339))
	require.Equal(t, "2026-03-09T04:00:00Z", got[domain.LimitWeekly].EndAt.UTC().Format(time.RFC3339), "a week of 167 hours")
	require.Equal(t, "2026-03-01T05:00:00Z", got[domain.LimitMonthly].StartAt.UTC().Format(time.RFC3339))
	require.Equal(t, "2026-04-01T04:00:00Z", got[domain.LimitMonthly].EndAt.UTC().Format(time.RFC3339))
	require.Zero(t, got[domain.LimitTotal].EndAt)

	leap := spans(limits.Plan{}, time.Date(2028, 2, 29, 23, 0, 0, 0, time.UTC))
	require.Equal(t, "2028-03-01T00:00:00Z", leap[domain.LimitMonthly].EndAt.UTC().Format(time.RFC3339))
	december := spans(limits.Plan{}, time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC))
	require.Equal(t, "2027-01-01T00:00:00Z", december[domain.LimitMonthly].EndAt.UTC().Format(time.RFC3339))
}
