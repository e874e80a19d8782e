package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/claude-code-hub/cch/internal/domain"
)

// postgresLedger appends ledger rows in PostgreSQL. A group is copied right into
// the table; if the ledger has one of its rows, the group is copied into a table
// of the connection and merged from there instead, which tells which. Its sums
// are added with one statement a table. Safe for concurrent use.
type postgresLedger struct {
	pool *pgxpool.Pool
	days *zones
}

func (w *postgresLedger) close() error { return nil } // the pool is its owner's

func (w *postgresLedger) append(ctx context.Context, rows []domain.LedgerRow) ([]error, error) {
	results, err := w.try(ctx, rows, false)
	if _, seen := postgresUnique(err); seen {
		return w.try(ctx, rows, true)
	}
	return results, err
}

func (w *postgresLedger) try(ctx context.Context, rows []domain.LedgerRow, seen bool) ([]error, error) {
	g := ledgerGroup{days: w.days, rows: rows, seen: seen, results: make([]error, len(rows))}
	err := inTransaction(ctx, w.pool, func(tx pgx.Tx) error {
		g.tx = tx
		return g.run(ctx)
	})
	if err != nil {
		return nil, err
	}
	return g.results, nil
}

// ledgerGroup is one transaction.
type ledgerGroup struct {
	tx      pgx.Tx
	days    *zones
	rows    []domain.LedgerRow
	seen    bool // the ledger has some of rows
	results []error
	sums    usageSums
	values  []any // of the row being copied
}

func (g *ledgerGroup) run(ctx context.Context) error {
	if err := g.fence(ctx); err != nil {
		return fmt.Errorf("hold the owners of users: %w", err)
	}
	var passed []int
	for i, result := range g.results {
		if result == nil {
			passed = append(passed, i)
		}
	}
	if len(passed) == 0 {
		return nil
	}
	write := g.insert
	if g.seen {
		write = g.merge
	}
	if err := write(ctx, passed); err != nil {
		return err
	}
	for _, i := range passed {
		if g.results[i] == nil {
			g.sums.count(&g.rows[i])
		}
	}
	return g.addSums(ctx)
}

// fence holds the writers of the group against the owners of their users, who
// cannot be replaced before the transaction ends.
func (g *ledgerGroup) fence(ctx context.Context) error {
	users := make([]int64, len(g.rows))
	for i := range g.rows {
		users[i] = int64(g.rows[i].UserID)
	}
	slices.Sort(users)
	rows, err := g.tx.Query(ctx, "SELECT user_id, epoch FROM quota_owner WHERE user_id = ANY($1) ORDER BY user_id FOR SHARE",
		pgx.QueryExecModeCacheStatement, slices.Compact(users))
	if err != nil {
		return err
	}
	epochs := make(map[domain.UserID]int64)
	var user, epoch int64
	if _, err := pgx.ForEachRow(rows, []any{&user, &epoch}, func() error { epochs[domain.UserID(user)] = epoch; return nil }); err != nil {
		return err
	}
	for i := range g.rows {
		if held, ok := epochs[g.rows[i].UserID]; !ok || held != g.rows[i].Epoch {
			g.results[i] = domain.ErrLedgerFenced
		}
	}
	return nil
}

// insert copies the rows that passed the fence, if the ledger has none of them.
func (g *ledgerGroup) insert(ctx context.Context, passed []int) error {
	err := g.copy(ctx, "usage_ledger", "final_of", passed, func(i int) any {
		if row := &g.rows[passed[i]]; row.IsFinal {
			return int64(row.ReqID) // unique, so that a request ends once
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("copy rows: %w", err)
	}
	return nil
}

// merge adds those of the rows that passed the fence which the ledger has not;
// the others get their results.
func (g *ledgerGroup) merge(ctx context.Context, passed []int) error {
	if _, err := g.tx.Exec(ctx, stageLedgerSQL); err != nil {
		return fmt.Errorf("prepare to copy rows: %w", err)
	}
	if err := g.copy(ctx, stagedLedger, "position", passed, func(i int) any { return i }); err != nil {
		return fmt.Errorf("copy rows: %w", err)
	}
	rows, err := g.tx.Query(ctx, mergeLedgerSQL, pgx.QueryExecModeCacheStatement)
	if err != nil {
		return fmt.Errorf("merge rows: %w", err)
	}
	inserted := make(map[domain.SettleKey]bool, len(passed))
	var k domain.SettleKey
	_, err = pgx.ForEachRow(rows, []any{&k.ReqID, &k.Attempt, &k.Kind, &k.N}, func() error { inserted[k] = true; return nil })
	if err != nil {
		return fmt.Errorf("merge rows: %w", err)
	}
	for _, i := range passed {
		row := &g.rows[i]
		if inserted[row.SettleKey] {
			delete(inserted, row.SettleKey) // a second one of the same group is a duplicate
			continue
		}
		if g.results[i], err = g.conflict(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

// copy copies rows into a table that has one column more.
func (g *ledgerGroup) copy(ctx context.Context, table, more string, passed []int, value func(i int) any) error {
	columns := append(strings.Split(ledgerColumns, ","), more)
	for i := range columns {
		columns[i] = strings.TrimSpace(columns[i])
	}
	_, err := g.tx.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromSlice(len(passed), func(i int) ([]any, error) {
		g.values = append(ledgerValues(g.values[:0], &g.rows[passed[i]]), value(i))
		return g.values, nil
	}))
	return err
}

const (
	// stagedLedger is a table of the connection, empty at the begin of every
	// transaction.
	stagedLedger   = "staged_ledger"
	stageLedgerSQL = "CREATE TEMP TABLE IF NOT EXISTS " + stagedLedger + " ON COMMIT DELETE ROWS AS" +
		" SELECT " + ledgerColumns + ", 0 AS position FROM usage_ledger WITH NO DATA"
	mergeLedgerSQL = "INSERT INTO usage_ledger (" + ledgerColumns + ", final_of)" +
		" SELECT " + ledgerColumns + ", CASE WHEN is_final THEN request_id END FROM " + stagedLedger + " ORDER BY position" +
		" ON CONFLICT DO NOTHING RETURNING request_id, attempt, kind, n"
)

// conflict says why a row was not inserted, as [ledgerBatch.conflict] does.
func (g *ledgerGroup) conflict(ctx context.Context, row *domain.LedgerRow) (result, err error) {
	kept, err := scanLedger(g.tx.QueryRow(ctx, keptLedgerSQL, pgx.QueryExecModeCacheStatement,
		int64(row.ReqID), row.Attempt, row.Kind, row.N, row.IsFinal))
	switch {
	case err == nil:
		return &domain.LedgerDuplicateError{Kept: kept}, nil
	case errors.Is(err, pgx.ErrNoRows):
		return domain.ErrLedgerFenced, nil
	}
	return nil, fmt.Errorf("look for the ledger row of %s: %w", row.ReqID, err)
}

const keptLedgerSQL = "SELECT " + ledgerColumns + " FROM usage_ledger" +
	" WHERE request_id = $1 AND (attempt = $2 AND kind = $3 AND n = $4 OR $5 AND is_final) ORDER BY is_final LIMIT 1"

// addSums writes what the new rows add to the roll-ups and to sessions.
func (g *ledgerGroup) addSums(ctx context.Context) error {
	if len(g.sums.rows) == 0 {
		return nil
	}
	if err := g.addUsage(ctx, "usage_hourly", "hour_no", g.sums.hours); err != nil {
		return err
	}
	days, err := g.closedDays(ctx)
	if err != nil {
		return err
	}
	if err := g.addUsage(ctx, "usage_daily", "day_no", days); err != nil {
		return err
	}
	if err := g.addUsage(ctx, "usage_daily_by", "by_day", coarse(days)); err != nil {
		return err
	}
	return g.addSessions(ctx)
}

func (g *ledgerGroup) addUsage(ctx context.Context, table, at string, sums map[usageKey]*usageSum) error {
	if len(sums) == 0 {
		return nil
	}
	keys := slices.SortedFunc(maps.Keys(sums), usageKey.compare)
	model := make([]string, len(keys))
	numbers := make([][]int64, 4+usageFigures) // the key without the model, then the figures
	for i, k := range keys {
		model[i] = k.model
		for column, n := range append([]int64{k.at, k.user, k.key, k.provider}, sums[k].values()...) {
			numbers[column] = append(numbers[column], n)
		}
	}
	args := []any{pgx.QueryExecModeCacheStatement, numbers[0], numbers[1], numbers[2], numbers[3], model}
	for _, column := range numbers[4:] {
		args = append(args, column)
	}
	if _, err := g.tx.Exec(ctx, mergeUsageSQL(table, at, "SELECT * FROM "+unnest(5, 5+usageFigures)), args...); err != nil {
		return fmt.Errorf("add to %s: %w", table, err)
	}
	return nil
}

// unnest makes rows of so many arguments that are columns: one of them texts,
// the others whole numbers.
func unnest(texts, columns int) string {
	args := make([]string, columns)
	for i := range args {
		kind := "bigint"
		if i+1 == texts {
			kind = "text"
		}
		args[i] = "$" + strconv.Itoa(i+1) + "::" + kind + "[]"
	}
	return "unnest(" + strings.Join(args, ", ") + ") AS u"
}

// compare orders keys as the tables' primary keys do.
func (k usageKey) compare(o usageKey) int {
	return cmp.Or(cmp.Compare(k.at, o.at), cmp.Compare(k.user, o.user), cmp.Compare(k.key, o.key),
		cmp.Compare(k.provider, o.provider), cmp.Compare(k.model, o.model))
}

// closedDays are the sums of the rows that came after their day was closed.
func (g *ledgerGroup) closedDays(ctx context.Context) (map[usageKey]*usageSum, error) {
	var zone string
	var d closedDays
	err := g.tx.QueryRow(ctx, "SELECT zone, from_day, closed_day FROM usage_days", pgx.QueryExecModeCacheStatement).
		Scan(&zone, &d.from, &d.closed)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil //nolint:nilnil // no day was closed yet: there is nothing to add
	}
	if err != nil {
		return nil, fmt.Errorf("read which days are closed: %w", err)
	}
	if d.zone, err = g.days.load(zone); err != nil {
		return nil, err
	}
	return g.sums.ofDays(d, func(day int64, model string) (listed bool, err error) {
		return listed, g.tx.QueryRow(ctx, strings.NewReplacer("?1", "$1", "?2", "$2").Replace(listedModelSQL),
			pgx.QueryExecModeCacheStatement, byModel.at(day), model).Scan(&listed)
	})
}

func (g *ledgerGroup) addSessions(ctx context.Context) error {
	if len(g.sums.sessions) == 0 {
		return nil
	}
	keys := slices.SortedFunc(maps.Keys(g.sums.sessions), func(x, y domain.SessionKey) int {
		return cmp.Or(cmp.Compare(x.KeyID, y.KeyID), cmp.Compare(x.ID, y.ID))
	})
	var id, hash, model []string
	var provider []*int64
	numbers := make([][]int64, 11)
	for _, key := range keys {
		c := g.sums.sessions[key]
		id, hash, model = append(id, key.ID), append(hash, key.Hash()), append(model, c.model)
		var served *int64
		if c.provider != 0 {
			served = new(int64(c.provider))
		}
		provider = append(provider, served)
		for column, n := range []int64{
			int64(key.KeyID), int64(c.user), c.firstAt, c.lastAt, c.usage.Input, c.usage.Output, c.usage.CacheRead,
			c.usage.CacheWrite5m, c.usage.CacheWrite1h, c.usage.Reasoning, int64(c.cost),
		} {
			numbers[column] = append(numbers[column], n)
		}
	}
	_, err := g.tx.Exec(ctx, mergeSessionCostSQL, pgx.QueryExecModeCacheStatement, id, hash, model, provider,
		numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6], numbers[7], numbers[8], numbers[9], numbers[10])
	if err != nil {
		return fmt.Errorf("add to sessions: %w", err)
	}
	return nil
}

const mergeSessionCostSQL = `
	INSERT INTO sessions (session_id, id, model, provider_id, key_id, user_id, first_at, last_at,
		input_tokens, output_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens,
		cache_creation_1h_input_tokens, reasoning_tokens, cost_nusd, client_kind, requests)
	SELECT s.*, '', 0 FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
		$8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[]) AS s` +
	onPaidSession
