//go:build failpoints

package main

import (
	"database/sql"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/config"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/testkit"
)

// audit is what a fault left behind.
type audit struct {
	requests int // that clients sent
	whole    int // whose answers they read to the end
	upstream int // that the upstream counted
	rows     int // of the log

	lost      int // no row in the log, or none in the ledger, or one that never ends
	doubled   int // more than one of either
	misbilled int // a whole answer that costs something else, or a bill without an answer
	unforced  int // errors of clients that the fault did not force
}

func (a audit) bad() int { return a.lost + a.doubled + a.misbilled + a.unforced }

// booked is what the database says of a request.
type booked struct {
	session string
	status  sql.NullInt64
	finals  int
	charge  int64
	billed  bool
}

// audit compares what the upstream and the clients saw with the database.
func (r *rig) audit(t *testing.T) audit {
	t.Helper()
	logs, ledger := r.databases(t)
	return compare(r.sent, r.u.Calls(), readBooks(t, logs, ledger), r.fault.forced)
}

// databases opens what has the log and what has the ledger.
func (r *rig) databases(t *testing.T) (logs, ledger *sql.DB) {
	t.Helper()
	if r.dsn != "" {
		db := openSQL(t, "pgx", r.dsn)
		return db, db
	}
	return openSQL(t, "sqlite", "file:"+filepath.Join(r.p.Dir, "logs.db")), openSQL(t, "sqlite", "file:"+filepath.Join(r.p.Dir, "cch.db"))
}

func openSQL(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// readBooks reads log and ledger by request.
func readBooks(t *testing.T, logs, ledger *sql.DB) map[int64]*booked {
	t.Helper()
	books := map[int64]*booked{}
	rows, err := logs.QueryContext(t.Context(), "SELECT id, session_id, status_code FROM request_logs")
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id int64
		b := &booked{}
		var session sql.NullString
		require.NoError(t, rows.Scan(&id, &session, &b.status))
		b.session = session.String
		books[id] = b
	}
	require.NoError(t, rows.Err())

	entries, err := ledger.QueryContext(t.Context(), "SELECT request_id, is_final, state, charge_nusd FROM usage_ledger")
	require.NoError(t, err)
	defer func() { _ = entries.Close() }()
	for entries.Next() {
		var id, charge int64
		var final bool
		var state string
		require.NoError(t, entries.Scan(&id, &final, &state, &charge))
		b := books[id]
		if b == nil { // a bill without a request: its row is lost
			b = &booked{}
			books[id] = b
		}
		b.charge += charge
		if final {
			b.finals++
			b.billed = state == "billed"
		}
	}
	require.NoError(t, entries.Err())
	return books
}

// compare is the judgement.
func compare(clients []sent, calls []testkit.Call, books map[int64]*booked, forced func(sent) bool) audit {
	a := audit{requests: len(clients), rows: len(books)}
	bySession := map[string][]*booked{}
	for _, b := range books {
		bySession[b.session] = append(bySession[b.session], b)
		switch {
		case b.session == "" || !b.status.Valid:
			a.lost++
		case b.finals > 1:
			a.doubled++
		case b.billed && b.charge != pricedNano:
			a.misbilled++
		}
	}
	counted := map[string]bool{}
	for _, call := range calls {
		counted[call.Header.Get("X-Claude-Code-Session-Id")] = true
	}
	a.upstream = len(counted)
	for session := range counted {
		switch rows := bySession[session]; {
		case len(rows) == 0:
			a.lost++
		case len(rows) > 1:
			a.doubled++
		case rows[0].finals == 0:
			a.lost++
		}
	}
	for _, s := range clients {
		if !s.whole {
			if !forced(s) {
				a.unforced++
			}
			continue
		}
		a.whole++
		rows := bySession[s.session]
		if !counted[s.session] || len(rows) == 1 && rows[0].charge != pricedNano {
			a.misbilled++
		}
	}
	return a
}

// What is wrong is found: an audit that finds nothing proves nothing otherwise.
func TestTheAuditFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	call := func(session string) testkit.Call {
		return testkit.Call{Header: http.Header{"X-Claude-Code-Session-Id": {session}}}
	}
	ended := sql.NullInt64{Int64: 200, Valid: true}
	fine := func(session string) *booked {
		return &booked{session: session, status: ended, finals: 1, charge: pricedNano, billed: true}
	}
	calls := []testkit.Call{call("a"), call("b"), call("b")}
	clients := []sent{{session: "a", status: 200, whole: true}, {session: "b", status: 200}}
	for name, c := range map[string]struct {
		want   audit
		change func(books map[int64]*booked)
	}{
		"nothing":                {audit{}, func(map[int64]*booked) {}},
		"no row":                 {audit{lost: 1}, func(b map[int64]*booked) { delete(b, 2) }},
		"two rows":               {audit{doubled: 1}, func(b map[int64]*booked) { b[3] = fine("b") }},
		"open row":               {audit{lost: 1}, func(b map[int64]*booked) { b[2].status.Valid = false }},
		"not in the ledger":      {audit{lost: 1}, func(b map[int64]*booked) { *b[2] = booked{session: "b", status: ended} }},
		"twice in the ledger":    {audit{doubled: 1}, func(b map[int64]*booked) { b[2].finals = 2 }},
		"bill without a request": {audit{lost: 1}, func(b map[int64]*booked) { b[3] = &booked{finals: 1, charge: 7} }},
		"whole answer for free":  {audit{misbilled: 1}, func(b map[int64]*booked) { b[1].charge, b[1].billed = 0, false }},
	} {
		books := map[int64]*booked{1: fine("a"), 2: {session: "b", status: ended, finals: 1, charge: 5}}
		c.change(books)
		got := compare(clients, calls, books, cutOff)
		c.want.requests, c.want.whole, c.want.upstream, c.want.rows = 2, 1, 2, len(books)
		require.Equal(t, c.want, got, name)
	}
	books := map[int64]*booked{1: fine("a"), 2: {session: "b", status: ended, finals: 1}}
	require.Equal(t, 1, compare(clients, calls, books, noneForced).unforced)
	require.Equal(t, 1, compare(clients, calls[:2], map[int64]*booked{1: fine("a"), 2: fine("b")}, noneForced).unforced)
	require.Equal(t, 1, compare(clients[:1], calls[1:], map[int64]*booked{1: fine("a"), 2: fine("b")}, noneForced).misbilled, "an answer that nobody gave")
}

// jumpClock sets the hub's clock an hour ahead and two back under load: ids only
// grow, and everything is booked as ever.
func jumpClock(t *testing.T) audit {
	t.Helper()
	var offset atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	cfg, _, err := config.Load(map[string]string{
		"DATA_DIR": t.TempDir(), "ADMIN_TOKEN": testkit.AdminToken, "PRICE_SYNC_URL": "off", "HOST": "127.0.0.1",
	})
	require.NoError(t, err)
	cfg.Server.Port = 0
	app, err := New(t.Context(), cfg, Options{Logger: slog.New(slog.DiscardHandler), Now: now})
	require.NoError(t, err)
	addr, err := app.Listen(t.Context())
	require.NoError(t, err)
	go func() { _ = app.server.Serve() }()
	r := &rig{t: t, u: testkit.NewUpstream(t, "acme"), url: "http://" + addr.String(), stopped: make(chan struct{})}
	r.p = &testkit.Program{URL: r.url, Dir: cfg.Storage.DataDir}
	price(t, r.p, r.u)
	r.key = r.p.NewKey(t, "ann")
	r.load(1) // one after the other, so that their order is known
	for _, jump := range []time.Duration{0, time.Hour, -time.Hour, 0} {
		offset.Store(int64(jump))
		r.awaitSent(100)
	}
	r.halt()
	require.Eventually(t, func() bool { s := app.system.Recorder().Stats(); return s.Unsettled+s.Pending+s.Appending == 0 },
		60*time.Second, 50*time.Millisecond)
	require.NoError(t, app.Close(t.Context()))
	r.fault.forced = noneForced
	result := r.audit(t)
	last := domain.RequestID(0)
	for _, s := range r.sent {
		id, err := domain.ParseRequestID(s.id)
		require.NoError(t, err)
		if id <= last {
			result.doubled++ // an id went back
		}
		last = id
	}
	return result
}
