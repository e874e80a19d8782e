package limits_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

func readVectors(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "vectors", name))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, into))
}

// usd is an amount written as a decimal.
type usd string

func (u usd) nano(t require.TestingT) domain.Money {
	whole, part, _ := strings.Cut(string(u), ".")
	part += strings.Repeat("0", 9-len(part))
	var n domain.Money
	require.NoError(t, json.Unmarshal([]byte(strings.TrimLeft(whole+part[:8], "0")+part[8:]), &n))
	return n
}

type timeline struct {
	Name  string `json:"name"`
	Limit struct {
		Window    string `json:"window"`
		Limit     usd    `json:"limit"`
		ResetTime string `json:"reset_time"`
		Timezone  string `json:"timezone"`
	} `json:"limit"`
	Events []struct {
		At     time.Time  `json:"at"`
		T      *time.Time `json:"t"`
		Op     string     `json:"op"`
		Amount usd        `json:"amount"`
		Expect struct {
			Allow      bool       `json:"allow"`
			Used       usd        `json:"used"`
			ResetAt    *time.Time `json:"reset_at"`
			RetryAfter *int64     `json:"retry_after_s"`
			Start      *time.Time `json:"window_start"`
			End        *time.Time `json:"window_end"`
		} `json:"expect"`
	} `json:"events"`
}

// bounds are the limits that the timeline is about and the name of the one.
func (tl *timeline) bounds(t *testing.T) (domain.Limits, domain.LimitType) {
	t.Helper()
	l := domain.Limits{DailyResetTime: tl.Limit.ResetTime}
	max := tl.Limit.Limit.nano(t)
	switch tl.Limit.Window {
	case "daily_fixed":
		l.USDDaily, l.DailyMode = max, domain.WindowFixed
		return l, domain.LimitDaily
	case "daily_rolling":
		l.USDDaily, l.DailyMode = max, domain.WindowRolling
		return l, domain.LimitDaily
	case "rolling_5h":
		l.USD5h, l.USD5hMode = max, domain.WindowRolling
		return l, domain.Limit5h
	case "fixed_5h":
		l.USD5h, l.USD5hMode = max, domain.WindowFixed
		return l, domain.Limit5h
	case "weekly":
		l.USDWeekly = max
		return l, domain.LimitWeekly
	case "monthly":
		l.USDMonthly = max
		return l, domain.LimitMonthly
	case "total":
		l.USDTotal = max
		return l, domain.LimitTotal
	}
	require.Fail(t, "unknown window", tl.Limit.Window)
	return l, ""
}

func retryAfter(c limits.Check, now time.Time) *int64 {
	if !c.Failing || c.ResetAt.IsZero() {
		return nil
	}
	s := int64(math.Ceil(c.ResetAt.Sub(now).Seconds()))
	return &s
}

// runMoney replays a timeline. With restart, the state is stored and read back
// before each event.
func (tl *timeline) runMoney(t *testing.T, restart bool) {
	t.Helper()
	zone, err := time.LoadLocation(tl.Limit.Timezone)
	require.NoError(t, err)
	bounds, name := tl.bounds(t)
	plan := limits.PlanOf(domain.ScopeUser, &bounds, zone)
	s := limits.NewSpend(plan, tl.Events[0].At)
	for _, e := range tl.Events {
		if restart {
			var unknown []domain.LimitType
			s, unknown = limits.RestoreSpend(plan, s.State(), e.At)
			require.Empty(t, unknown)
		}
		switch e.Op {
		case "charge":
			at := e.At
			if e.T != nil {
				at = *e.T
			}
			s.Charge(at, e.Amount.nano(t), e.At)
		case "reset":
			bounds.CostResetAt = e.At
			plan = limits.PlanOf(domain.ScopeUser, &bounds, zone)
			require.Empty(t, s.Configure(plan, e.At))
		case "check":
			checks := s.Checks(nil, domain.ScopeUser, &bounds, limits.Balanced, 0, e.At)
			require.Len(t, checks, 1)
			c := checks[0]
			require.Equal(t, name, c.Limit)
			require.Equal(t, !e.Expect.Allow, c.Failing, e.At)
			require.EqualValues(t, e.Expect.Used.nano(t), c.Current, e.At)
			require.Equal(t, e.Expect.RetryAfter, retryAfter(c, e.At), e.At)
			if e.Expect.ResetAt != nil {
				require.True(t, e.Expect.ResetAt.Equal(c.ResetAt), "%v: %v", e.At, c.ResetAt)
			}
			for _, st := range s.Status(&bounds, e.At) {
				if st.Limit == name && e.Expect.Start != nil {
					require.True(t, e.Expect.Start.Equal(st.StartAt), "%v: %v", e.At, st.StartAt)
					require.True(t, e.Expect.End.Equal(st.EndAt), "%v: %v", e.At, st.EndAt)
				}
			}
		}
	}
}

func (tl *timeline) runRate(t *testing.T) {
	t.Helper()
	var r limits.Rate
	limit := int(tl.Limit.Limit.nano(t) / domain.NanoPerUSD)
	for _, e := range tl.Events {
		c := r.Check(domain.ScopeUser, limit, e.At)
		require.Equal(t, !e.Expect.Allow, c.Failing, e.At)
		require.EqualValues(t, e.Expect.Used.nano(t)/domain.NanoPerUSD, c.Current)
		require.Equal(t, e.Expect.RetryAfter, retryAfter(c, e.At))
		if !c.Failing {
			r.Add(e.At)
		}
	}
}

func TestWindowVectors(t *testing.T) {
	t.Parallel()
	var file struct {
		Timelines []timeline `json:"timelines"`
	}
	readVectors(t, "windows.json", &file)
	require.Len(t, file.Timelines, 15)
	for _, tl := range file.Timelines {
		t.Run(tl.Name, func(t *testing.T) {
			t.Parallel()
			if tl.Limit.Window == "rpm" {
				tl.runRate(t)
				return
			}
			tl.runMoney(t, false)
			tl.runMoney(t, true)
		})
	}
	t.Logf("%d window vectors", len(file.Timelines))
}

type admissionCase struct {
	Name   string                            `json:"name"`
	Policy limits.Policy                     `json:"policy"`
	Limits map[string]vectorLimit            `json:"limits"`
	Scopes map[string]map[string]vectorLimit `json:"scopes"`
	Steps  []struct {
		Op       string `json:"op"`
		ID       string `json:"id"`
		Key      string `json:"key"`
		Estimate usd    `json:"estimate"`
		Actual   usd    `json:"actual"`
		Window   string `json:"window"`
		Expect   struct {
			Allow         bool           `json:"allow"`
			ReservedTotal usd            `json:"reserved_total"`
			Window        string         `json:"window"`
			Scope         string         `json:"scope"`
			Reason        string         `json:"reason"`
			Parked        bool           `json:"parked"`
			Status        int            `json:"status"`
			Applied       bool           `json:"applied"`
			Used          map[string]usd `json:"used"`
		} `json:"expect"`
	} `json:"steps"`
}

type vectorLimit struct {
	Limit usd `json:"limit"`
	Used  usd `json:"used"`
}

// owner is one whose windows an admission vector speaks of.
type owner struct {
	scope  domain.Scope
	bounds domain.Limits
	spend  *limits.Spend
}

// In the vectors it is noon; a charge for the day but not for the five hours is
// of six in the morning.
var (
	noon  = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	early = noon.Add(-6 * time.Hour)
)

func newOwner(t *testing.T, scope domain.Scope, windows map[string]vectorLimit) *owner {
	t.Helper()
	o := &owner{scope: scope}
	recent := domain.Money(0)
	if w, ok := windows["usd_5h"]; ok {
		o.bounds.USD5h, recent = w.Limit.nano(t), w.Used.nano(t)
	}
	o.bounds.USDDaily = windows["daily_quota"].Limit.nano(t)
	o.spend = limits.NewSpend(limits.PlanOf(scope, &o.bounds, time.UTC), early)
	o.spend.Charge(early, windows["daily_quota"].Used.nano(t)-recent, early)
	o.spend.Charge(noon, recent, noon)
	return o
}

func (o *owner) used(name string) domain.Money {
	for _, st := range o.spend.Status(&o.bounds, noon) {
		if string(st.Limit) == name {
			return st.Used
		}
	}
	return -1
}

func (c *admissionCase) owners(t *testing.T) map[string]*owner {
	t.Helper()
	if c.Scopes == nil {
		return map[string]*owner{"user": newOwner(t, domain.ScopeUser, c.Limits)}
	}
	all := map[string]*owner{}
	for name, windows := range c.Scopes {
		scope := domain.ScopeKey
		if name == "user" {
			scope = domain.ScopeUser
		}
		all[name] = newOwner(t, scope, windows)
	}
	return all
}

func (c *admissionCase) run(t *testing.T) {
	t.Helper()
	owners := c.owners(t)
	of := map[string][]*owner{}       // by request
	open := map[string]domain.Money{} // reservations
	settled := map[string]bool{}
	for _, step := range c.Steps {
		list := of[step.ID]
		if list == nil {
			list = append(list, owners["user"])
			if k := owners["key:"+step.Key]; k != nil {
				list = append(list, k)
			}
			of[step.ID] = list
		}
		applied := true
		switch step.Op {
		case "admit":
			estimate := step.Estimate.nano(t)
			var checks []limits.Check
			for _, o := range list {
				checks = o.spend.Checks(checks, o.scope, &o.bounds, c.Policy, estimate, noon)
			}
			r := limits.Decide(checks)
			require.Equal(t, step.Expect.Allow, r == nil, step.ID)
			if r != nil {
				require.Equal(t, step.Expect.Window, string(r.Limit), step.ID)
				require.Equal(t, step.Expect.Reason == "reserved", r.Reserved, step.ID)
				require.Equal(t, step.Expect.Parked, r.Passing, step.ID)
				if step.Expect.Scope != "" {
					require.Equal(t, step.Expect.Scope, string(r.Scope), step.ID)
				}
				continue
			}
			for _, o := range list {
				o.spend.Hold(noon, estimate)
			}
			open[step.ID] = estimate
			require.Equal(t, step.Expect.ReservedTotal.nano(t), owners["user"].spend.Reserved(), step.ID)
			continue
		case "settle":
			at := noon
			if step.Window == "daily_quota" {
				at = early
			}
			if applied = !settled[step.ID]; applied {
				for _, o := range list {
					o.spend.Charge(at, step.Actual.nano(t), noon)
				}
			}
			settled[step.ID] = true
		case "release":
		}
		for _, o := range list {
			o.spend.Unhold(noon, open[step.ID])
		}
		delete(open, step.ID)
		require.Equal(t, step.Expect.Applied, applied, step.ID)
		for name, want := range step.Expect.Used {
			who, window, found := strings.Cut(name, "/")
			if !found {
				who, window = "user", name
			}
			require.Equal(t, want.nano(t), owners[who].used(window), "%s %s", step.ID, name)
		}
	}
}

func TestAdmissionVectors(t *testing.T) {
	t.Parallel()
	var file struct {
		Cases []admissionCase `json:"cases"`
	}
	readVectors(t, "admission.json", &file)
	require.Len(t, file.Cases, 8)
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) { t.Parallel(); c.run(t) })
	}
	t.Logf("%d admission vectors", len(file.Cases))
}
