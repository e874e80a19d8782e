package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/claude-code-hub/cch/internal/domain"
)

// postgresLogs writes request logs into PostgreSQL, in one transaction with what
// they add to sessions. Rows that begin in their batch are copied right into
// their tables; those that close a row are copied into a table of the connection
// and merged from there, which costs twice as much. A batch that turns out to
// have been written before is merged as a whole. Safe for concurrent use;
// batches of several run in parallel.
type postgresLogs struct{ pool *pgxpool.Pool }

func (w *postgresLogs) close() error { return nil } // the pool is its owner's

func (w *postgresLogs) write(ctx context.Context, started []*domain.RequestLog, finished []domain.FinishedLog) error {
	b := newLogCopy(started, finished)
	if len(b.rows) == 0 {
		return nil
	}
	err := inTransaction(ctx, w.pool, func(tx pgx.Tx) error { return b.run(ctx, tx) })
	if _, seen := postgresUnique(err); seen && b.fresh > 0 {
		b.fresh = 0
		err = inTransaction(ctx, w.pool, func(tx pgx.Tx) error { return b.run(ctx, tx) })
	}
	return err
}

// inTransaction runs work in a transaction of its own.
func inTransaction(ctx context.Context, pool *pgxpool.Pool, work func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, pool, work)
}

// logCopy is one batch. Each request is in it once: closed, or else opened.
type logCopy struct {
	rows   []copiedLog // those that begin here first
	fresh  int         // how many of rows begin here
	values []any       // of the row being copied
}

// copiedLog is one row; no detail = it is only opened.
type copiedLog struct {
	log    *domain.RequestLog
	detail *domain.RequestDetail
}

// newLogCopy takes each request once: what came first counts, as if rows had
// been written one after the other, the closed ones before the opened ones.
func newLogCopy(started []*domain.RequestLog, finished []domain.FinishedLog) *logCopy {
	begins := make(map[domain.RequestID]bool, len(started)) // true = not taken yet
	for _, l := range started {
		begins[l.ID] = true
	}
	b := &logCopy{rows: make([]copiedLog, 0, len(started)+len(finished))}
	closing := make(map[domain.RequestID]copiedLog)
	for _, f := range finished {
		row := copiedLog{f.Log, f.Detail}
		switch waits, begun := begins[f.Log.ID]; {
		case waits:
			begins[f.Log.ID] = false
			b.rows = append(b.rows, row)
		case !begun && closing[f.Log.ID].log == nil:
			closing[f.Log.ID] = row
		}
	}
	for _, l := range started {
		if begins[l.ID] {
			begins[l.ID] = false
			b.rows = append(b.rows, copiedLog{log: l})
		}
	}
	b.fresh = len(b.rows)
	for _, id := range slices.Sorted(maps.Keys(closing)) {
		b.rows = append(b.rows, closing[id])
	}
	return b
}

func (b *logCopy) run(ctx context.Context, tx pgx.Tx) error {
	if err := b.insert(ctx, tx); err != nil {
		return fmt.Errorf("copy new rows: %w", err)
	}
	merged, err := b.merge(ctx, tx)
	if err != nil {
		return fmt.Errorf("merge rows: %w", err)
	}
	var sums sessionSums
	for i, row := range b.rows {
		switch {
		case i >= b.fresh && !merged[row.log.ID]: // it was written before
		case row.detail != nil:
			sums.closed(row.log)
		default:
			sums.opened(row.log)
		}
	}
	return mergeSessions(ctx, tx, &sums)
}

// insert copies rows that begin here.
func (b *logCopy) insert(ctx context.Context, tx pgx.Tx) error {
	fresh := b.rows[:b.fresh]
	if len(fresh) == 0 {
		return nil
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"request_logs"}, logColumns(), pgx.CopyFromSlice(len(fresh), func(i int) ([]any, error) {
		b.values = logValues(b.values[:0], fresh[i].log)
		return b.values, nil
	}))
	if err != nil {
		return err
	}
	fresh = slices.DeleteFunc(slices.Clone(fresh), func(row copiedLog) bool { return row.detail == nil })
	if len(fresh) == 0 {
		return nil
	}
	columns := append([]string{"request_id"}, detailColumns()...)
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"request_details"}, columns, pgx.CopyFromSlice(len(fresh), func(i int) ([]any, error) {
		b.values = detailValues(append(b.values[:0], int64(fresh[i].log.ID)), fresh[i].log, fresh[i].detail)
		return b.values, nil
	}))
	return err
}

// merge opens and closes rows that may be there, and tells which changed.
func (b *logCopy) merge(ctx context.Context, tx pgx.Tx) (map[domain.RequestID]bool, error) {
	rest := b.rows[b.fresh:]
	if len(rest) == 0 {
		return nil, nil //nolint:nilnil // nothing changed
	}
	if _, err := tx.Exec(ctx, stageLogsSQL()); err != nil {
		return nil, err
	}
	columns := append(logColumns(), detailColumns()...)
	_, err := tx.CopyFrom(ctx, pgx.Identifier{stagedLogs}, columns, pgx.CopyFromSlice(len(rest), func(i int) ([]any, error) {
		b.values = logValues(b.values[:0], rest[i].log)
		if rest[i].detail == nil {
			b.values = append(b.values, nil, nil, nil, nil, nil)
		} else {
			b.values = detailValues(b.values, rest[i].log, rest[i].detail)
		}
		return b.values, nil
	}))
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, mergeLogsSQL(), pgx.QueryExecModeCacheStatement)
	if err != nil {
		return nil, err
	}
	merged := make(map[domain.RequestID]bool, len(rest))
	var id int64
	_, err = pgx.ForEachRow(rows, []any{&id}, func() error { merged[domain.RequestID(id)] = true; return nil })
	return merged, err
}

// begin notes all with one statement. Of several of a request the last counts.
func (w *postgresLogs) begin(ctx context.Context, begun []*domain.BegunLog) error {
	last := make(map[int64]*domain.BegunLog, len(begun))
	for _, b := range begun {
		last[int64(b.ID)] = b
	}
	ids := slices.Sorted(maps.Keys(last))
	if len(ids) == 0 {
		return nil
	}
	var provider, attempts, estimate, providerEstimate []int64
	var model []string
	for _, id := range ids {
		b := last[id]
		provider, model = append(provider, int64(b.ProviderID)), append(model, storable(b.Model))
		attempts = append(attempts, int64(b.Attempt))
		estimate, providerEstimate = append(estimate, int64(b.Estimate)), append(providerEstimate, int64(b.ProviderEstimate))
	}
	_, err := w.pool.Exec(ctx, beginLogsSQL, pgx.QueryExecModeCacheStatement,
		ids, provider, model, attempts, estimate, providerEstimate, ids[0], ids[len(ids)-1])
	return err
}

// beginLogsSQL bounds the ids, so that partitions of other months are left out.
const beginLogsSQL = `
	UPDATE request_logs AS l SET provider_id = b.provider_id, model_sent = b.model, attempts = b.attempts,
		estimate_nusd = b.estimate, provider_estimate_nusd = b.provider_estimate
	FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[])
		AS b (id, provider_id, model, attempts, estimate, provider_estimate)
	WHERE l.id = b.id AND l.id BETWEEN $7 AND $8 AND l.status_code IS NULL`

// stagedLogs is a table of the connection, empty at the begin of every
// transaction.
const stagedLogs = "staged_logs"

func stageLogsSQL() string {
	return "CREATE TEMP TABLE IF NOT EXISTS " + stagedLogs + " ON COMMIT DELETE ROWS AS SELECT " +
		"l." + strings.Join(logColumns(), ", l.") + ", d." + strings.Join(detailColumns(), ", d.") +
		" FROM request_logs AS l, request_details AS d WITH NO DATA"
}

// mergeLogsSQL opens and closes rows, adds the details of those it closed, and
// returns the ids of what changed.
func mergeLogsSQL() string {
	columns, details := strings.Join(logColumns(), ", "), strings.Join(detailColumns(), ", ")
	return "WITH merged AS (" +
		" INSERT INTO request_logs (" + columns + ") SELECT " + columns + " FROM " + stagedLogs + " ORDER BY id" +
		" ON CONFLICT (id) DO UPDATE SET " + closeRowSQL() + " AND EXCLUDED.status_code IS NOT NULL" +
		" RETURNING id" +
		"), detailed AS (" +
		" INSERT INTO request_details (request_id, " + details + ")" +
		" SELECT id, " + details + " FROM " + stagedLogs + " WHERE decision_chain IS NOT NULL AND id IN (SELECT id FROM merged)" +
		" ON CONFLICT (request_id) DO NOTHING" +
		") SELECT id FROM merged"
}

// mergeSessions adds what a batch adds to sessions and keys, in the order of
// their keys, so that batches of other processes wait for each other but never
// in a circle.
func mergeSessions(ctx context.Context, tx pgx.Tx, sums *sessionSums) error {
	if sums.empty() {
		return nil
	}
	list := slices.SortedFunc(maps.Values(sums.Sessions), func(a, b *sessionSum) int {
		return cmp.Or(cmp.Compare(a.KeyID, b.KeyID), cmp.Compare(a.SessionID, b.SessionID))
	})
	var key, user, first, last, requests []int64
	var provider []*int64
	var id, hash, model, client []string
	for _, s := range list {
		key, id, user = append(key, s.KeyID), append(id, s.SessionID), append(user, s.UserID)
		hash = append(hash, domain.SessionKey{KeyID: domain.KeyID(s.KeyID), ID: s.SessionID}.Hash())
		provider, model, client = append(provider, s.binding()), append(model, s.Model), append(client, s.ClientKind)
		first, last, requests = append(first, s.FirstAt), append(last, s.LastAt), append(requests, s.Requests)
	}
	_, err := tx.Exec(ctx, mergeSessionsSQL, pgx.QueryExecModeCacheStatement,
		key, id, hash, user, provider, model, client, first, last, requests)
	if err != nil {
		return fmt.Errorf("add to sessions: %w", err)
	}
	keys := slices.Sorted(maps.Keys(sums.Keys))
	used := make([]int64, len(keys))
	for i, k := range keys {
		used[i] = sums.Keys[k]
	}
	if _, err := tx.Exec(ctx, useKeysSQL, pgx.QueryExecModeCacheStatement, keys, used); err != nil {
		return fmt.Errorf("note the use of keys: %w", err)
	}
	return nil
}

const mergeSessionsSQL = `
	INSERT INTO sessions (key_id, session_id, id, user_id, provider_id, model, client_kind, first_at, last_at, requests,
		input_tokens, output_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens,
		cache_creation_1h_input_tokens, reasoning_tokens, cost_nusd)
	SELECT s.*, 0, 0, 0, 0, 0, 0, 0 FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[],
		$7::text[], $8::bigint[], $9::bigint[], $10::bigint[]) AS s` + onUsedSession

const useKeysSQL = `
	UPDATE api_keys AS k SET last_used_at = u.used FROM unnest($1::bigint[], $2::bigint[]) AS u (id, used)
	WHERE k.id = u.id AND (k.last_used_at IS NULL OR k.last_used_at < u.used)`
