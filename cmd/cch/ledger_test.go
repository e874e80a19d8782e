package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/maintenance"
	"github.com/claude-code-hub/cch/internal/config"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/testkit"
	"github.com/claude-code-hub/cch/persistence/store"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

// pricedNano is what an answer of the test upstream costs at pricedModel:
// 25 tokens in, 100 cached ones and 15 out, half as much again at the provider.
const pricedNano = (25*3000 + 100*300 + 15*15_000) * 3 / 2

// pricedProgram is a program with a model that has a price, and a provider that
// charges half as much again.
func pricedProgram(t *testing.T, u *testkit.Upstream) *testkit.Program {
	t.Helper()
	p := testkit.StartProgram(t)
	price(t, p, u)
	return p
}

// price adds a provider that charges half as much again, and a model with a price.
func price(t *testing.T, p *testkit.Program, u *testkit.Upstream) {
	t.Helper()
	p.AddProvider(t, u, testkit.M{"costMultiplier": 1.5, "circuitBreaker": testkit.M{"failureThreshold": 0}})
	status, res := p.Admin(t, http.MethodPut, "/model-prices/claude-test", testkit.M{
		"vendor": "acme", "mode": "chat", "rates": testkit.M{"input": "3", "output": "15", "cache_read": "0.3"},
	})
	require.Equal(t, http.StatusOK, status, res.Raw)
}

// openBooks opens the database of a program that was stopped.
func openBooks(t *testing.T, p *testkit.Program) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{DSN: p.DSN(), DataDir: p.Dir, Sealer: storetest.Sealer{}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// TestKillsNeitherLoseNorDoubleACent kills the program at random points in the
// middle of a thousand priced requests. Afterwards every answer whose end came
// through is billed to the nano-dollar, every other admitted request has one
// final row, and everything that is counted agrees with the ledger.
func TestKillsNeitherLoseNorDoubleACent(t *testing.T) { onEachEngine(t, testKillsAndCents) }

func testKillsAndCents(t *testing.T, p *testkit.Program) {
	t.Helper()
	const requests, workers, kills = 1000, 8, 4
	u := testkit.NewUpstream(t, "acme")
	price(t, p, u)
	key := p.NewKey(t, "ann")
	c := &clients{whole: map[string]string{}, left: requests}
	for kill := range kills + 1 {
		var wg sync.WaitGroup
		c.resume(requests * (kills - kill) / (kills + 1))
		for range workers {
			wg.Go(func() { c.work(p.URL, key) })
		}
		if kill < kills {
			c.awaitPause()
			p.Kill()
		}
		wg.Wait()
		if kill < kills {
			p.Start()
		}
		if kill == 1 { // so that later ones have a snapshot to begin with
			require.NoError(t, p.Stop())
			p.Start()
		}
	}
	awaitSettled(t, p)
	out, code := p.Run("ledger", "verify")
	require.Zero(t, code, out)
	require.Contains(t, out, "0 differences", "beside the running program")
	require.NoError(t, p.Stop())
	out, code = p.Run("ledger", "verify")
	require.Zero(t, code, out)
	require.Contains(t, out, "0 differences in 1 users")

	finals, charged := finalRows(t, openBooks(t, p))
	answered := tagsOf(u)
	for id, tag := range c.whole {
		row := finals[id]
		require.Equal(t, "billed", row.State, "request %s was answered to its end", id)
		require.EqualValues(t, pricedNano, row.Charge)
		require.True(t, answered[tag], "the upstream knows of %s", tag)
	}
	states := map[string]int{}
	sum := domain.Money(0)
	for id, row := range finals {
		states[row.State]++
		sum += row.Charge
		switch row.State {
		case "billed":
			require.EqualValues(t, pricedNano, row.Charge, id)
		case "estimated":
			require.Positive(t, row.Charge, id)
		default:
			require.Equal(t, "not_billed", row.State, id)
			require.Zero(t, row.Charge, id)
		}
	}
	require.Equal(t, sum, charged, "nothing but final rows and their corrections is charged")
	require.GreaterOrEqual(t, len(finals), len(c.whole))
	require.LessOrEqual(t, int64(states["billed"]), u.Answers(), "nothing is billed that the upstream did not answer to the end")
	t.Logf("%d requests ended for their clients, %d final rows: %v; charged %s", len(c.whole), len(finals), states, usd(charged))
}

// clients ask until so many requests were made.
type clients struct {
	mu    sync.Mutex
	left  int
	floor int // pause here
	pause chan struct{}
	whole map[string]string // request id -> tag, of answers that came whole
}

func (c *clients) resume(floor int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.floor, c.pause = floor, make(chan struct{})
}

// awaitPause returns in the middle of things, a little after the count of
// requests reached the floor.
func (c *clients) awaitPause() {
	<-c.pause
	time.Sleep(time.Duration(rand.IntN(30)) * time.Millisecond) // the random point is what is tested
}

// next draws the tag of the next request; false when the program is to be
// killed, or all are made.
func (c *clients) next() (tag string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left == c.floor && c.floor > 0 {
		select {
		case <-c.pause:
		default:
			close(c.pause)
		}
	}
	if c.left == 0 || c.left <= c.floor-8 {
		return "", false
	}
	c.left--
	return fmt.Sprintf("tag-%d-end", c.left), true
}

func (c *clients) work(url, key string) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for {
		tag, ok := c.next()
		if !ok {
			return
		}
		req, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, url+"/v1/messages",
			strings.NewReader(testkit.Prompt(true, tag)))
		req.Header.Set("X-Api-Key", key)
		resp, err := transport.RoundTrip(req)
		if err != nil {
			continue
		}
		_, err = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if err == nil && resp.StatusCode == http.StatusOK { // the end of a stream is written after its record
			c.mu.Lock()
			c.whole[resp.Header.Get("X-Request-Id")] = tag
			c.mu.Unlock()
		}
	}
}

// tagsOf are the requests that reached the upstream.
func tagsOf(u *testkit.Upstream) map[string]bool {
	tags := map[string]bool{}
	for _, call := range u.Calls() {
		_, rest, _ := strings.Cut(string(call.Body), "tag-")
		number, _, _ := strings.Cut(rest, "-end")
		tags["tag-"+number+"-end"] = true
	}
	return tags
}

// awaitSettled waits until every record is in the ledger.
func awaitSettled(t *testing.T, p *testkit.Program) {
	t.Helper()
	awaitIdle(t, p)
	require.Eventually(t, func() bool {
		return p.Metric(t, "cch_records_unsettled", "") == 0 && p.Metric(t, "cch_records_pending", "") == 0
	}, 30*time.Second, 50*time.Millisecond)
}

// finalRows are the final rows of the ledger by request, and all charges. That
// a request has no second one is seen to by the database.
func finalRows(t *testing.T, s *store.Store) (finals map[string]domain.LedgerRow, charged domain.Money) {
	t.Helper()
	finals = map[string]domain.LedgerRow{}
	logs := 0
	for f := (domain.LogFilter{Limit: 500}); ; {
		page, err := s.RequestLogs().List(t.Context(), f)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		for _, l := range page {
			logs++
			rows, err := s.Ledger().Of(t.Context(), l.ID)
			require.NoError(t, err)
			for _, r := range rows {
				charged += r.Charge
				if r.IsFinal {
					finals[l.ID.String()] = r
				}
			}
			require.Contains(t, finals, l.ID.String(), "every admitted request ends in the ledger: %+v", l.Result)
			f.Before = l.ID
		}
	}
	require.Len(t, finals, logs)
	return finals, charged
}

func TestABillIsExplained(t *testing.T) {
	t.Parallel()
	u := testkit.NewUpstream(t, "acme")
	p := pricedProgram(t, u)
	key := p.NewKey(t, "ann")
	status, header, body := p.Messages(t, key, testkit.Prompt(true, "hello"))
	require.Equal(t, http.StatusOK, status, body)
	id := header.Get("X-Request-Id")
	p.AwaitLogs(t, "requestId="+id, 1)
	awaitSettled(t, p)

	out, code := p.Run("bill", "explain", id)
	require.Zero(t, code, out)
	for _, want := range []string{
		"request " + id, "attempt 1 at provider", "price of claude-test (manual, row ",
		"25 × 3 USD per million = $0.000075", "100 × 0.3 USD per million = $0.00003", "15 × 15 USD per million = $0.000225",
		"$0.00033 × 1.5 = $0.000495", "total charged $0.000495",
	} {
		require.Contains(t, out, want)
	}
	out, code = p.Run("bill", "explain", "req_0000000000000")
	require.Equal(t, 1, code)
	require.Contains(t, out, "does not exist")
}

// What counts wrong is found, whoever counted it.
func TestLedgerVerifyFindsDifferences(t *testing.T) {
	t.Parallel()
	u := testkit.NewUpstream(t, "acme")
	p := pricedProgram(t, u)
	key := p.NewKey(t, "ann")
	for n := range 3 {
		status, _, body := p.Messages(t, key, testkit.Prompt(n == 1, "hello"))
		require.Equal(t, http.StatusOK, status, body)
	}
	awaitSettled(t, p)
	require.NoError(t, p.Stop())
	out, code := p.Run("ledger", "verify")
	require.Zero(t, code, out)

	db := openSQLite(t, p.Dir)
	_, err := db.ExecContext(t.Context(), "UPDATE usage_ledger SET charge_nusd = charge_nusd + 7 WHERE user_seq = 2")
	require.NoError(t, err)
	out, code = p.Run("ledger", "verify")
	require.Equal(t, 1, code)
	for _, want := range []string{"cost_nusd", "quota  charged", "quota  usd_total", "quota, key"} {
		require.Contains(t, out, want)
	}
	_, err = db.ExecContext(t.Context(), "UPDATE usage_ledger SET charge_nusd = charge_nusd - 7 WHERE user_seq = 2; UPDATE usage_hourly SET requests = 9")
	require.NoError(t, err)
	out, code = p.Run("ledger", "verify")
	require.Equal(t, 1, code)
	require.Contains(t, out, "requests: ledger 3, found 9")
	out, code = p.Run("rollup", "rebuild")
	require.Zero(t, code, out)
	out, code = p.Run("ledger", "verify")
	require.Zero(t, code, out)
}

// openSQLite opens the database file itself.
func openSQLite(t *testing.T, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "cch.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// A request that is being answered when the program dies costs its estimate;
// one that nobody answers costs nothing.
func TestAnInterruptedAnswerCostsItsEstimate(t *testing.T) {
	t.Parallel()
	u := testkit.NewUpstream(t, "acme")
	p := pricedProgram(t, u)
	key := p.NewKey(t, "ann")
	u.Set(testkit.StallMid)
	answered := p.Open(t.Context(), t, key, testkit.Prompt(true, "half an answer"))
	defer answered.Body.Close()
	id := answered.Header.Get("X-Request-Id")
	require.Eventually(t, func() bool {
		_, res := p.Admin(t, http.MethodGet, "/usage-logs?requestId="+id, nil)
		return res.Get("items.0.providerId").Int() != 0
	}, 20*time.Second, 20*time.Millisecond, "the row says who answers")
	u.Set(testkit.Hang)
	asked := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		defer close(asked)
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, p.URL+"/v1/messages", strings.NewReader(testkit.Prompt(false, "no answer")))
		req.Header.Set("X-Api-Key", key)
		if resp, err := http.DefaultTransport.RoundTrip(req); err == nil {
			_ = resp.Body.Close()
		}
	}()
	require.Eventually(t, func() bool {
		_, res := p.Admin(t, http.MethodGet, "/usage-logs", nil)
		return len(res.Get("items").Array()) == 2
	}, 20*time.Second, 20*time.Millisecond)
	p.Kill()
	<-asked
	p.Start()
	awaitSettled(t, p)
	require.NoError(t, p.Stop())
	out, code := p.Run("ledger", "verify")
	require.Zero(t, code, out)

	finals, charged := finalRows(t, openBooks(t, p))
	require.Len(t, finals, 2)
	estimate := finals[id]
	require.Equal(t, "estimated", estimate.State)
	require.Positive(t, estimate.Charge)
	require.Equal(t, estimate.Charge, charged)
	require.Equal(t, estimate.Charge, estimate.ProviderCost, "no group and no user of it pays more")
	require.NotZero(t, estimate.ProviderID)
	for other, row := range finals {
		if other != id {
			require.Equal(t, "not_billed", row.State)
		}
	}
}

// What had no price is charged once there is one, at the time it was asked for.
func TestWhatHadNoPriceIsChargedLater(t *testing.T) {
	t.Parallel()
	u := testkit.NewUpstream(t, "acme")
	p := testkit.StartProgram(t)
	p.AddProvider(t, u, testkit.M{"costMultiplier": 1.5})
	user := p.AddUser(t, "ann", nil)
	key := p.AddKey(t, user, "key")
	var ids []string
	for range 3 {
		status, header, body := p.Messages(t, key, testkit.Prompt(true, "hello"))
		require.Equal(t, http.StatusOK, status, body)
		ids = append(ids, header.Get("X-Request-Id"))
	}
	awaitSettled(t, p)
	status, res := p.Admin(t, http.MethodPut, "/model-prices/claude-test", testkit.M{
		"vendor": "acme", "mode": "chat", "rates": testkit.M{"input": "3", "output": "15", "cache_read": "0.3"},
	})
	require.Equal(t, http.StatusOK, status, res.Raw)
	require.NoError(t, p.Stop())

	cfg, _, err := config.Load(map[string]string{"DATA_DIR": p.Dir, "ADMIN_TOKEN": testkit.AdminToken, "PRICE_SYNC_URL": "off"})
	require.NoError(t, err)
	app, err := New(t.Context(), cfg, Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	jobs := app.chores(app.system.Configuration(), app.system.Operator())
	i := slices.IndexFunc(jobs, func(j maintenance.Job) bool { return j.Name == "reprice" })
	for _, want := range []int{3, 0} {
		priced, err := jobs[i].Run(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, priced)
	}
	require.NoError(t, app.Close(t.Context()))

	p.Start()
	for _, id := range ids {
		row := p.Detail(t, id)
		require.InDelta(t, pricedNano, nano(row.Get("costUsd")), 1e-6)
		require.Equal(t, "billed", row.Get("costBreakdown.state").String())
		out, code := p.Run("bill", "explain", id)
		require.Zero(t, code, out)
		require.Contains(t, out, "total charged $0.000495")
		require.Contains(t, out, "adjust")
	}
	_, usage := p.Admin(t, http.MethodGet, "/users/"+itoa(user)+"/limit-usage", nil)
	require.InDelta(t, 3*pricedNano, nano(usage.Get(`windows.#(limitType=="usd_total").usedUsd`)), 1e-6, usage.Raw)
	require.NoError(t, p.Stop())
	out, code := p.Run("ledger", "verify")
	require.Zero(t, code, out)
}

// While the database takes nothing requests are admitted by what is in memory,
// and what they cost arrives afterwards.
func TestTheLedgerCatchesUpWithADatabaseThatWasAway(t *testing.T) {
	t.Parallel()
	u := testkit.NewUpstream(t, "acme")
	p := pricedProgram(t, u)
	user := p.AddUser(t, "ann", testkit.M{"limitTotalUsd": 0.005})
	key := p.AddKey(t, user, "key")
	ask := func() (int, string) {
		status, header, _ := p.Messages(t, key, testkit.Prompt(true, "hello"))
		return status, header.Get("X-Request-Id")
	}
	status, _ := ask()
	require.Equal(t, http.StatusOK, status)
	awaitSettled(t, p)

	lock, err := openSQLite(t, p.Dir).Conn(t.Context())
	require.NoError(t, err)
	_, err = lock.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)
	served := 1
	for ; served < 50; served++ {
		if status, _ = ask(); status != http.StatusOK {
			break
		}
	}
	require.Equal(t, http.StatusPaymentRequired, status, "limits count what the ledger does not have yet")
	require.Equal(t, 11, served, "of 0.000495 each, up to half a cent")
	require.Positive(t, p.Metric(t, "cch_records_unsettled", ""))
	_, err = lock.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	require.NoError(t, lock.Close())

	awaitSettled(t, p)
	require.NoError(t, p.Stop())
	out, code := p.Run("ledger", "verify")
	require.Zero(t, code, out)
	_, charged := finalAndCharged(t, openBooks(t, p), domain.UserID(user))
	require.EqualValues(t, 11*pricedNano, charged)
}

// finalAndCharged are a user's final rows and charges, by the ledger alone.
func finalAndCharged(t *testing.T, s *store.Store, user domain.UserID) (finals int, charged domain.Money) {
	t.Helper()
	rows, err := s.Ledger().After(t.Context(), user, 0, 10_000)
	require.NoError(t, err)
	for _, r := range rows {
		charged += r.Charge
		if r.IsFinal {
			finals++
		}
	}
	return finals, charged
}

// The nightly check counts what it finds in the metric.
func TestTheNightlyCheckShowsDifferences(t *testing.T) {
	t.Parallel()
	cfg, _, err := config.Load(map[string]string{"DATA_DIR": t.TempDir(), "ADMIN_TOKEN": testkit.AdminToken, "PRICE_SYNC_URL": "off"})
	require.NoError(t, err)
	app, err := New(t.Context(), cfg, Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer func() { require.NoError(t, app.Close(t.Context())) }()
	epoch, err := app.store.Ledger().Claim(t.Context(), 7, "node", time.Now())
	require.NoError(t, err)
	row := storetest.LedgerRow(1, epoch)
	row.AdmittedAt = time.Now().Add(-time.Hour).UnixMilli()
	_, err = app.store.Ledger().Append(t.Context(), []domain.LedgerRow{row})
	require.NoError(t, err)
	differences := func() int {
		_, err := app.checkLedger(t.Context())
		require.NoError(t, err)
		for _, r := range app.readings() {
			if r.Name == "cch_ledger_differences" {
				return int(r.Value)
			}
		}
		return -1
	}
	require.Zero(t, differences())
	_, err = openSQLite(t, cfg.Storage.DataDir).ExecContext(t.Context(), "UPDATE usage_hourly SET cost_nusd = 1, requests = 2")
	require.NoError(t, err)
	require.Equal(t, 2, differences())

	log := storetest.RequestLog(1)
	log.CreatedAt = time.Now().Add(-time.Hour)
	log.ID = domain.FirstRequestIDAt(log.CreatedAt)
	require.NoError(t, app.store.RequestLogs().WriteBatch(t.Context(), domain.LogBatch{Finished: []domain.FinishedLog{storetest.Finished(log)}}))
	require.Equal(t, 3, differences(), "a request that was admitted and is not in the ledger")
}
