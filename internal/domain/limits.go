package domain

import "time"

// LimitType names a limit; it is the reason code of a refusal too.
type LimitType string

// The limits.
const (
	LimitRPM                LimitType = "rpm"
	Limit5h                 LimitType = "usd_5h"
	LimitDaily              LimitType = "daily_quota"
	LimitWeekly             LimitType = "usd_weekly"
	LimitMonthly            LimitType = "usd_monthly"
	LimitTotal              LimitType = "usd_total"
	LimitConcurrentSessions LimitType = "concurrent_sessions"
	LimitConcurrentRequests LimitType = "concurrent_requests"
)

// Money tells whether the limit is an amount of money.
func (t LimitType) Money() bool {
	switch t {
	case Limit5h, LimitDaily, LimitWeekly, LimitMonthly, LimitTotal:
		return true
	case LimitRPM, LimitConcurrentSessions, LimitConcurrentRequests:
	}
	return false
}

// Scope says whose limit it is.
type Scope string

// The scopes.
const (
	ScopeUser     Scope = "user"
	ScopeKey      Scope = "key"
	ScopeProvider Scope = "provider"
)

// WindowMode is how a money window moves.
type WindowMode string

// The window modes.
const (
	WindowRolling WindowMode = "rolling"
	WindowFixed   WindowMode = "fixed"
)

// Limits bound a user, a key or a provider. Zero means unlimited.
type Limits struct {
	USD5h              Money
	USD5hMode          WindowMode // default rolling
	USDDaily           Money
	DailyMode          WindowMode // default fixed
	DailyResetTime     string     // HH:mm in the system zone, fixed mode only
	USDWeekly          Money
	USDMonthly         Money
	USDTotal           Money
	ConcurrentSessions int
	ConcurrentRequests int
	RPM                int
	CostResetAt        time.Time // counting starts after it; zero = never reset
	Cost5hResetAt      time.Time
}

// HasMoney tells whether an amount of money is limited.
func (l *Limits) HasMoney() bool {
	return l.USD5h > 0 || l.USDDaily > 0 || l.USDWeekly > 0 || l.USDMonthly > 0 || l.USDTotal > 0
}

// SmallestMoney is the smallest amount that is limited; 0 = none is.
func (l *Limits) SmallestMoney() (least Money) {
	for _, m := range [...]Money{l.USD5h, l.USDDaily, l.USDWeekly, l.USDMonthly, l.USDTotal} {
		if m > 0 && (least == 0 || m < least) {
			least = m
		}
	}
	return least
}

// Rolls tells whether the window of a limit has no fixed borders.
func (l *Limits) Rolls(t LimitType) bool {
	return t == Limit5h && l.USD5hMode != WindowFixed || t == LimitDaily && l.DailyMode == WindowRolling
}
