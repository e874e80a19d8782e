package routing_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

func TestSchedule(t *testing.T) {
	t.Parallel()
	at := func(hhmm string) time.Time {
		clock, err := time.Parse("15:04", hhmm)
		require.NoError(t, err)
		return time.Date(2026, 11, 2, clock.Hour(), clock.Minute(), 30, 0, time.UTC)
	}
	tests := map[string]struct {
		start, end string
		open, shut []string
	}{
		"by day":         {"09:00", "18:00", []string{"09:00", "17:59"}, []string{"08:59", "18:00"}},
		"over midnight":  {"22:00", "06:00", []string{"22:00", "23:59", "00:00", "05:59"}, []string{"06:00", "21:59"}},
		"until midnight": {"22:00", "00:00", []string{"22:00", "23:59"}, []string{"00:00", "21:59"}},
		"never":          {"09:00", "09:00", nil, []string{"08:59", "09:00", "09:01"}},
		"no bounds":      {"", "", []string{"00:00", "12:00"}, nil},
		"no end":         {"09:00", "", []string{"00:00", "12:00"}, nil},
		"malformed":      {"9:00", "25:00", []string{"00:00", "12:00"}, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open := func(hhmm string) bool {
				in := input(plan(provider(1, active(tc.start, tc.end))), func(in *routing.Input) { in.Now = at(hhmm) })
				return routing.Choose(in, seeded(1)).Provider != nil
			}
			for _, hhmm := range tc.open {
				require.True(t, open(hhmm), hhmm)
			}
			for _, hhmm := range tc.shut {
				require.False(t, open(hhmm), hhmm)
			}
		})
	}
}

func TestScheduleIsInTheZoneOfTheSettings(t *testing.T) {
	t.Parallel()
	tokyo := routing.Compile(domain.NewCatalog(domain.Configuration{
		Providers: []*domain.Provider{provider(1, active("20:00", "22:00"))}, Settings: domain.Settings{Timezone: "Asia/Tokyo"},
	}))
	require.NotNil(t, routing.Choose(input(tokyo), seeded(1)).Provider, "noon UTC is nine in the evening there")
}
