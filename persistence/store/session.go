package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

type sessionRow struct {
	bun.BaseModel `bun:"table:sessions"`

	KeyID        int64  `bun:"key_id,pk"`
	SessionID    string `bun:"session_id,pk"`
	Hash         string `bun:"id"`
	UserID       int64  `bun:"user_id"`
	ProviderID   int64  `bun:"provider_id,nullzero"`
	Model        string `bun:"model"`
	ClientKind   string `bun:"client_kind"`
	FirstAt      int64  `bun:"first_at"`
	LastAt       int64  `bun:"last_at"`
	Requests     int64  `bun:"requests"`
	Input        int64  `bun:"input_tokens"`
	Output       int64  `bun:"output_tokens"`
	CacheRead    int64  `bun:"cache_read_input_tokens"`
	CacheWrite5m int64  `bun:"cache_creation_5m_input_tokens"`
	CacheWrite1h int64  `bun:"cache_creation_1h_input_tokens"`
	Reasoning    int64  `bun:"reasoning_tokens"`
	Cost         int64  `bun:"cost_nusd"`
}

func (r *sessionRow) session() domain.Session {
	return domain.Session{
		Key:        domain.SessionKey{KeyID: domain.KeyID(r.KeyID), ID: r.SessionID},
		Hash:       r.Hash,
		UserID:     domain.UserID(r.UserID),
		ProviderID: domain.ProviderID(r.ProviderID),
		Model:      r.Model,
		ClientKind: r.ClientKind,
		FirstAt:    fromMillis(r.FirstAt),
		LastAt:     fromMillis(r.LastAt),
		Requests:   r.Requests,
		Usage: domain.Usage{
			Input: r.Input, Output: r.Output, CacheRead: r.CacheRead,
			CacheWrite5m: r.CacheWrite5m, CacheWrite1h: r.CacheWrite1h, Reasoning: r.Reasoning,
		},
		Cost: domain.Money(r.Cost),
	}
}

// Sessions reads session sums. They are written together with request logs.
type Sessions struct{ s *Store }

// Sessions is the repository of session sums.
func (s *Store) Sessions() Sessions { return Sessions{s} }

// List returns sessions, most recently used first.
func (r Sessions) List(ctx context.Context, f domain.SessionFilter) ([]domain.Session, error) {
	var rows []sessionRow
	q := r.s.main.read.NewSelect().Model(&rows).Order(r.s.main.recentFirst()...).Limit(pageLength(f.Limit))
	if err := r.apply(q, f).Scan(ctx); err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	sessions := make([]domain.Session, len(rows))
	for i := range rows {
		sessions[i] = rows[i].session()
	}
	return sessions, nil
}

func (r Sessions) apply(q *bun.SelectQuery, f domain.SessionFilter) *bun.SelectQuery {
	if !f.ActiveSince.IsZero() {
		q = r.s.main.usedSince(q, f.ActiveSince.UnixMilli()).Where("last_at >= ?", f.ActiveSince.UnixMilli()).Where("terminated_at IS NULL")
	}
	if f.UserID != 0 {
		q = q.Where("user_id = ?", int64(f.UserID))
	}
	if f.KeyID != 0 {
		q = q.Where("key_id = ?", int64(f.KeyID))
	}
	if f.ProviderID != 0 {
		q = q.Where("provider_id = ?", int64(f.ProviderID))
	}
	if f.Model != "" {
		q = q.Where("model = ?", f.Model)
	}
	if f.SessionID != "" {
		q = q.Where("session_id >= ? AND session_id < ?", f.SessionID, afterPrefix(f.SessionID))
	}
	if !f.Before.IsZero() {
		last := f.Before.UnixMilli()
		q = r.s.main.usedUntil(q, last).Where("(last_at < ? OR last_at = ? AND id < ?)", last, last, f.BeforeHash)
	}
	return q
}

// Alive counts the sessions of a user, 0 = of all, that were in use at each
// instant: begun, and used since ttl before it or later. Whether a session was
// idle in between is not known any more.
func (r Sessions) Alive(ctx context.Context, user domain.UserID, at []time.Time, ttl time.Duration) ([]int, error) {
	if len(at) == 0 {
		return nil, nil
	}
	earliest := slices.MinFunc(at, time.Time.Compare).Add(-ttl).UnixMilli()
	q := r.s.main.read.NewSelect().Model((*sessionRow)(nil)).Where("last_at >= ?", earliest).Where("terminated_at IS NULL")
	if q = r.s.main.usedSince(q, earliest); user != 0 {
		q = q.Where("user_id = ?", int64(user))
	}
	alive, into := make([]int, len(at)), make([]any, len(at))
	for i, t := range at {
		q = q.ColumnExpr("COALESCE(SUM(CASE WHEN first_at <= ? AND last_at >= ? THEN 1 ELSE 0 END), 0)",
			t.UnixMilli(), t.Add(-ttl).UnixMilli())
		into[i] = &alive[i]
	}
	if err := q.Scan(ctx, into...); err != nil {
		return nil, fmt.Errorf("count sessions: %w", err)
	}
	return alive, nil
}

// Get finds a session by the hash of key and session id.
func (r Sessions) Get(ctx context.Context, hash string) (domain.Session, error) {
	var row sessionRow
	err := r.s.main.read.NewSelect().Model(&row).Where("id = ?", hash).Scan(ctx)
	if err := found(err, "session", hash); err != nil {
		return domain.Session{}, err
	}
	return row.session(), nil
}

// Terminated marks a session as ended by an operator: it is no longer active
// until it is used again.
func (r Sessions) Terminated(ctx context.Context, hash string) error {
	res, err := r.s.main.write.NewUpdate().Model((*sessionRow)(nil)).
		Set("terminated_at = ?", r.s.now().UnixMilli()).
		Set("provider_id = NULL").
		Where("id = ?", hash).
		Exec(ctx)
	if err != nil {
		return fmt.Errorf("mark session %s as ended: %w", hash, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, domain.NotFound("session", hash))
	}
	return nil
}

// pageLength is the number of rows a list returns at most.
func pageLength(limit int) int64 {
	if limit <= 0 {
		return 20
	}
	return int64(limit)
}

// afterPrefix is greater than every text that begins with prefix.
func afterPrefix(prefix string) string { return prefix + "\U0010ffff" }

// containing is a LIKE pattern for a part of a lower-cased text.
func containing(part string) string {
	escaped := strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(part))
	return "%" + escaped + "%"
}
