package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

// scopeProvider marks the events of providers' breakers.
const scopeProvider = "provider"

type breakerEventRow struct {
	bun.BaseModel `bun:"table:breaker_events"`

	ID         int64  `bun:"id,pk,autoincrement"`
	CreatedAt  int64  `bun:"created_at"`
	Scope      string `bun:"scope"`
	ScopeID    int64  `bun:"scope_id"`
	From       string `bun:"from_state"`
	To         string `bun:"to_state"`
	Reason     string `bun:"reason_code"`
	StatusCode int    `bun:"status_code,nullzero"`
	Message    string `bun:"message"`
	RequestID  int64  `bun:"request_id,nullzero"`
	Actor      string `bun:"actor,nullzero"`
}

// BreakerEvents keeps the transitions of circuit breakers.
type BreakerEvents struct{ s *Store }

// BreakerEvents is the repository of breaker transitions.
func (s *Store) BreakerEvents() BreakerEvents { return BreakerEvents{s} }

// Add appends events in the given order.
func (r BreakerEvents) Add(ctx context.Context, events ...domain.BreakerEvent) error {
	if len(events) == 0 {
		return nil
	}
	rows := make([]breakerEventRow, len(events))
	for i, e := range events {
		rows[i] = breakerEventRow{
			CreatedAt:  e.At.UnixMilli(),
			Scope:      scopeProvider,
			ScopeID:    int64(e.ProviderID),
			From:       string(e.From),
			To:         string(e.To),
			Reason:     e.Reason,
			StatusCode: e.StatusCode,
			Message:    e.Message,
			RequestID:  int64(e.RequestID),
			Actor:      e.Actor,
		}
	}
	if _, err := r.s.main.write.NewInsert().Model(&rows).Exec(ctx); err != nil {
		return fmt.Errorf("add breaker events: %w", err)
	}
	return nil
}

// List returns events, newest first.
func (r BreakerEvents) List(ctx context.Context, f domain.BreakerEventFilter) ([]domain.BreakerEvent, error) {
	var rows []breakerEventRow
	q := r.s.main.read.NewSelect().Model(&rows).Where("scope = ?", scopeProvider).
		Order("id DESC").Limit(pageLength(f.Limit))
	if f.ProviderID != 0 {
		q = q.Where("scope_id = ?", int64(f.ProviderID))
	}
	if !f.From.IsZero() {
		q = q.Where("created_at >= ?", f.From.UnixMilli())
	}
	if !f.To.IsZero() {
		q = q.Where("created_at < ?", f.To.UnixMilli())
	}
	if f.Before != 0 {
		q = q.Where("id < ?", f.Before)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list breaker events: %w", err)
	}
	events := make([]domain.BreakerEvent, len(rows))
	for i, row := range rows {
		events[i] = domain.BreakerEvent{
			ID:         row.ID,
			At:         fromMillis(row.CreatedAt),
			ProviderID: domain.ProviderID(row.ScopeID),
			From:       domain.BreakerState(row.From),
			To:         domain.BreakerState(row.To),
			Reason:     row.Reason,
			StatusCode: row.StatusCode,
			Message:    row.Message,
			RequestID:  domain.RequestID(row.RequestID),
			Actor:      row.Actor,
		}
	}
	return events, nil
}
