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

// postgresLedger appends ledger rows in PostgreSQL: a group is copied into a
// table of the connection, merged from there, and its sums added with one
// statement a table. Safe for concurrent use.
type postgresLedger struct {
	pool *pgxpool.Pool
	days *zones
}

func (w *postgresLedger) close() error { return nil } // the pool is its owner's

func (w *postgresLedger) append(ctx context.Context, rows []domain.LedgerRow) ([]error, error) {
	b := ledgerMerge{days: w.days, rows: rows, results: make([]error, len(rows))}
	err := inTransaction(ctx, w.pool, func(tx pgx.Tx) error {
		b.tx = tx
		return b.run(ctx)
	})
	if err != nil {
		return nil, err
	}
	return b.results, nil
}

// ledgerMerge is one transaction.
type ledgerMerge struct {
	tx      pgx.Tx
	days    *zones
	rows    []domain.LedgerRow
	results []error
	sums    usageSums
	values  []any // of the row being copied
}

func (b *ledgerMerge) run(ctx context.Context) error {
	if err := b.fence(ctx); err != nil {
		return fmt.Errorf("hold the owners of users: %w", err)
	}
	inserted, err := b.insert(ctx)
	if err != nil {
		return err
	}
	for i := range b.rows {
		if b.results[i] != nil {
			continue
		}
		row := &b.rows[i]
		if inserted[row.SettleKey] {
			delete(inserted, row.SettleKey) // a second one of the same group is a duplicate
			b.sums.count(row)
			continue
		}
		if b.results[i], err = b.conflict(ctx, row); err != nil {
			return err
		}
	}
	return b.addSums(ctx)
}

// fence holds the writers of the group against the owners of their users, who
// cannot be replaced before the transaction ends.
func (b *ledgerMerge) fence(ctx context.Context) error {
	users := make([]int64, len(b.rows))
	for i := range b.rows {
		users[i] = int64(b.rows[i].UserID)
	}
	slices.Sort(users)
	rows, err := b.tx.Query(ctx, "SELECT user_id, epoch FROM quota_owner WHERE user_id = ANY($1) ORDER BY user_id FOR SHARE",
		pgx.QueryExecModeCacheStatement, slices.Compact(users))
	if err != nil {
		return err
	}
	epochs := make(map[domain.UserID]int64)
	var user, epoch int64
	if _, err := pgx.ForEachRow(rows, []any{&user, &epoch}, func() error { epochs[domain.UserID(user)] = epoch; return nil }); err != nil {
		return err
	}
	for i := range b.rows {
		if held, ok := epochs[b.rows[i].UserID]; !ok || held != b.rows[i].Epoch {
			b.results[i] = domain.ErrLedgerFenced
		}
	}
	return nil
}

// insert adds the rows that pass the fence and that the ledger has not, and
// tells which.
func (b *ledgerMerge) insert(ctx context.Context) (map[domain.SettleKey]bool, error) {
	if _, err := b.tx.Exec(ctx, stageLedgerSQL); err != nil {
		return nil, fmt.Errorf("prepare to copy rows: %w", err)
	}
	var passed []int
	for i, result := range b.results {
		if result == nil {
			passed = append(passed, i)
		}
	}
	columns := append(strings.Split(ledgerColumns, ", "), "position")
	for i := range columns {
		columns[i] = strings.TrimSpace(columns[i])
	}
	_, err := b.tx.CopyFrom(ctx, pgx.Identifier{stagedLedger}, columns, pgx.CopyFromSlice(len(passed), func(i int) ([]any, error) {
		b.values = append(ledgerValues(b.values[:0], &b.rows[passed[i]]), i)
		return b.values, nil
	}))
	if err != nil {
		return nil, fmt.Errorf("copy rows: %w", err)
	}
	rows, err := b.tx.Query(ctx, mergeLedgerSQL, pgx.QueryExecModeCacheStatement)
	if err != nil {
		return nil, fmt.Errorf("merge rows: %w", err)
	}
	inserted := make(map[domain.SettleKey]bool, len(passed))
	var k domain.SettleKey
	_, err = pgx.ForEachRow(rows, []any{&k.ReqID, &k.Attempt, &k.Kind, &k.N}, func() error { inserted[k] = true; return nil })
	if err != nil {
		return nil, fmt.Errorf("merge rows: %w", err)
	}
	return inserted, nil
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
func (b *ledgerMerge) conflict(ctx context.Context, row *domain.LedgerRow) (result, err error) {
	kept, err := scanLedger(b.tx.QueryRow(ctx, keptLedgerSQL, pgx.QueryExecModeCacheStatement,
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
func (b *ledgerMerge) addSums(ctx context.Context) error {
	if len(b.sums.rows) == 0 {
		return nil
	}
	if err := b.addUsage(ctx, "usage_hourly", "hour_no", b.sums.hours); err != nil {
		return err
	}
	days, err := b.closedDays(ctx)
	if err != nil {
		return err
	}
	if err := b.addUsage(ctx, "usage_daily", "day_no", days); err != nil {
		return err
	}
	return b.addSessions(ctx)
}

func (b *ledgerMerge) addUsage(ctx context.Context, table, at string, sums map[usageKey]*usageSum) error {
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
	if _, err := b.tx.Exec(ctx, mergeUsageSQL(table, at, "SELECT * FROM "+unnest(5, 5+usageFigures)), args...); err != nil {
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
func (b *ledgerMerge) closedDays(ctx context.Context) (map[usageKey]*usageSum, error) {
	var zone string
	var d closedDays
	err := b.tx.QueryRow(ctx, "SELECT zone, from_day, closed_day FROM usage_days", pgx.QueryExecModeCacheStatement).
		Scan(&zone, &d.from, &d.closed)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil //nolint:nilnil // no day was closed yet: there is nothing to add
	}
	if err != nil {
		return nil, fmt.Errorf("read which days are closed: %w", err)
	}
	if d.zone, err = b.days.load(zone); err != nil {
		return nil, err
	}
	return b.sums.ofDays(d, func(day int64, model string) (listed bool, err error) {
		return listed, b.tx.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM usage_daily WHERE day_no = $1 AND model = $2)",
			pgx.QueryExecModeCacheStatement, day, model).Scan(&listed)
	})
}

func (b *ledgerMerge) addSessions(ctx context.Context) error {
	if len(b.sums.sessions) == 0 {
		return nil
	}
	keys := slices.SortedFunc(maps.Keys(b.sums.sessions), func(x, y domain.SessionKey) int {
		return cmp.Or(cmp.Compare(x.KeyID, y.KeyID), cmp.Compare(x.ID, y.ID))
	})
	var id, hash, model []string
	var provider []*int64
	numbers := make([][]int64, 11)
	for _, key := range keys {
		c := b.sums.sessions[key]
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
	_, err := b.tx.Exec(ctx, mergeSessionCostSQL, pgx.QueryExecModeCacheStatement, id, hash, model, provider,
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
