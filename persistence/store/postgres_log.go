package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/claude-code-hub/cch/internal/domain"
)

// postgresLogs writes request logs into PostgreSQL, in one transaction with what
// they add to sessions. Rows are copied right into their tables. One that closes
// a row takes its place: the open one is in few indexes, so that to delete it and
// to copy another costs half of what an update does, which would enter the row
// into every index anew. A batch that turns out to have been written before is
// looked up as a whole first. Safe for concurrent use; batches of several run in
// parallel.
type postgresLogs struct {
	pool  *pgxpool.Pool
	known knownModels
}

func (w *postgresLogs) forgetModels() { w.known.forget() }

func (w *postgresLogs) close() error { return nil } // the pool is its owner's

func (w *postgresLogs) write(ctx context.Context, batch domain.LogBatch) error {
	if batch.Empty() {
		return nil
	}
	b := newLogCopy(batch)
	for _, row := range b.rows {
		if row.detail != nil {
			b.models = w.known.unknown(b.models, row.log)
		}
	}
	err := inTransaction(ctx, w.pool, func(tx pgx.Tx) error { return b.run(ctx, tx) })
	if _, seen := postgresUnique(err); seen && b.fresh > 0 {
		b.fresh = 0
		err = inTransaction(ctx, w.pool, func(tx pgx.Tx) error { return b.run(ctx, tx) })
	}
	if err == nil {
		w.known.noted(b.models)
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
	begun  []*domain.BegunLog
	fresh  int        // how many of rows begin here
	values []any      // of the row being copied
	models []logModel // of closed rows, that may not be noted yet
}

// copiedLog is one row; no detail = it is only opened.
type copiedLog struct {
	log    *domain.RequestLog
	detail *domain.RequestDetail
	again  bool // it was closed before, as one that is lost
}

// newLogCopy takes each request once: what came first counts, as if rows had
// been written one after the other, the closed ones before the opened ones.
func newLogCopy(batch domain.LogBatch) *logCopy {
	begins := make(map[domain.RequestID]bool, len(batch.Started)) // true = not taken yet
	for _, l := range batch.Started {
		begins[l.ID] = true
	}
	b := &logCopy{rows: make([]copiedLog, 0, len(batch.Started)+len(batch.Finished)), begun: unfinished(batch)}
	closing := make(map[domain.RequestID]copiedLog)
	for _, f := range batch.Finished {
		row := copiedLog{log: f.Log, detail: f.Detail}
		switch waits, begun := begins[f.Log.ID]; {
		case waits:
			begins[f.Log.ID] = false
			b.rows = append(b.rows, row)
		case !begun && closing[f.Log.ID].log == nil:
			closing[f.Log.ID] = row
		}
	}
	for _, l := range batch.Started {
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

// unfinished are those of which an upstream has begun to answer and that the
// batch does not close.
func unfinished(batch domain.LogBatch) []*domain.BegunLog {
	closed := batch.Closed()
	return slices.DeleteFunc(slices.Clone(batch.Begun), func(b *domain.BegunLog) bool { return closed[b.ID] })
}

func (b *logCopy) run(ctx context.Context, tx pgx.Tx) error {
	rows, err := b.wanted(ctx, tx)
	if err != nil {
		return fmt.Errorf("look for rows: %w", err)
	}
	if err := b.copy(ctx, tx, rows); err != nil {
		return fmt.Errorf("copy rows: %w", err)
	}
	if err := beginLogs(ctx, tx, b.begun); err != nil {
		return fmt.Errorf("note begun rows: %w", err)
	}
	if err := mergeModels(ctx, tx, b.models); err != nil {
		return fmt.Errorf("note the models of requests: %w", err)
	}
	var sums sessionSums
	for _, row := range rows {
		if row.detail != nil && !row.again {
			sums.closed(row.log)
		} else {
			sums.opened(row.log)
		}
	}
	return mergeSessions(ctx, tx, &sums)
}

// wanted are the rows that the table is to get: those that begin here, and of
// the others those that it does not have, or not closed until now.
func (b *logCopy) wanted(ctx context.Context, tx pgx.Tx) ([]copiedLog, error) {
	rest := b.rows[b.fresh:]
	if len(rest) == 0 {
		return b.rows, nil
	}
	taken, err := takeLogs(ctx, tx, rest)
	if err != nil {
		return nil, err
	}
	var unknown []int64
	for _, row := range rest {
		if _, ok := taken[int64(row.log.ID)]; !ok {
			unknown = append(unknown, int64(row.log.ID))
		}
	}
	there, err := flaggedIDs(ctx, tx, keptLogsSQL, unknown)
	if err != nil {
		return nil, err
	}
	rows := slices.Clone(b.rows[:b.fresh])
	for _, row := range rest {
		if _, ok := there[int64(row.log.ID)]; !ok {
			row.again = taken[int64(row.log.ID)]
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// takeLogs deletes what rows are to replace: those that are open, and those that
// were given up for lost, by a node that took another for dead. Of the latter it
// says true.
func takeLogs(ctx context.Context, tx pgx.Tx, rows []copiedLog) (taken map[int64]bool, err error) {
	var closing, again []int64
	for _, row := range rows {
		if row.detail != nil {
			closing = append(closing, int64(row.log.ID))
		}
	}
	if taken, err = flaggedIDs(ctx, tx, takeLogsSQL, closing); err != nil {
		return nil, err
	}
	for id, closed := range taken {
		if closed {
			again = append(again, id)
		}
	}
	if len(again) > 0 {
		_, err = tx.Exec(ctx, "DELETE FROM request_details WHERE request_id = ANY($1)", pgx.QueryExecModeCacheStatement, again)
	}
	return taken, err
}

// Both bound the ids, so that partitions of other months are left out.
const (
	takeLogsSQL = "DELETE FROM request_logs WHERE id = ANY($1) AND id BETWEEN $2 AND $3" +
		" AND (status_code IS NULL OR error_code = '" + string(domain.ReasonInterrupted) + "') RETURNING id, status_code IS NOT NULL"
	keptLogsSQL = "SELECT id, TRUE FROM request_logs WHERE id = ANY($1) AND id BETWEEN $2 AND $3"
)

// flaggedIDs are the ids, with a flag each, that a query about some of them returns.
func flaggedIDs(ctx context.Context, tx pgx.Tx, query string, ids []int64) (map[int64]bool, error) {
	if len(ids) == 0 {
		return nil, nil //nolint:nilnil // of none there are none
	}
	rows, err := tx.Query(ctx, query, pgx.QueryExecModeCacheStatement, ids, slices.Min(ids), slices.Max(ids))
	if err != nil {
		return nil, err
	}
	found := make(map[int64]bool, len(ids))
	var id int64
	var flag bool
	_, err = pgx.ForEachRow(rows, []any{&id, &flag}, func() error { found[id] = flag; return nil })
	return found, err
}

// copy copies rows, and the details of those that are closed.
func (b *logCopy) copy(ctx context.Context, tx pgx.Tx, rows []copiedLog) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"request_logs"}, logColumns(), pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
		b.values = logValues(b.values[:0], rows[i].log)
		return b.values, nil
	}))
	if err != nil {
		return err
	}
	closed := slices.DeleteFunc(slices.Clone(rows), func(row copiedLog) bool { return row.detail == nil })
	if len(closed) == 0 {
		return nil
	}
	columns := append([]string{"request_id"}, detailColumns()...)
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"request_details"}, columns, pgx.CopyFromSlice(len(closed), func(i int) ([]any, error) {
		b.values = detailValues(append(b.values[:0], int64(closed[i].log.ID)), closed[i].log, closed[i].detail)
		return b.values, nil
	}))
	return err
}

// begin notes all with one statement. Of several of a request the last counts.
// beginLogs notes on rows that are open who has begun to answer.
func beginLogs(ctx context.Context, tx pgx.Tx, begun []*domain.BegunLog) error {
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
	_, err := tx.Exec(ctx, beginLogsSQL, pgx.QueryExecModeCacheStatement,
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

// mergeModels notes models that are not noted yet.
func mergeModels(ctx context.Context, tx pgx.Tx, list []logModel) error {
	if len(list) == 0 {
		return nil
	}
	sortModels(list)
	var requested, sent []string
	var day []int64
	for _, m := range list {
		requested, sent, day = append(requested, m.requested), append(sent, m.sent), append(day, m.day)
	}
	_, err := tx.Exec(ctx, "INSERT INTO request_log_models (model_requested, model_sent, day_no)"+
		" SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]) ON CONFLICT DO NOTHING",
		pgx.QueryExecModeCacheStatement, requested, sent, day)
	return err
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
