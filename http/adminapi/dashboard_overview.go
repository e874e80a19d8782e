package adminapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

// overviewPoints is how many hours a series has, the last of them running.
const overviewPoints = 24

func (a *API) declareOverview() {
	operation(a, LevelGlobal, huma.Operation{
		OperationID: "dashboardOverview", Method: http.MethodGet, Path: "/dashboard/overview", Tags: []string{"Statistics"},
		Summary: "What is going on today, beside the same time yesterday",
	}, a.overview)
}

// metricBody is one figure of the overview. Null is what cannot be told.
type metricBody struct {
	Value    *float64   `json:"value"`
	Previous *float64   `json:"previous" doc:"yesterday, up to the same time of day"`
	Series   []*float64 `json:"series"   doc:"the last 24 hours, hour by hour of UTC; the last one is running"`
}

type overviewBody struct {
	At                 time.Time  `json:"at"`
	Timezone           string     `json:"timezone"           doc:"whose days these are"`
	Scope              string     `json:"scope"              enum:"all,own"`
	ConcurrentSessions metricBody `json:"concurrentSessions" doc:"used within the life of a session; earlier ones by their first and last use"`
	TodayRequests      metricBody `json:"todayRequests"`
	TodayCostUSD       metricBody `json:"todayCostUsd"`
	AvgResponseMs      metricBody `json:"avgResponseMs"`
	TTFTP50Ms          metricBody `json:"ttftP50Ms"`
	TTFTP95Ms          metricBody `json:"ttftP95Ms"`
	ErrorRate          metricBody `json:"errorRate"          doc:"0..1, of the requests that say something about their provider"`
	CacheReadShare     metricBody `json:"cacheReadShare"     doc:"0..1, of all input tokens"`
	LastMinuteRequests metricBody `json:"lastMinuteRequests" doc:"begun in the last minute, refused ones too; the series is per minute on average"`
	ProjectedMonthUSD  *float64   `json:"projectedMonthUsd"  doc:"what this month costs if it goes on like this"`
}

type overviewOutput struct{ Body overviewBody }

type overviewKey struct{ v viewer }

func (a *API) overview(ctx context.Context, _ *struct{}) (*overviewOutput, error) {
	v := a.viewerOf(callerOf(ctx))
	key := overviewKey{v}
	if v.wide { // nothing in it is of one user
		key.v = viewer{wide: true}
	}
	return answer(ctx, a.answers, key, overviewKept, func(ctx context.Context) (*overviewOutput, error) {
		body, err := a.workOutOverview(ctx, v)
		return &overviewOutput{Body: body}, err
	})
}

// overviewTimes are the times that an overview is about.
type overviewTimes struct {
	now, yesterday time.Time // yesterday: the same time of day
	today          usageRange
	before         usageRange // yesterday up to the same time of day
	hours          []time.Time
	month          usageRange
	monthEnd       time.Time
}

func timesOf(now time.Time, zone *time.Location) overviewTimes {
	hour := now.UTC().Truncate(time.Hour)
	t := overviewTimes{now: now}
	begin, _ := limits.Day(now, zone)
	t.today = usageRange{begin, hour.Add(time.Hour)} // nothing is later than now
	t.before.from = daysBefore(begin, 1, zone)
	y, m, d := t.before.from.In(zone).Date()
	h, minute, s := now.In(zone).Clock()
	t.yesterday = time.Date(y, m, d, h, minute, s, now.Nanosecond(), zone)
	t.before.to = minTime(maxTime(t.yesterday, t.before.from), begin)
	for k := overviewPoints - 1; k >= 0; k-- {
		t.hours = append(t.hours, hour.Add(-time.Duration(k)*time.Hour))
	}
	t.month = usageRange{to: t.today.to}
	t.month.from, t.monthEnd = limits.Month(now, zone)
	return t
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (a *API) workOutOverview(ctx context.Context, v viewer) (overviewBody, error) {
	zone := a.Catalog.Current().Zone()
	t := timesOf(a.Now(), zone)
	b := overviewBody{At: t.now.UTC(), Timezone: zone.String(), Scope: v.scope()}
	today, err := a.usageTotal(ctx, v, t.today, true)
	if err != nil {
		return b, err
	}
	before, err := a.usageTotal(ctx, v, t.before, true)
	if err != nil {
		return b, err
	}
	groups, err := a.Stores.Usage.Usage(ctx, domain.UsageQuery{
		From: t.hours[0], To: t.today.to, Zone: zone, Bucket: domain.HourBucket, User: v.of(), Latency: true,
	})
	if err != nil {
		return b, err
	}
	hours := make([]domain.UsageFigures, overviewPoints)
	for i := range groups {
		hours[int(groups[i].At.Sub(t.hours[0])/time.Hour)].Add(&groups[i].UsageFigures)
	}
	b.addUsage(today, before, hours)
	month, err := a.usageTotal(ctx, v, t.month, false)
	if err != nil {
		return b, err
	}
	if passed := t.now.Sub(t.month.from); passed > 0 {
		b.ProjectedMonthUSD = new(month.Cost.USD() * float64(t.monthEnd.Sub(t.month.from)) / float64(passed))
	}
	return b, a.addLive(ctx, v, t, hours, &b)
}

// usageTotal sums up a range.
func (a *API) usageTotal(ctx context.Context, v viewer, r usageRange, latency bool) (*domain.UsageFigures, error) {
	groups, err := a.Stores.Usage.Usage(ctx, domain.UsageQuery{
		From: r.from, To: r.to, Zone: a.Catalog.Current().Zone(), User: v.of(), Latency: latency,
	})
	sum := &domain.UsageFigures{}
	for i := range groups {
		sum.Add(&groups[i].UsageFigures)
	}
	return sum, err
}

func (b *overviewBody) addUsage(today, before *domain.UsageFigures, hours []domain.UsageFigures) {
	for _, m := range []struct {
		into   *metricBody
		figure func(f *domain.UsageFigures) *float64
	}{
		{&b.TodayRequests, func(f *domain.UsageFigures) *float64 { return new(float64(f.Requests)) }},
		{&b.TodayCostUSD, func(f *domain.UsageFigures) *float64 { return new(f.Cost.USD()) }},
		{&b.AvgResponseMs, func(f *domain.UsageFigures) *float64 { return share(f.Duration.Milliseconds(), f.Requests) }},
		{&b.TTFTP50Ms, firstToken(50)},
		{&b.TTFTP95Ms, firstToken(95)},
		{&b.ErrorRate, func(f *domain.UsageFigures) *float64 { return share(f.Failures, f.Successes+f.Failures) }},
		{&b.CacheReadShare, func(f *domain.UsageFigures) *float64 { return share(f.Tokens.CacheRead, f.InputTokens()) }},
	} {
		m.into.Value, m.into.Previous, m.into.Series = m.figure(today), m.figure(before), make([]*float64, len(hours))
		for i := range hours {
			m.into.Series[i] = m.figure(&hours[i])
		}
	}
}

func firstToken(percent float64) func(f *domain.UsageFigures) *float64 {
	return func(f *domain.UsageFigures) *float64 {
		if f.TTFTs == 0 {
			return nil
		}
		return new(float64(f.Percentile(percent)) / float64(time.Millisecond))
	}
}

// addLive adds what is told by sessions and the log of requests.
func (a *API) addLive(ctx context.Context, v viewer, t overviewTimes, hours []domain.UsageFigures, b *overviewBody) error {
	instants := append([]time.Time{t.now, t.yesterday}, t.hours[1:]...) // the ends of hours
	alive, err := a.Stores.Sessions.Alive(ctx, v.of(), instants, a.SessionTTL)
	if err != nil {
		return err
	}
	b.ConcurrentSessions.Value, b.ConcurrentSessions.Previous = new(float64(alive[0])), new(float64(alive[1]))
	for _, n := range append(alive[2:], alive[0]) {
		b.ConcurrentSessions.Series = append(b.ConcurrentSessions.Series, new(float64(n)))
	}
	for at, into := range map[time.Time]**float64{t.now: &b.LastMinuteRequests.Value, t.yesterday: &b.LastMinuteRequests.Previous} {
		n, err := a.Stores.Logs.CountBegun(ctx, v.of(), at.Add(-time.Minute), at)
		if err != nil {
			return err
		}
		*into = new(float64(n))
	}
	for i := range hours {
		minutes := 60.0
		if i == len(hours)-1 {
			minutes = max(1, t.now.Sub(t.hours[i]).Minutes())
		}
		b.LastMinuteRequests.Series = append(b.LastMinuteRequests.Series, new(float64(hours[i].Requests)/minutes))
	}
	return nil
}
