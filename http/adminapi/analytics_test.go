package adminapi_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/testkit"
	"github.com/claude-code-hub/cch/persistence/store"
)

type figuresJSON struct {
	Requests, Successes, Failures, TotalTokens, InputTokens, CacheReadInputTokens int64
	CostUSD                                                                       float64
	ProviderCostUSD                                                               *float64
}

type statisticsJSON struct {
	From, To           time.Time
	Timezone, Scope    string
	By, Bucket, Metric string
	Points             []time.Time
	Lines              []lineJSON
	Total              figuresJSON
}

type lineJSON struct {
	ID          *int64
	Name, Model *string
	Status      *string
	Others      bool
	Values      []float64
	Total       figuresJSON
}

type boardItem struct {
	Rank         int
	PreviousRank *int
	ID           *int64
	Name, Model  *string
	Share        *float64
	Figures      figuresJSON
	Parts        []struct {
		ProviderID *int64
		Model      *string
		Figures    figuresJSON
	}
}

type boardJSON struct {
	From, To time.Time
	View     string
	Count    int
	Total    *figuresJSON
	Items    []boardItem
}

// spend books a finished request of a person.
func (w *world) spend(p person, at time.Time, change func(*domain.LedgerRow)) domain.LedgerRow {
	w.t.Helper()
	ctx, user := w.t.Context(), domain.UserID(p.userID)
	epoch, err := w.store.Ledger().Claim(ctx, user, "test", w.clock())
	require.NoError(w.t, err)
	seq, err := w.store.Ledger().LastSeq(ctx, user)
	require.NoError(w.t, err)
	w.ledgerRows++
	row := domain.LedgerRow{
		SettleKey: domain.SettleKey{ReqID: domain.RequestID(w.ledgerRows), Attempt: 1, Kind: domain.LedgerCharge},
		UserID:    user, UserSeq: seq + 1, Epoch: epoch, KeyID: domain.KeyID(p.keyID), AdmittedAt: at.UnixMilli(), SettledAt: at.UnixMilli() + 900,
		Charge: domain.NanoPerUSD, ProviderCost: domain.NanoPerUSD / 2, State: "billed", IsFinal: true,
		LedgerFacts: domain.LedgerFacts{
			ProviderID: 1, Model: "m", Usage: domain.Usage{Input: 100, Output: 20, CacheRead: 60, CacheWrite5m: 40},
			Duration: 2 * time.Second, TTFT: time.Second, IsSuccess: true, CountsForRate: true,
		},
	}
	if change != nil {
		change(&row)
	}
	verdicts, err := w.store.Ledger().Append(ctx, []domain.LedgerRow{row})
	require.NoError(w.t, err)
	require.Equal(w.t, []error{nil}, verdicts)
	return row
}

func costing(usd float64) func(*domain.LedgerRow) {
	return func(r *domain.LedgerRow) { r.Charge = domain.MoneyFromUSD(usd) }
}

// The sums that the API tells are those of the ledger, wherever days are cut,
// while clocks change, on every engine.
func TestStatisticsAreTheSumsOfTheLedger(t *testing.T) {
	t.Parallel()
	template := testkit.NewPostgresTemplate(t, func(dsn string) {
		s, err := store.Open(t.Context(), store.Options{DSN: dsn, AutoMigrate: true})
		require.NoError(t, err)
		require.NoError(t, s.Close())
	})
	engines := map[string]func(*testing.T) *world{
		"sqlite": func(t *testing.T) *world { t.Helper(); return newWorld(t) },
		"postgres": func(t *testing.T) *world {
			t.Helper()
			return newWorldOn(t, func(t *testing.T, o store.Options) *store.Store {
				t.Helper()
				o.DSN, o.Pool = template.Database(t), store.PoolLimits{Connections: 6}
				s, err := store.Open(t.Context(), o)
				require.NoError(t, err)
				return s
			})
		},
	}
	for engine, open := range engines {
		for seed, zone := range []string{"America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago"} {
			t.Run(engine+" "+zone, func(t *testing.T) {
				t.Parallel()
				requireSums(t, open(t), zone, rand.New(rand.NewPCG(uint64(seed), 5)))
			})
		}
	}
}

// requireSums books a random history around a change of the clocks and asks for
// it in many ways.
func requireSums(t *testing.T, w *world, name string, r *rand.Rand) {
	t.Helper()
	zone, err := time.LoadLocation(name)
	require.NoError(t, err)
	change := time.Date(2026, 11, 1, 5, 0, 0, 0, time.UTC)
	if _, end := time.Date(2026, 9, 1, 0, 0, 0, 0, zone).ZoneBounds(); !end.IsZero() {
		change = end
	}
	begin := change.Add(-70 * time.Hour)
	w.now = begin.Add(6*24*time.Hour + 17*time.Minute)
	require.Equal(t, http.StatusOK, w.admin(http.MethodPatch, "/api/v1/settings", map[string]any{"timezone": name}).status)
	people := []person{w.person("ann", nil, nil), w.person("bob", nil, nil), w.person("cyd", nil, nil)}
	var rows []domain.LedgerRow
	book := func(n int) {
		for range n {
			at := begin.Add(time.Duration(r.Int64N(int64(w.now.Sub(begin)/time.Millisecond))) * time.Millisecond)
			rows = append(rows, w.spend(people[r.IntN(3)], at, func(row *domain.LedgerRow) {
				row.Charge, row.ProviderID = domain.Money(r.Int64N(1e12)), domain.ProviderID(r.IntN(4))
				row.Model, row.Usage.Output = []string{"a", "b", "c"}[r.IntN(3)], r.Int64N(1e6)
				row.IsSuccess, row.IsFinal = r.IntN(3) > 0, r.IntN(6) > 0
				row.CountsForRate = row.IsFinal && r.IntN(4) > 0
			}))
		}
	}
	book(150)
	_, err = w.store.Rollups().CloseDays(t.Context(), zone, w.now.Add(-time.Duration(r.IntN(60))*time.Hour))
	require.NoError(t, err)
	book(50) // some of them late
	for range 40 {
		requireStatistics(t, w, rows, begin, r)
		requireBoard(t, w, rows, begin, r)
	}
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// randomRange asks for a range in one of the ways that there are.
func randomRange(w *world, begin time.Time, r *rand.Rand, q url.Values) {
	if r.IntN(3) == 0 {
		q.Set("range", pick(r, "today", "7d", "30d", "month"))
		return
	}
	from := begin.Add(time.Duration(r.Int64N(int64(w.now.Sub(begin)))))
	q.Set("from", from.Format(time.RFC3339Nano))
	if r.IntN(2) == 0 {
		q.Set("to", from.Add(time.Duration(1+r.Int64N(int64(5*24*time.Hour)))).Format(time.RFC3339Nano))
	}
}

func requireStatistics(t *testing.T, w *world, rows []domain.LedgerRow, begin time.Time, r *rand.Rand) {
	t.Helper()
	q := url.Values{
		"by":     {pick(r, "user", "key", "provider", "model", "status")},
		"metric": {pick(r, "requests", "errors")}, "bucket": {pick(r, "hour", "day")}, "top": {pick(r, "1", "2", "8")},
	}
	if q.Get("by") != "status" {
		q.Set("metric", pick(r, "cost", "requests", "tokens", "errors"))
	}
	randomRange(w, begin, r, q)
	if rg := q.Get("range"); rg == "30d" || rg == "month" {
		q.Set("bucket", "day")
	}
	var got statisticsJSON
	a := w.admin(http.MethodGet, "/api/v1/dashboard/statistics?"+q.Encode(), nil)
	a.into(t, http.StatusOK, &got)
	total, points := figuresOf(rows, got.From, got.To), make([]int64, len(got.Points))
	for _, row := range rows {
		at := time.UnixMilli(row.AdmittedAt)
		if at.Before(got.From) || !at.Before(got.To) {
			continue
		}
		i := len(got.Points) - 1
		for got.Points[i].After(at) {
			i--
		}
		f := figuresOf([]domain.LedgerRow{row}, got.From, got.To)
		points[i] += unitsOf(q.Get("metric"), f)
	}
	require.Equal(t, total, withoutPaid(got.Total), "%s", q)
	for i, want := range points {
		sum := int64(0)
		for _, line := range got.Lines {
			require.Len(t, line.Values, len(points))
			sum += units(q.Get("metric"), line.Values[i])
		}
		require.Equal(t, want, sum, "point %d %s of %s", i, got.Points[i], q)
	}
}

func requireBoard(t *testing.T, w *world, rows []domain.LedgerRow, begin time.Time, r *rand.Rand) {
	t.Helper()
	q := url.Values{
		"scope": {pick(r, "user", "key", "model")}, "metric": {pick(r, "cost", "requests", "tokens", "cacheHitRate")},
		"period": {pick(r, "daily", "weekly", "monthly", "allTime")}, "expand": {"providers"},
	}
	if r.IntN(2) == 0 {
		q.Set("period", "custom")
		q.Set("from", begin.Add(time.Duration(r.Int64N(int64(w.now.Sub(begin))))).Format(time.RFC3339Nano))
	}
	var got boardJSON
	a := w.admin(http.MethodGet, "/api/v1/leaderboard?"+q.Encode(), nil)
	a.into(t, http.StatusOK, &got)
	require.Equal(t, figuresOf(rows, got.From, got.To), withoutPaid(*got.Total), "%s", q)
	var sum figuresJSON
	for i, item := range got.Items {
		require.Equal(t, i+1, item.Rank)
		var parts figuresJSON
		for _, part := range item.Parts {
			parts = plus(parts, part.Figures)
		}
		require.Equal(t, withoutPaid(item.Figures), parts, "%s", q)
		sum = plus(sum, item.Figures)
	}
	require.Equal(t, withoutPaid(*got.Total), sum, "%s", q)
}

// figuresOf is the plain answer.
func figuresOf(rows []domain.LedgerRow, from, to time.Time) (f figuresJSON) {
	var cost domain.Money
	for _, r := range rows {
		at := time.UnixMilli(r.AdmittedAt)
		if at.Before(from) || !at.Before(to) {
			continue
		}
		u := r.Usage
		in := u.Input + u.CacheRead + u.CacheWrite5m + u.CacheWrite1h
		f.InputTokens, f.CacheReadInputTokens, f.TotalTokens = f.InputTokens+u.Input, f.CacheReadInputTokens+u.CacheRead, f.TotalTokens+in+u.Output
		cost += r.Charge
		switch {
		case r.CountsForRate && r.IsSuccess:
			f.Successes++
		case r.CountsForRate:
			f.Failures++
		}
		if r.IsFinal {
			f.Requests++
		}
	}
	f.CostUSD = cost.USD()
	return f
}

func withoutPaid(f figuresJSON) figuresJSON {
	f.ProviderCostUSD = nil
	return f
}

func plus(a, b figuresJSON) figuresJSON {
	return figuresJSON{
		Requests: a.Requests + b.Requests, Successes: a.Successes + b.Successes, Failures: a.Failures + b.Failures,
		TotalTokens: a.TotalTokens + b.TotalTokens, InputTokens: a.InputTokens + b.InputTokens,
		CacheReadInputTokens: a.CacheReadInputTokens + b.CacheReadInputTokens,
		CostUSD:              (domain.MoneyFromUSD(a.CostUSD) + domain.MoneyFromUSD(b.CostUSD)).USD(),
	}
}

func unitsOf(metric string, f figuresJSON) int64 {
	switch metric {
	case "requests":
		return f.Requests
	case "tokens":
		return f.TotalTokens
	case "errors":
		return f.Failures
	}
	return units("cost", f.CostUSD)
}

func units(metric string, shown float64) int64 {
	if metric == "cost" {
		return int64(domain.MoneyFromUSD(shown))
	}
	return int64(shown)
}

// Everybody sees their own sums; with the setting users see everybody's, but
// neither other people apart nor what providers cost.
func TestWhoSeesWhichStatistics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.provider("")
	ann, bob := w.person("ann", nil, nil), w.person("bob", nil, nil)
	w.spend(ann, w.now, costing(1))
	w.spend(bob, w.now, costing(3))
	statistics := func(p person, query string) (s statisticsJSON) {
		a := w.as(p, "/api/v1/dashboard/statistics?range=today&"+query)
		a.into(t, http.StatusOK, &s)
		require.NotContains(t, a.text, `"one"`, "a provider's name")
		return s
	}
	board := func(p person, query string) (b boardJSON) {
		a := w.as(p, "/api/v1/leaderboard?"+query)
		a.into(t, http.StatusOK, &b)
		return b
	}
	for _, by := range []string{"user", "key", "provider", "model"} {
		s := statistics(ann, "by="+by)
		require.Equal(t, "own", s.Scope)
		require.InDelta(t, 1, s.Total.CostUSD, 0, by)
		require.Nil(t, s.Total.ProviderCostUSD)
		require.Len(t, s.Lines, 1)
	}
	require.Equal(t, http.StatusNotFound, w.as(ann, fmt.Sprint("/api/v1/dashboard/statistics?userId=", bob.userID)).status)
	require.Equal(t, http.StatusNotFound, w.as(ann, fmt.Sprint("/api/v1/dashboard/statistics?keyId=", bob.keyID)).status)
	require.Equal(t, http.StatusOK, w.as(ann, fmt.Sprint("/api/v1/dashboard/statistics?keyId=", ann.keyID)).status)
	b := board(ann, "scope=user")
	require.Len(t, b.Items, 1)
	require.Equal(t, 2, b.Items[0].Rank, "among all")
	require.Nil(t, b.Items[0].Share)
	require.Nil(t, b.Total)
	require.InDelta(t, 1, board(ann, "scope=model").Total.CostUSD, 0)

	require.Equal(t, http.StatusOK, w.admin(http.MethodPatch, "/api/v1/settings", `{"allowGlobalUsageView":true}`).status)
	for _, by := range []string{"user", "key"} {
		s := statistics(ann, "by="+by)
		require.Equal(t, "all", s.Scope)
		require.InDelta(t, 4, s.Total.CostUSD, 0, by)
		require.Len(t, s.Lines, 2)
		require.InDelta(t, 1, s.Lines[0].Total.CostUSD, 0, "one's own line")
		require.True(t, s.Lines[1].Others)
		require.Nil(t, s.Lines[1].ID)
	}
	require.Equal(t, http.StatusNotFound, w.as(ann, fmt.Sprint("/api/v1/dashboard/statistics?userId=", bob.userID)).status)
	require.InDelta(t, 4, statistics(ann, "by=model").Lines[0].Total.CostUSD, 0)
	b = board(ann, "scope=user")
	require.Len(t, b.Items, 2)
	require.InDelta(t, 0.75, *b.Items[0].Share, 0)
	require.Len(t, board(ann, "scope=key").Items, 1, "keys of others stay theirs")

	var all statisticsJSON
	w.admin(http.MethodGet, "/api/v1/dashboard/statistics?range=today", nil).into(t, http.StatusOK, &all)
	require.Len(t, all.Lines, 2)
	require.Equal(t, "bob", *all.Lines[0].Name)
	require.InDelta(t, 1, *all.Total.ProviderCostUSD, 0)
}

func TestStatisticsAreKeptForAWhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.person("ann", nil, nil)
	w.spend(ann, w.now, nil)
	requests := map[string]func() int64{
		"30s": func() int64 {
			var s statisticsJSON
			w.admin(http.MethodGet, "/api/v1/dashboard/statistics?range=today", nil).into(t, http.StatusOK, &s)
			return s.Total.Requests
		},
		"60s": func() int64 {
			var b boardJSON
			w.admin(http.MethodGet, "/api/v1/leaderboard", nil).into(t, http.StatusOK, &b)
			return b.Total.Requests
		},
		"5s": func() int64 {
			var o struct{ TodayRequests metricJSON }
			w.admin(http.MethodGet, "/api/v1/dashboard/overview", nil).into(t, http.StatusOK, &o)
			return int64(*o.TodayRequests.Value)
		},
	}
	for life, ask := range requests {
		require.EqualValues(t, 1, ask(), life)
	}
	w.spend(ann, w.now, nil)
	for life, ask := range requests {
		require.EqualValues(t, 1, ask(), "%s: kept", life)
		d, err := time.ParseDuration(life)
		require.NoError(t, err)
		w.advance(d)
		require.EqualValues(t, 2, ask(), "%s: over", life)
		w.advance(-d)
	}
	var s statisticsJSON
	w.as(ann, "/api/v1/dashboard/statistics?range=today").into(t, http.StatusOK, &s)
	require.EqualValues(t, 2, s.Total.Requests, "a user's answer is not an administrator's")
}

func TestOverviewBesideYesterday(t *testing.T) {
	t.Parallel()
	w := newWorld(t) // 10:00 UTC
	ann := w.person("ann", nil, nil)
	yesterday := w.now.Add(-24 * time.Hour)
	for i := range 4 {
		w.spend(ann, w.now.Add(-time.Duration(i)*time.Hour), func(r *domain.LedgerRow) {
			r.IsSuccess, r.TTFT = i > 0, time.Duration(1+i)*900*time.Millisecond
		})
	}
	w.spend(ann, yesterday.Add(-time.Minute), costing(0.5))
	w.spend(ann, yesterday.Add(time.Minute), costing(8)) // later than the same time
	w.request(ann, nil)
	w.advance(time.Second)

	var o struct {
		Scope, Timezone                                                       string
		TodayRequests, TodayCostUSD, ErrorRate, CacheReadShare, AvgResponseMs metricJSON
		TTFTP50Ms, TTFTP95Ms, ConcurrentSessions, LastMinuteRequests          metricJSON
		ProjectedMonthUSD                                                     *float64
	}
	w.admin(http.MethodGet, "/api/v1/dashboard/overview", nil).into(t, http.StatusOK, &o)
	require.Equal(t, "all", o.Scope)
	require.InDelta(t, 5, *o.TodayRequests.Value, 0)
	require.InDelta(t, 1, *o.TodayRequests.Previous, 0)
	require.InDelta(t, 0.5, *o.TodayCostUSD.Previous, 0)
	require.InDelta(t, 4.0125, *o.TodayCostUSD.Value, 1e-9)
	require.InDelta(t, 0.2, *o.ErrorRate.Value, 1e-9)
	require.InDelta(t, 2000, *o.AvgResponseMs.Previous, 0)
	require.InDelta(t, 1, *o.ConcurrentSessions.Value, 0)
	require.InDelta(t, 0, *o.ConcurrentSessions.Previous, 0)
	require.InDelta(t, 1, *o.LastMinuteRequests.Value, 0)
	require.Greater(t, *o.TTFTP95Ms.Value, *o.TTFTP50Ms.Value)
	require.Less(t, *o.TTFTP95Ms.Value, 4000.1)
	require.InDelta(t, (4.0125+8.5)*30*24/(22*24+10), *o.ProjectedMonthUSD, 0.01)
	for _, m := range []metricJSON{o.TodayRequests, o.TTFTP50Ms, o.ConcurrentSessions, o.LastMinuteRequests, o.CacheReadShare} {
		require.Len(t, m.Series, 24)
	}
	require.Nil(t, o.TTFTP50Ms.Series[3], "nothing happened then")
	require.InDelta(t, 2, *o.TodayRequests.Series[23], 0)

	bob := w.person("bob", nil, nil)
	w.as(bob, "/api/v1/dashboard/overview").into(t, http.StatusOK, &o)
	require.Equal(t, "own", o.Scope)
	require.Zero(t, *o.TodayRequests.Value)
	require.Zero(t, *o.ConcurrentSessions.Value)
	require.Zero(t, *o.LastMinuteRequests.Value)
	require.Nil(t, o.ErrorRate.Value)
}

type metricJSON struct {
	Value, Previous *float64
	Series          []*float64
}

func TestLeaderboardRanksAndParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	provider := w.provider("")
	ann, bob := w.person("ann", map[string]any{"groups": []string{"red"}}, nil), w.person("bob", nil, nil)
	w.spend(ann, w.now.Add(-24*time.Hour), costing(9))
	w.spend(bob, w.now.Add(-24*time.Hour), costing(1))
	for _, model := range []string{"a", "b"} {
		w.spend(ann, w.now, func(r *domain.LedgerRow) {
			r.Model, r.Charge, r.ProviderID = model, domain.NanoPerUSD, domain.ProviderID(provider)
		})
	}
	w.spend(bob, w.now, func(r *domain.LedgerRow) { r.Charge, r.ProviderID = 8*domain.NanoPerUSD, 99 })

	board := func(query string) (b boardJSON) {
		w.admin(http.MethodGet, "/api/v1/leaderboard?"+query, nil).into(t, http.StatusOK, &b)
		return b
	}
	b := board("expand=models")
	require.Equal(t, 2, b.Count)
	require.Equal(t, "bob", *b.Items[0].Name)
	require.Equal(t, 2, *b.Items[0].PreviousRank)
	require.InDelta(t, 0.8, *b.Items[0].Share, 1e-9)
	require.Equal(t, 1, *b.Items[1].PreviousRank)
	require.Len(t, b.Items[1].Parts, 2)
	require.Equal(t, 1, board("period=daily&at=" + w.now.Add(-24*time.Hour).Format(time.RFC3339)).Items[0].Rank)
	require.Equal(t, "ann", *board("at=" + w.now.Add(-24*time.Hour).Format(time.RFC3339)).Items[0].Name)
	require.Len(t, board("groups=red").Items, 1)
	require.Empty(t, board("groups=blue").Items)
	require.InDelta(t, 2, board("providerType=claude").Total.CostUSD, 0)
	require.Empty(t, board("providerType=gemini").Items)
	b = board("limit=1")
	require.Len(t, b.Items, 1)
	require.Equal(t, 2, b.Count)
	b = board("scope=provider&expand=models&period=allTime")
	at := slices.IndexFunc(b.Items, func(i boardItem) bool { return *i.ID == provider })
	require.Equal(t, "one", *b.Items[at].Name)
}

func TestBadQuestionsAboutUsage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for query, field := range map[string]string{
		"dashboard/statistics?range=year":                                        "range",
		"dashboard/statistics?by=group":                                          "by",
		"dashboard/statistics?bucket=minute":                                     "bucket",
		"dashboard/statistics?metric=love":                                       "metric",
		"dashboard/statistics?top=0":                                             "top",
		"dashboard/statistics?userId=-1":                                         "userId",
		"dashboard/statistics?from=yesterday":                                    "from",
		"dashboard/statistics?to=2026-11-01T00:00:00Z":                           "from",
		"dashboard/statistics?range=7d&from=2026-11-01T00:00:00Z":                "range",
		"dashboard/statistics?from=2026-11-02T00:00:00Z&to=2026-11-02T00:00:00Z": "to",
		"dashboard/statistics?from=2020-11-02T00:00:00Z&to=2026-11-02T00:00:00Z": "from",
		"dashboard/statistics?bucket=hour&range=30d":                             "bucket",
		"dashboard/statistics?by=status&metric=cost":                             "metric",
		"leaderboard?scope=team":                                                 "scope",
		"leaderboard?metric=errors":                                              "metric",
		"leaderboard?period=custom":                                              "from",
		"leaderboard?period=daily&from=2026-11-01T00:00:00Z":                     "period",
		"leaderboard?scope=model&expand=models":                                  "expand",
		"leaderboard?limit=1000":                                                 "limit",
		"leaderboard?providerType=other":                                         "providerType",
		"leaderboard?at=0001-01-02T00:00:00Z":                                    "at",
	} {
		p := w.admin(http.MethodGet, "/api/v1/"+query, nil).refused(t, http.StatusBadRequest, "request.validation_failed")
		require.Contains(t, p.fields(), field, query)
	}
}

func TestLogSummariesAreTheCallersAndBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, bob := w.person("ann", nil, nil), w.person("bob", nil, nil)
	for i := range 6 {
		w.request([]person{ann, ann, bob}[i%3], func(l *domain.RequestLog) {
			l.Timing.TTFT = 400 * time.Millisecond
			if i == 0 {
				l.Result.StatusCode, l.Result.Outcome = http.StatusBadGateway, domain.OutcomeFailure
			}
		})
	}
	w.advance(time.Minute)
	var stats struct {
		Requests, Failures, InputTokens int64
		CostUSD                         float64
		TTFTP50Ms                       *float64
		Truncated                       bool
	}
	w.admin(http.MethodGet, "/api/v1/usage-logs/stats", nil).into(t, http.StatusOK, &stats)
	require.EqualValues(t, 6, stats.Requests)
	require.EqualValues(t, 1, stats.Failures)
	require.EqualValues(t, 600, stats.InputTokens)
	require.InDelta(t, 6*0.0125, stats.CostUSD, 1e-9)
	require.InDelta(t, 375, *stats.TTFTP50Ms, 1)
	require.False(t, stats.Truncated)
	w.as(ann, "/api/v1/usage-logs/stats?errorsOnly=true").into(t, http.StatusOK, &stats)
	require.EqualValues(t, 1, stats.Requests)
	w.as(bob, "/api/v1/usage-logs/stats").into(t, http.StatusOK, &stats)
	require.EqualValues(t, 2, stats.Requests)
	require.Equal(t, http.StatusNotFound, w.as(bob, fmt.Sprint("/api/v1/usage-logs/stats?userId=", ann.userID)).status)

	var histogram struct {
		BucketMs int64
		Points   []time.Time
		Counts   map[string][]int64
	}
	w.as(ann, "/api/v1/usage-logs/histogram").into(t, http.StatusOK, &histogram)
	require.LessOrEqual(t, len(histogram.Points), 120)
	sums := map[string]int64{}
	for class, counts := range histogram.Counts {
		require.Len(t, counts, len(histogram.Points))
		for _, n := range counts {
			sums[class] += n
		}
	}
	require.Equal(t, map[string]int64{"2xx": 3, "5xx": 1}, sums)
	for query, field := range map[string]string{"statusCode=1": "statusCode", "to=2020-01-01T00:00:00Z&from=2021-01-01T00:00:00Z": "to"} {
		p := w.admin(http.MethodGet, "/api/v1/usage-logs/stats?"+query, nil).refused(t, http.StatusBadRequest, "request.validation_failed")
		require.Contains(t, p.fields(), field)
	}
}
