package store

import (
	"cmp"
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

// logModel says that on a day of the ids a request for one model was closed that
// was sent as another one, or as none. It is what finds requests by the model
// that was asked for, which has no index: rows are written far more often than
// looked for by such a model, and most are sent as what they were asked for.
type logModel struct {
	requested, sent string
	day             int64 // since 1970-01-01, UTC
}

const dayMs = 24 * hourMs

func dayOfRequest(id domain.RequestID) int64 { return id.Time().UnixMilli() / dayMs }

// modelOf is what has to be noted of a closed row, if anything.
func modelOf(l *domain.RequestLog) (m logModel, ok bool) {
	if l.Call.Model == l.Upstream.ModelSent || l.Call.Model == "" {
		return logModel{}, false
	}
	return logModel{requested: storable(l.Call.Model), sent: storable(l.Upstream.ModelSent), day: dayOfRequest(l.ID)}, true
}

// maxKnownModels bounds what is remembered of what was noted; clients choose
// names.
const maxKnownModels = 4096

// knownModels remembers what the table holds of the last two days, so that a row
// costs a look at a map at most. Older days may have been cleaned up meanwhile.
// Safe for concurrent use.
type knownModels struct {
	mu     sync.Mutex
	newest int64
	known  map[logModel]struct{}
}

// unknown adds those of rows that the table may lack, each once.
func (k *knownModels) unknown(list []logModel, l *domain.RequestLog) []logModel {
	m, ok := modelOf(l)
	if !ok || slices.Contains(list, m) {
		return list
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, found := k.known[m]; found && m.day >= k.newest-1 {
		return list
	}
	return append(list, m)
}

// noted remembers what was committed.
func (k *knownModels) noted(list []logModel) {
	if len(list) == 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, m := range list {
		if k.known == nil || len(k.known) >= maxKnownModels || m.day > k.newest {
			k.known = make(map[logModel]struct{})
		}
		k.newest = max(k.newest, m.day)
		if m.day >= k.newest-1 {
			k.known[m] = struct{}{}
		}
	}
}

func (k *knownModels) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.known = nil
}

// noteModelSQL notes one.
const noteModelSQL = "INSERT INTO request_log_models (model_requested, model_sent, day_no) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"

// noteModels writes them in the transaction of their rows, in order, so that
// transactions of several nodes never wait for each other in a circle.
func (w *batchWriter) noteModels(ctx context.Context, conn driver.Conn, list []logModel) error {
	sortModels(list)
	for _, m := range list {
		w.args = append(w.args[:0], m.requested, m.sent, m.day)
		if _, err := w.stmt.noteModel.exec(ctx, conn, w.args); err != nil {
			return fmt.Errorf("note the model of a request: %w", err)
		}
	}
	return nil
}

func sortModels(list []logModel) {
	slices.SortFunc(list, func(a, b logModel) int {
		return cmp.Or(cmp.Compare(a.requested, b.requested), cmp.Compare(a.sent, b.sent), cmp.Compare(a.day, b.day))
	})
}

// renoteModels notes anew what the rows of the log say, for who filled them in
// past the writer.
func renoteModels(ctx context.Context, tx bun.Tx) error {
	if _, err := tx.NewRaw("DELETE FROM request_log_models").Exec(ctx); err != nil {
		return err
	}
	first := domain.RequestID(0).Time()
	_, err := tx.NewRaw("INSERT INTO request_log_models (model_requested, model_sent, day_no)"+
		" SELECT DISTINCT model_requested, COALESCE(model_sent, ''), (id / ? + ?) / ? FROM request_logs"+
		" WHERE status_code IS NOT NULL AND model_requested <> '' AND model_requested <> COALESCE(model_sent, '')",
		int64(domain.FirstRequestIDAt(first.Add(time.Millisecond))), first.UnixMilli(), dayMs).Exec(ctx)
	return err
}

// pruneModels forgets days of which the log has no closed row any more.
func pruneModels(ctx context.Context, tx bun.Tx, before time.Time) error {
	_, err := tx.NewRaw("DELETE FROM request_log_models WHERE day_no < ?", before.UnixMilli()/dayMs).Exec(ctx)
	return err
}
