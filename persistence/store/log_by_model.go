package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

// A model is looked for by what was asked for and by what was sent, and only the
// latter has an index. What was asked for and sent as something else is found
// through the models that it was sent as, which request_log_models tells; so a
// model that nobody used costs three looks at indexes, not one at every row.
// Requests that run are not noted yet, but few. They are looked at first, so
// that none is missed that ends meanwhile.

// sentAs is a way in which requests for a model were sent on.
type sentAs struct {
	model    string // empty = none
	itself   bool   // whatever was asked for
	from, to domain.RequestID
}

const runningOfModel = "status_code IS NULL AND (model_requested = ? OR model_sent = ?)"

// usesModel tells whether there is any row of a model.
func (r RequestLogs) usesModel(ctx context.Context, model string) (found bool, err error) {
	err = r.s.logs.read.NewRaw("SELECT EXISTS (SELECT 1 FROM request_logs WHERE "+runningOfModel+")", model, model).Scan(ctx, &found)
	if err != nil || found {
		return found, err
	}
	ways, err := r.waysOf(ctx, model)
	return len(ways) > 0, err
}

// waysOf are the ways to requests of a model that do not run any more.
func (r RequestLogs) waysOf(ctx context.Context, model string) (list []sentAs, err error) {
	var itself bool
	err = r.s.logs.read.NewRaw("SELECT EXISTS (SELECT 1 FROM request_logs WHERE model_sent = ? AND "+r.ended()+")", model).Scan(ctx, &itself)
	if err != nil {
		return nil, fmt.Errorf("look for requests of a model: %w", err)
	}
	if itself {
		list = append(list, sentAs{model: model, itself: true})
	}
	var noted []struct {
		Sent  string `bun:"model_sent"`
		First int64  `bun:"first_day"`
		Last  int64  `bun:"last_day"`
	}
	err = r.s.logs.read.NewRaw("SELECT model_sent, MIN(day_no) AS first_day, MAX(day_no) AS last_day"+
		" FROM request_log_models WHERE model_requested = ? GROUP BY model_sent", model).Scan(ctx, &noted)
	if err != nil {
		return nil, fmt.Errorf("look for what a model was sent as: %w", err)
	}
	for _, n := range noted {
		list = append(list, sentAs{
			model: n.Sent,
			from:  domain.FirstRequestIDAt(fromMillis(n.First * dayMs)), to: domain.FirstRequestIDAt(fromMillis((n.Last + 1) * dayMs)),
		})
	}
	return list, nil
}

// listByModel asks for each way on its own and merges: an index gives each in
// the order of the page.
func (r RequestLogs) listByModel(ctx context.Context, f domain.LogFilter) ([]logRow, error) {
	rest := f
	rest.Model = ""
	var merged []logRow
	if err := r.apply(r.page(&merged, f).Where(runningOfModel, f.Model, f.Model), rest).Scan(ctx); err != nil {
		return nil, err
	}
	ways, err := r.waysOf(ctx, f.Model)
	if err != nil {
		return nil, err
	}
	for _, way := range ways {
		var rows []logRow
		if err := r.apply(r.sent(r.page(&rows, f), f.Model, way), rest).Scan(ctx); err != nil {
			return nil, err
		}
		merged = append(merged, rows...)
	}
	return newest(merged, f), nil
}

// sent narrows down to the rows of a way.
func (r RequestLogs) sent(q *bun.SelectQuery, model string, way sentAs) *bun.SelectQuery {
	q = q.Where(r.ended())
	if way.itself {
		return q.Where("model_sent = ?", model)
	}
	if way.model == "" {
		q = q.Where("model_sent IS NULL")
	} else {
		q = q.Where("model_sent = ?", way.model)
	}
	return q.Where("model_requested = ?", model).Where("id >= ?", int64(way.from)).Where("id < ?", int64(way.to))
}

// ended is the condition that a request does not run any more; the index of
// models may hold no others.
func (r RequestLogs) ended() string { return r.s.logs.unindexed("status_code") + " IS NOT NULL" }
