package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// A row that the database will not take holds nothing up: it is set aside, with
// an alarm, and comes back when an operator says so.
func TestARowTheDatabaseWillNotTakeIsSetAside(t *testing.T) {
	onEachEngine(t, testARowTheDatabaseWillNotTakeIsSetAside)
}

func testARowTheDatabaseWillNotTakeIsSetAside(t *testing.T, p *testkit.Program) {
	t.Helper()
	u := testkit.NewUpstream(t, "acme")
	price(t, p, u)
	poor, rich := p.NewKey(t, "poor"), p.NewKey(t, "rich")
	sabotage, relent := saboteur(t, p)
	sabotage()
	send := func(key string) {
		status, _, body := p.Messages(t, key, testkit.Prompt(true, "hi"))
		require.Equal(t, http.StatusOK, status, body)
	}
	send(rich)
	send(poor)
	send(rich)
	require.Eventually(t, func() bool { return p.Metric(t, "cch_buried_records", "") == 1 }, 20*time.Second, 50*time.Millisecond)
	require.Eventually(t, func() bool { return p.Metric(t, "cch_records_unsettled", "") == 0 }, 20*time.Second, 50*time.Millisecond)
	require.InDelta(t, 2, p.Metric(t, "cch_ledger_rows_total", ""), 0, "the others are booked")
	p.AwaitLogs(t, "", 3)
	status, health := testkit.CallJSON(t, http.MethodGet, p.URL+"/api/health/ready", "", nil)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "degraded", health.Get("status").String())
	require.Equal(t, "down", health.Get("components.journal.status").String())

	out, code := p.Run("buried", "list")
	require.Zero(t, code, out)
	require.Contains(t, out, "settlement")
	require.Contains(t, out, "no row of poor")
	require.Contains(t, out, "1 buried records")
	out, code = p.Run("buried", "replay")
	require.Equal(t, 1, code, "not beside the running hub")
	require.Contains(t, out, "stop the hub first")

	require.NoError(t, p.Stop())
	relent()
	out, code = p.Run("buried", "replay")
	require.Zero(t, code, out)
	p.Start()
	awaitSettled(t, p)
	require.Zero(t, p.Metric(t, "cch_buried_records", ""))
	out, code = p.Run("ledger", "verify")
	require.Zero(t, code, out)
	require.NoError(t, p.Stop())
	finals, charged := finalRows(t, openBooks(t, p))
	require.Len(t, finals, 3)
	require.EqualValues(t, 3*pricedNano, charged)
}

// saboteur keeps the ledger from taking rows of the first user, and lets it again.
func saboteur(t *testing.T, p *testkit.Program) (sabotage, relent func()) {
	t.Helper()
	if dsn := p.DSN(); dsn != "" {
		return func() {
				testkit.PostgresExec(t, dsn, "CREATE FUNCTION sabotage() RETURNS trigger LANGUAGE plpgsql AS"+
					" 'BEGIN RAISE EXCEPTION ''no row of poor''; END'",
					"CREATE TRIGGER sabotage BEFORE INSERT ON usage_ledger FOR EACH ROW WHEN (NEW.user_id = 1) EXECUTE FUNCTION sabotage()")
			}, func() {
				testkit.PostgresExec(t, dsn, "DROP TRIGGER sabotage ON usage_ledger", "DROP FUNCTION sabotage")
			}
	}
	exec := func(statement string) {
		_, err := openSQLite(t, p.Dir).ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	return func() {
		exec("CREATE TRIGGER sabotage BEFORE INSERT ON usage_ledger WHEN NEW.user_id = 1 BEGIN SELECT RAISE(ABORT, 'no row of poor'); END")
	}, func() { exec("DROP TRIGGER sabotage") }
}
