package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

// scopeOf says whose breaker an event is of. Of the breaker of a vendor's
// endpoints for one type, the message begins with the type.
func scopeOf(e *domain.BreakerEvent) (scope domain.BreakerScope, id int64, message string) {
	switch {
	case e.Endpoint != 0:
		return domain.BreakerOfEndpoint, int64(e.Endpoint), e.Message
	case e.Vendor != 0:
		return domain.BreakerOfPool, int64(e.Vendor), strings.TrimSpace(string(e.PoolType) + " " + e.Message)
	}
	return domain.BreakerOfProvider, int64(e.ProviderID), e.Message
}

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
	for i := range events {
		e := &events[i]
		scope, id, message := scopeOf(e)
		rows[i] = breakerEventRow{
			CreatedAt:  e.At.UnixMilli(),
			Scope:      string(scope),
			ScopeID:    id,
			From:       string(e.From),
			To:         string(e.To),
			Reason:     e.Reason,
			StatusCode: e.StatusCode,
			Message:    message,
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
	q := r.s.main.read.NewSelect().Model(&rows).Order("id DESC").Limit(pageLength(f.Limit))
	if f.Scope != "" {
		q = q.Where("scope = ?", string(f.Scope))
	}
	if f.ScopeID != 0 {
		q = q.Where("scope_id = ?", f.ScopeID)
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
			From:       domain.BreakerState(row.From),
			To:         domain.BreakerState(row.To),
			Reason:     row.Reason,
			StatusCode: row.StatusCode,
			Message:    row.Message,
			RequestID:  domain.RequestID(row.RequestID),
			Actor:      row.Actor,
		}
		switch domain.BreakerScope(row.Scope) {
		case domain.BreakerOfEndpoint:
			events[i].Endpoint = domain.EndpointID(row.ScopeID)
		case domain.BreakerOfPool:
			kind, message, _ := strings.Cut(row.Message, " ")
			events[i].Vendor, events[i].PoolType = domain.VendorID(row.ScopeID), domain.ProviderType(kind)
			events[i].Message = message
		case domain.BreakerOfProvider:
			events[i].ProviderID = domain.ProviderID(row.ScopeID)
		}
	}
	return events, nil
}
