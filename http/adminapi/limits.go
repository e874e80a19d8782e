package adminapi

import (
	"slices"
	"time"

	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

// LimitFields are the limits in a create or update. Null or 0 is unlimited.
type LimitFields struct {
	USD5h              field[float64] `json:"limit5hUsd,omitzero"              minimum:"0"          maximum:"1000000000"`
	USD5hMode          field[string]  `json:"limit5hMode,omitzero"             enum:"rolling,fixed"`
	USDDaily           field[float64] `json:"dailyLimitUsd,omitzero"           minimum:"0"          maximum:"1000000000"`
	DailyMode          field[string]  `json:"dailyMode,omitzero"               enum:"rolling,fixed"`
	DailyResetTime     field[string]  `json:"dailyResetTime,omitzero"          pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" doc:"HH:mm in the system's time zone"`
	USDWeekly          field[float64] `json:"limitWeeklyUsd,omitzero"          minimum:"0"          maximum:"1000000000"`
	USDMonthly         field[float64] `json:"limitMonthlyUsd,omitzero"         minimum:"0"          maximum:"1000000000"`
	USDTotal           field[float64] `json:"limitTotalUsd,omitzero"           minimum:"0"          maximum:"1000000000"`
	ConcurrentSessions field[int]     `json:"limitConcurrentSessions,omitzero" minimum:"0"          maximum:"1000000"`
	ConcurrentRequests field[int]     `json:"limitConcurrentRequests,omitzero" minimum:"0"          maximum:"1000000"`
	RPM                field[int]     `json:"rpmLimit,omitzero"                minimum:"0"          maximum:"1000000" doc:"requests a minute"`
}

func (f *LimitFields) apply(l *domain.Limits) {
	money(f.USD5h, &l.USD5h)
	named(f.USD5hMode, &l.USD5hMode, domain.WindowRolling)
	money(f.USDDaily, &l.USDDaily)
	named(f.DailyMode, &l.DailyMode, domain.WindowFixed)
	f.DailyResetTime.to(&l.DailyResetTime, "00:00")
	money(f.USDWeekly, &l.USDWeekly)
	money(f.USDMonthly, &l.USDMonthly)
	money(f.USDTotal, &l.USDTotal)
	f.ConcurrentSessions.to(&l.ConcurrentSessions, 0)
	f.ConcurrentRequests.to(&l.ConcurrentRequests, 0)
	f.RPM.to(&l.RPM, 0)
}

func money(f field[float64], m *domain.Money) {
	if f.set {
		*m = domain.MoneyFromUSD(f.value)
	}
}

// named writes a member that is one of a few words.
func named[T ~string](f field[string], target *T, cleared T) {
	if f.set {
		*target = T(f.value)
		if f.null {
			*target = cleared
		}
	}
}

func defaultLimits() domain.Limits {
	return domain.Limits{USD5hMode: domain.WindowRolling, DailyMode: domain.WindowFixed, DailyResetTime: "00:00"}
}

// LimitBody are the limits as shown. Null is unlimited.
type LimitBody struct {
	USD5h              *float64   `json:"limit5hUsd"`
	USD5hMode          string     `json:"limit5hMode"`
	USDDaily           *float64   `json:"dailyLimitUsd"`
	DailyMode          string     `json:"dailyMode"`
	DailyResetTime     string     `json:"dailyResetTime"`
	USDWeekly          *float64   `json:"limitWeeklyUsd"`
	USDMonthly         *float64   `json:"limitMonthlyUsd"`
	USDTotal           *float64   `json:"limitTotalUsd"`
	ConcurrentSessions *int       `json:"limitConcurrentSessions"`
	ConcurrentRequests *int       `json:"limitConcurrentRequests"`
	RPM                *int       `json:"rpmLimit"`
	CostResetAt        *time.Time `json:"costResetAt"`
	Cost5hResetAt      *time.Time `json:"cost5hResetAt"`
}

func limitsOf(l *domain.Limits) LimitBody {
	return LimitBody{
		USD5h: usd(l.USD5h), USD5hMode: string(l.USD5hMode),
		USDDaily: usd(l.USDDaily), DailyMode: string(l.DailyMode), DailyResetTime: l.DailyResetTime,
		USDWeekly: usd(l.USDWeekly), USDMonthly: usd(l.USDMonthly), USDTotal: usd(l.USDTotal),
		ConcurrentSessions: optional(l.ConcurrentSessions), ConcurrentRequests: optional(l.ConcurrentRequests),
		RPM: optional(l.RPM), CostResetAt: instant(l.CostResetAt), Cost5hResetAt: instant(l.Cost5hResetAt),
	}
}

// checkKeyLimits refuses limits of a key that are above those of its user. before
// are the key's so far: what is not changed may stay, as a user's limits may be
// lowered below those of the keys.
func (f *faults) checkKeyLimits(key, before, user *domain.Limits) {
	fields := map[string]string{
		"5H": "limit5hUsd", "DAILY": "dailyLimitUsd", "WEEKLY": "limitWeeklyUsd", "MONTHLY": "limitMonthlyUsd",
		"TOTAL": "limitTotalUsd", "CONCURRENT": "limitConcurrentSessions",
	}
	old := limits.KeyExcess(before, user)
	for _, e := range limits.KeyExcess(key, user) {
		if slices.Contains(old, e) {
			continue
		}
		params := map[string]float64{"keyLimit": float64(e.KeyLimit), "userLimit": float64(e.UserLimit)}
		if e.Money {
			params["keyLimit"], params["userLimit"] = domain.Money(e.KeyLimit).USD(), domain.Money(e.UserLimit).USD()
		}
		*f = append(*f, problem.InvalidParam{
			Path: []any{fields[e.Kind]}, Code: e.Code, Message: "is above the user's limit", Params: params,
		})
	}
}

// checkWithin refuses limits looser than those of bound, whose zeroes bound
// nothing, where administrators are free. A limit of its own that is unlimited
// stays under the bound anyway.
func (f *faults) checkWithin(l, bound *domain.Limits) {
	checkBound(f, "limitConcurrentRequests", l.ConcurrentRequests, bound.ConcurrentRequests)
	checkBound(f, "rpmLimit", l.RPM, bound.RPM)
}

func checkBound[T ~int | ~int64](f *faults, name string, v, bound T) {
	if bound > 0 && v > bound {
		f.add("too_big", "is above the limit set for you", name)
	}
}

// checkLowered refuses limits that were raised or lifted.
func (f *faults) checkLowered(l, before *domain.Limits) {
	for _, m := range []struct {
		name        string
		now, before int64
	}{
		{"limit5hUsd", int64(l.USD5h), int64(before.USD5h)},
		{"dailyLimitUsd", int64(l.USDDaily), int64(before.USDDaily)},
		{"limitWeeklyUsd", int64(l.USDWeekly), int64(before.USDWeekly)},
		{"limitMonthlyUsd", int64(l.USDMonthly), int64(before.USDMonthly)},
		{"limitTotalUsd", int64(l.USDTotal), int64(before.USDTotal)},
		{"limitConcurrentSessions", int64(l.ConcurrentSessions), int64(before.ConcurrentSessions)},
		{"limitConcurrentRequests", int64(l.ConcurrentRequests), int64(before.ConcurrentRequests)},
		{"rpmLimit", int64(l.RPM), int64(before.RPM)},
	} {
		if m.before > 0 && (m.now == 0 || m.now > m.before) {
			f.add("too_big", "may only be lowered", m.name)
		}
	}
}

// usd shows money, 0 as null.
func usd(m domain.Money) *float64 {
	if m == 0 {
		return nil
	}
	v := m.USD()
	return &v
}

// optional shows the zero value as null.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// instant shows the zero time as null.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	u := t.UTC()
	return &u
}
