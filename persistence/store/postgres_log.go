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

// postgresLogs writes request logs into PostgreSQL: a batch is copied into a
// table of the connection and merged from there, in one transaction with what it
// adds to sessions. Safe for concurrent use; batches of several run in parallel.
type postgresLogs struct{ pool *pgxpool.Pool }

func (w *postgresLogs) close() error { return nil } // the pool is its owner's

func (w *postgresLogs) write(ctx context.Context, started []*domain.RequestLog, finished []domain.FinishedLog) error {
	b := newLogMerge(started, finished)
	if len(b.rows) == 0 {
		return nil
	}
	return inTransaction(ctx, w.pool, func(tx pgx.Tx) error { return b.run(ctx, tx) })
}

// inTransaction runs work in a transaction of its own.
func inTransaction(ctx context.Context, pool *pgxpool.Pool, work func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, pool, work)
}

// logMerge is one batch. Each request is in it once: closed, or else opened.
type logMerge struct {
	rows   []mergedLog
	byID   map[domain.RequestID]int
	values []any // of the row being copied
}

// mergedLog is one row; no detail = it is only opened.
type mergedLog struct {
	log    *domain.RequestLog
	detail *domain.RequestDetail
}

func newLogMerge(started []*domain.RequestLog, finished []domain.FinishedLog) *logMerge {
	n := len(started) + len(finished)
	b := &logMerge{rows: make([]mergedLog, 0, n), byID: make(map[domain.RequestID]int, n)}
	for _, f := range finished {
		b.add(mergedLog{f.Log, f.Detail})
	}
	for _, l := range started {
		b.add(mergedLog{log: l})
	}
	return b
}

// add takes a row unless the batch has one of its request: what came first
// counts, as if they had been written one after the other.
func (b *logMerge) add(row mergedLog) {
	if _, have := b.byID[row.log.ID]; have {
		return
	}
	b.byID[row.log.ID] = len(b.rows)
	b.rows = append(b.rows, row)
}

func (b *logMerge) run(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, stageLogsSQL()); err != nil {
		return fmt.Errorf("prepare to copy rows: %w", err)
	}
	columns := append(logColumns(), detailColumns()...)
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{stagedLogs}, columns, pgx.CopyFromSlice(len(b.rows), b.row)); err != nil {
		return fmt.Errorf("copy rows: %w", err)
	}
	rows, err := tx.Query(ctx, mergeLogsSQL(), pgx.QueryExecModeCacheStatement)
	if err != nil {
		return fmt.Errorf("merge rows: %w", err)
	}
	written, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return fmt.Errorf("merge rows: %w", err)
	}
	sums := b.sums(written)
	return mergeSessions(ctx, tx, &sums)
}

// row are the values of a row, in the order of logColumns and detailColumns.
func (b *logMerge) row(i int) ([]any, error) {
	row := b.rows[i]
	b.values = logValues(b.values[:0], row.log)
	if row.detail == nil {
		b.values = append(b.values, nil, nil, nil, nil, nil)
	} else {
		b.values = detailValues(b.values, row.log, row.detail)
	}
	return b.values, nil
}

// sums is what rows that changed something add to sessions.
func (b *logMerge) sums(written []int64) (sums sessionSums) {
	slices.Sort(written)
	for _, id := range written {
		if row := b.rows[b.byID[domain.RequestID(id)]]; row.detail != nil {
			sums.closed(row.log)
		} else {
			sums.opened(row.log)
		}
	}
	return sums
}

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
