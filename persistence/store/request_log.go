package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

// RequestLogs keeps one row per request. Rows are opened and closed in batches
// (see log_batch.go); reading never waits for writing.
type RequestLogs struct{ s *Store }

// RequestLogs is the repository of request logs.
func (s *Store) RequestLogs() RequestLogs { return RequestLogs{s} }

// List returns rows, newest first. Continue a list with LogFilter.Before.
func (r RequestLogs) List(ctx context.Context, f domain.LogFilter) ([]domain.RequestLog, error) {
	rows, err := r.list(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("list request logs: %w", err)
	}
	return logsOf(rows)
}

// list chooses the way that looks at the fewest rows.
func (r RequestLogs) list(ctx context.Context, f domain.LogFilter) (rows []logRow, err error) {
	if f.Model != "" {
		if !filtersStatus(f) && !narrow(f) {
			return r.listByModel(ctx, f)
		}
		if used, err := r.usesModel(ctx, f.Model); err != nil || !used {
			return nil, err
		}
	}
	switch {
	case filtersStatus(f) && !narrow(f):
		return r.listByStatus(ctx, f)
	case narrow(f) && r.s.logs.openApart():
		return r.listApart(ctx, f)
	}
	return rows, r.apply(r.page(&rows, f), f).Scan(ctx)
}

func (r RequestLogs) page(rows *[]logRow, f domain.LogFilter) *bun.SelectQuery {
	return r.s.logs.read.NewSelect().Model(rows).Order("id DESC").Limit(pageLength(f.Limit))
}

func filtersStatus(f domain.LogFilter) bool { return f.ErrorsOnly || !f.Status.IsZero() }

// narrow tells whether an index other than that of the status serves the filter.
func narrow(f domain.LogFilter) bool {
	return f.UserID != 0 || f.KeyID != 0 || f.ProviderID != 0 || f.RequestID != 0 || f.SessionID != ""
}

// listByStatus asks for each status on its own, of which there are few, and
// merges. An index gives each in the order of the page; asked for a range of
// them, a database sorts all rows that match.
func (r RequestLogs) listByStatus(ctx context.Context, f domain.LogFilter) ([]logRow, error) {
	statuses, err := r.statuses(ctx)
	if err != nil {
		return nil, err
	}
	var merged []logRow
	for _, status := range statuses {
		if !f.Status.Matches(status) || f.ErrorsOnly && status < 400 {
			continue
		}
		var rows []logRow
		q := r.page(&rows, f).Where("status_code = ?", status)
		if status != http.StatusOK {
			q = q.Where("status_code <> 200") // else SQLite does not see that the index has it
		}
		if err := r.apply(q, withoutStatus(f)).Scan(ctx); err != nil {
			return nil, err
		}
		merged = append(merged, rows...)
	}
	return newest(merged, f), nil
}

// listApart asks for closed rows, which the indexes of users, keys, providers and
// sessions have, and for the few that are open, which have one of their own.
func (r RequestLogs) listApart(ctx context.Context, f domain.LogFilter) ([]logRow, error) {
	var closed, open []logRow
	if err := r.apply(r.page(&closed, f), f).Where("status_code IS NOT NULL").Scan(ctx); err != nil {
		return nil, err
	}
	if filtersStatus(f) {
		return closed, nil // who has no status yet is not meant
	}
	if err := r.apply(r.page(&open, f), f).Where("status_code IS NULL").Scan(ctx); err != nil {
		return nil, err
	}
	return newest(slices.Concat(closed, open), f), nil
}

// newest is the page that rows make which were asked for apart. A row that was
// closed in between is in it once, as it is now or as it was.
func newest(rows []logRow, f domain.LogFilter) []logRow {
	slices.SortStableFunc(rows, func(a, b logRow) int { return cmp.Compare(b.ID, a.ID) })
	rows = slices.CompactFunc(rows, func(a, b logRow) bool { return a.ID == b.ID })
	return rows[:min(len(rows), int(pageLength(f.Limit)))]
}

func withoutStatus(f domain.LogFilter) domain.LogFilter {
	f.Status, f.ErrorsOnly = domain.StatusFilter{}, false
	return f
}

// statuses are those that may occur, found by one look at the index each. Nearly
// every row is a success, which needs no looking for, and not every engine's
// index has it.
func (r RequestLogs) statuses(ctx context.Context) (list []int, err error) {
	list = []int{http.StatusOK}
	for last := 0; ; {
		err := r.s.logs.read.NewRaw("SELECT COALESCE(MIN(status_code), 0) FROM request_logs WHERE status_code > ? AND status_code <> 200", last).
			Scan(ctx, &last)
		if err != nil || last == 0 {
			return list, err
		}
		list = append(list, last)
	}
}

// Get finds a row and its detail. A detail that was cleaned up, or is not
// written yet, has an empty chain.
func (r RequestLogs) Get(ctx context.Context, id domain.RequestID) (domain.RequestLog, domain.RequestDetail, error) {
	var row logRow
	err := r.s.logs.read.NewSelect().Model(&row).Where("id = ?", int64(id)).Scan(ctx)
	if err := found(err, "request log", id); err != nil {
		return domain.RequestLog{}, domain.RequestDetail{}, err
	}
	log, err := row.log()
	if err != nil {
		return domain.RequestLog{}, domain.RequestDetail{}, err
	}
	var details []detailRow
	err = r.s.logs.read.NewSelect().Model(&details).Where("request_id = ?", int64(id)).Scan(ctx)
	if err != nil {
		return domain.RequestLog{}, domain.RequestDetail{}, fmt.Errorf("read the detail of %s: %w", id, err)
	}
	detail := domain.RequestDetail{RequestID: id, Chain: "[]"}
	if len(details) > 0 {
		d := &details[0]
		detail.Chain, detail.Cost, detail.Special, detail.Error = d.Chain, d.Cost, d.Special, d.Error
	}
	return log, detail, nil
}

// Newest is the greatest id in the log, 0 when it is empty; new ids count on from it.
func (r RequestLogs) Newest(ctx context.Context) (domain.RequestID, error) {
	var id int64
	err := r.s.logs.read.NewRaw("SELECT COALESCE(MAX(id), 0) FROM request_logs").Scan(ctx, &id)
	if err != nil {
		return 0, fmt.Errorf("read the newest request id: %w", err)
	}
	return domain.RequestID(id), nil
}

// CountBegun counts the requests of a user, 0 = of all, that began in [from, to).
func (r RequestLogs) CountBegun(ctx context.Context, user domain.UserID, from, to time.Time) (int, error) {
	n, err := applyLogRange(r.s.logs.read.NewSelect().Model((*logRow)(nil)), domain.LogFilter{UserID: user, From: from, To: to}).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count request logs: %w", err)
	}
	return int(n), nil
}

// Open returns rows behind an id that were opened and never closed, oldest first.
func (r RequestLogs) Open(ctx context.Context, after domain.RequestID, limit int) ([]domain.OpenLog, error) {
	var rows []openRow
	err := r.s.logs.read.NewSelect().Model(&rows).Where("status_code IS NULL").Where("id > ?", int64(after)).Order("id").Limit(pageLength(limit)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read open request logs: %w", err)
	}
	open := make([]domain.OpenLog, len(rows))
	for i := range rows {
		if open[i], err = rows[i].open(); err != nil {
			return nil, err
		}
	}
	return open, nil
}

// Rebill replaces the stored cost breakdown of a request. One whose details were
// cleaned up has none.
func (r RequestLogs) Rebill(ctx context.Context, id domain.RequestID, breakdown string) error {
	_, err := r.s.logs.write.NewUpdate().Table("request_details").
		Set("cost_breakdown = ?", breakdown).Where("request_id = ?", int64(id)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("replace the bill of %s: %w", id, err)
	}
	return nil
}

// FollowLedger sets the costs of closed rows to what the ledger has charged for
// their requests by now.
func (r RequestLogs) FollowLedger(ctx context.Context, ids []domain.RequestID) error {
	for _, id := range ids {
		rows, err := r.s.Ledger().Of(ctx, id)
		if err != nil {
			return err
		}
		charged := domain.Money(0)
		for i := range rows {
			charged += rows[i].Charge
		}
		_, err = r.s.logs.write.NewUpdate().Table("request_logs").Set("cost_nusd = ?", int64(charged)).
			Where("id = ?", int64(id)).Where("status_code IS NOT NULL").Exec(ctx)
		if err != nil {
			return fmt.Errorf("set the cost of %s: %w", id, err)
		}
	}
	return nil
}

// openRow is a row that is not closed, with what it may cost.
type openRow struct {
	logRow `bun:",extend"`

	Estimate         sql.NullInt64 `bun:"estimate_nusd"`
	ProviderEstimate sql.NullInt64 `bun:"provider_estimate_nusd"`
}

func (r *openRow) open() (domain.OpenLog, error) {
	l, err := r.log()
	o := domain.OpenLog{RequestLog: l}
	if r.Estimate.Valid {
		o.Begun = &domain.BegunLog{
			ID: l.ID, Attempt: l.Upstream.Attempts, ProviderID: l.Upstream.ProviderID, Model: l.Upstream.ModelSent,
			Estimate: domain.Money(r.Estimate.Int64), ProviderEstimate: domain.Money(r.ProviderEstimate.Int64),
		}
	}
	return o, err
}

func logsOf(rows []logRow) ([]domain.RequestLog, error) {
	logs := make([]domain.RequestLog, len(rows))
	for i := range rows {
		var err error
		if logs[i], err = rows[i].log(); err != nil {
			return nil, err
		}
	}
	return logs, nil
}

func (r RequestLogs) apply(q *bun.SelectQuery, f domain.LogFilter) *bun.SelectQuery {
	q = applyLogRange(q, f)
	for _, c := range []struct {
		column string
		value  string
	}{
		{"outcome", string(f.Outcome)},
		{"blocked_by", string(f.BlockedBy)},
		{"endpoint", f.Endpoint},
		{"client_kind", f.Client},
	} {
		if c.value != "" {
			q = q.Where("? = ?", bun.Ident(c.column), c.value)
		}
	}
	if f.SessionID != "" {
		q = q.Where(r.sessionCondition(f.SessionID), f.SessionID, afterPrefix(f.SessionID))
	}
	if f.Model != "" {
		q = q.Where("(model_requested = ? OR model_sent = ?)", f.Model, f.Model)
	}
	if !f.Status.IsZero() {
		q = q.Where(r.statusCondition(f.Status.Not), f.Status.Min, f.Status.Max)
	}
	if f.ErrorsOnly {
		q = q.Where(r.s.logs.unindexed("status_code") + " >= 400")
	}
	if f.Text != "" {
		q = q.Where("LOWER(error_message) LIKE ? ESCAPE '!'", containing(f.Text))
		if f.Refusals {
			q = q.Where("outcome = ?", string(domain.OutcomeBlocked))
		}
	}
	if f.MinAttempts > 0 {
		q = q.Where("attempts >= ?", f.MinAttempts)
	}
	if f.MinDuration > 0 {
		q = q.Where("duration_ms >= ?", f.MinDuration.Milliseconds())
	}
	if f.Replay != nil {
		q = q.Where("is_replay = ?", *f.Replay)
	}
	if f.Demo != nil {
		q = q.Where("is_demo = ?", *f.Demo)
	}
	return q
}

// applyLogRange narrows down by what has an index of its own: ids carry the time.
func applyLogRange(q *bun.SelectQuery, f domain.LogFilter) *bun.SelectQuery {
	for _, c := range []struct {
		condition string
		value     int64
	}{
		{"id = ?", int64(f.RequestID)},
		{"id < ?", int64(f.Before)},
		{"user_id = ?", int64(f.UserID)},
		{"key_id = ?", int64(f.KeyID)},
		{"provider_id = ?", int64(f.ProviderID)},
	} {
		if c.value != 0 {
			q = q.Where(c.condition, c.value)
		}
	}
	if !f.From.IsZero() {
		q = q.Where("id >= ?", int64(domain.FirstRequestIDAt(f.From)))
	}
	if !f.To.IsZero() {
		q = q.Where("id < ?", int64(domain.FirstRequestIDAt(f.To)))
	}
	return q
}

// The index of a column is not used where that of another one serves better,
// see narrow.

func (r RequestLogs) statusCondition(not bool) string {
	status := r.s.logs.unindexed("status_code")
	if not {
		return "(" + status + " < ? OR " + status + " > ?)"
	}
	return status + " BETWEEN ? AND ?"
}

// sessionCondition matches a prefix. A short one matches so many rows that
// walking the log from its end finds a page sooner than sorting them.
func (r RequestLogs) sessionCondition(prefix string) string {
	const selective = 12
	session := "session_id"
	if len(prefix) < selective {
		session = r.s.logs.unindexed(session)
	}
	return session + " >= ? AND " + session + " < ?"
}
