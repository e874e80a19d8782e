package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Times are Unix milliseconds in the tables; 0, written as NULL where the
// column allows it, is the zero time.

func toMillis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func millis(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

// toJSON encodes a column; nil slices become [].
func toJSON[T any](list []T) string {
	if len(list) == 0 {
		return "[]"
	}
	b, err := json.Marshal(list)
	if err != nil {
		panic("store: encode a column: " + err.Error()) // strings and structs of strings only
	}
	return string(b)
}

// toObject encodes a struct of plain values.
func toObject(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("store: encode a column: " + err.Error()) // strings, numbers and flags only
	}
	return string(b)
}

func fromJSON[T any](column, text string) ([]T, error) {
	var list []T
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("decode column %s: %w", column, err)
	}
	if len(list) == 0 {
		return nil, nil
	}
	return list, nil
}

// limitColumns are the limits of a user, a key or a provider.
type limitColumns struct {
	USD5h              int64  `bun:"limit_5h_nusd,nullzero"`
	USD5hMode          string `bun:"limit_5h_mode"`
	USDDaily           int64  `bun:"limit_daily_nusd,nullzero"`
	DailyMode          string `bun:"daily_mode"`
	DailyResetTime     string `bun:"daily_reset_time"`
	USDWeekly          int64  `bun:"limit_weekly_nusd,nullzero"`
	USDMonthly         int64  `bun:"limit_monthly_nusd,nullzero"`
	USDTotal           int64  `bun:"limit_total_nusd,nullzero"`
	ConcurrentSessions int    `bun:"limit_concurrent_sessions,nullzero"`
	RPM                int    `bun:"rpm_limit,nullzero"`
	ConcurrentRequests int    `bun:"limit_concurrent_requests,nullzero"`
	CostResetAt        int64  `bun:"cost_reset_at,nullzero"`
	Cost5hResetAt      int64  `bun:"cost_5h_reset_at,nullzero"`
}

func fromLimits(l domain.Limits) limitColumns {
	return limitColumns{
		USD5h:              int64(l.USD5h),
		USD5hMode:          cmp.Or(string(l.USD5hMode), string(domain.WindowRolling)),
		USDDaily:           int64(l.USDDaily),
		DailyMode:          cmp.Or(string(l.DailyMode), string(domain.WindowFixed)),
		DailyResetTime:     cmp.Or(l.DailyResetTime, "00:00"),
		USDWeekly:          int64(l.USDWeekly),
		USDMonthly:         int64(l.USDMonthly),
		USDTotal:           int64(l.USDTotal),
		ConcurrentSessions: l.ConcurrentSessions,
		RPM:                l.RPM,
		ConcurrentRequests: l.ConcurrentRequests,
		CostResetAt:        toMillis(l.CostResetAt),
		Cost5hResetAt:      toMillis(l.Cost5hResetAt),
	}
}

func (c limitColumns) limits() domain.Limits {
	return domain.Limits{
		USD5h:              domain.Money(c.USD5h),
		USD5hMode:          domain.WindowMode(c.USD5hMode),
		USDDaily:           domain.Money(c.USDDaily),
		DailyMode:          domain.WindowMode(c.DailyMode),
		DailyResetTime:     c.DailyResetTime,
		USDWeekly:          domain.Money(c.USDWeekly),
		USDMonthly:         domain.Money(c.USDMonthly),
		USDTotal:           domain.Money(c.USDTotal),
		ConcurrentSessions: c.ConcurrentSessions,
		RPM:                c.RPM,
		ConcurrentRequests: c.ConcurrentRequests,
		CostResetAt:        fromMillis(c.CostResetAt),
		Cost5hResetAt:      fromMillis(c.Cost5hResetAt),
	}
}
