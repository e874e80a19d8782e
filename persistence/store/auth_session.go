package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

type authSessionRow struct {
	bun.BaseModel `bun:"table:auth_sessions"`

	TokenHash  string `bun:"token_hash,pk"`
	UserID     int64  `bun:"user_id,nullzero"`
	KeyID      int64  `bun:"key_id,nullzero"`
	Kind       string `bun:"kind"`
	CreatedAt  int64  `bun:"created_at"`
	ExpiresAt  int64  `bun:"expires_at"`
	LastSeenAt int64  `bun:"last_seen_at"`
	RevokedAt  int64  `bun:"revoked_at,nullzero"`
	IP         string `bun:"ip"`
	UserAgent  string `bun:"user_agent"`
}

func (r *authSessionRow) session() (domain.AuthSession, error) {
	hash, err := hashFromHex(r.TokenHash)
	if err != nil {
		return domain.AuthSession{}, err
	}
	return domain.AuthSession{
		TokenHash:  hash,
		Kind:       domain.AuthKind(r.Kind),
		UserID:     domain.UserID(r.UserID),
		KeyID:      domain.KeyID(r.KeyID),
		CreatedAt:  fromMillis(r.CreatedAt),
		ExpiresAt:  fromMillis(r.ExpiresAt),
		LastSeenAt: fromMillis(r.LastSeenAt),
		RevokedAt:  fromMillis(r.RevokedAt),
		IP:         r.IP,
		UserAgent:  r.UserAgent,
	}, nil
}

// AuthSessions keeps signed-in browsers. Nothing here is configuration: a
// change raises no version.
type AuthSessions struct{ s *Store }

// AuthSessions is the repository of web sessions.
func (s *Store) AuthSessions() AuthSessions { return AuthSessions{s} }

// Create adds a session.
func (r AuthSessions) Create(ctx context.Context, a domain.AuthSession) error {
	row := authSessionRow{
		TokenHash:  hex.EncodeToString(a.TokenHash[:]),
		UserID:     int64(a.UserID),
		KeyID:      int64(a.KeyID),
		Kind:       string(a.Kind),
		CreatedAt:  toMillis(a.CreatedAt),
		ExpiresAt:  toMillis(a.ExpiresAt),
		LastSeenAt: toMillis(a.LastSeenAt),
		RevokedAt:  toMillis(a.RevokedAt),
		IP:         a.IP,
		UserAgent:  a.UserAgent,
	}
	if _, err := r.s.main.write.NewInsert().Model(&row).Exec(ctx); err != nil {
		return fmt.Errorf("create web session: %w", asFault(err))
	}
	return nil
}

// Get finds a session that is in force; a revoked or expired one is not found.
func (r AuthSessions) Get(ctx context.Context, tokenHash [32]byte) (domain.AuthSession, error) {
	var row authSessionRow
	err := r.s.main.read.NewSelect().Model(&row).
		Where("token_hash = ?", hex.EncodeToString(tokenHash[:])).Apply(r.inForce).
		Scan(ctx)
	if err := found(err, "web session", "of this token"); err != nil {
		return domain.AuthSession{}, err
	}
	return row.session()
}

// List returns the sessions in force, of one user or (0) of all, newest first.
func (r AuthSessions) List(ctx context.Context, user domain.UserID) ([]domain.AuthSession, error) {
	var rows []authSessionRow
	q := r.s.main.read.NewSelect().Model(&rows).Apply(r.inForce).Order("created_at DESC", "token_hash")
	if user != 0 {
		q = q.Where("user_id = ?", int64(user))
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list web sessions: %w", err)
	}
	sessions := make([]domain.AuthSession, len(rows))
	for i := range rows {
		var err error
		if sessions[i], err = rows[i].session(); err != nil {
			return nil, err
		}
	}
	return sessions, nil
}

func (r AuthSessions) inForce(q *bun.SelectQuery) *bun.SelectQuery {
	return q.Where("revoked_at IS NULL").Where("expires_at > ?", r.s.now().UnixMilli())
}

// Touch records that a session was used.
func (r AuthSessions) Touch(ctx context.Context, tokenHash [32]byte, at time.Time) error {
	_, err := r.s.main.write.NewUpdate().Model((*authSessionRow)(nil)).
		Set("last_seen_at = ?", at.UnixMilli()).
		Where("token_hash = ?", hex.EncodeToString(tokenHash[:])).
		Exec(ctx)
	if err != nil {
		return fmt.Errorf("record the use of a web session: %w", err)
	}
	return nil
}

// Revoke ends a session; ending it again, or one that never was, is fine.
func (r AuthSessions) Revoke(ctx context.Context, tokenHash [32]byte) error {
	return r.revoke(ctx, "token_hash = ?", hex.EncodeToString(tokenHash[:]))
}

// RevokeUser ends all sessions of a user.
func (r AuthSessions) RevokeUser(ctx context.Context, user domain.UserID) error {
	return r.revoke(ctx, "user_id = ?", int64(user))
}

// RevokeKind ends all sessions of a kind, e.g. those that began with an
// ADMIN_TOKEN that is no longer valid.
func (r AuthSessions) RevokeKind(ctx context.Context, kind domain.AuthKind) error {
	return r.revoke(ctx, "kind = ?", string(kind))
}

func (r AuthSessions) revoke(ctx context.Context, which string, arg any) error {
	_, err := r.s.main.write.NewUpdate().Model((*authSessionRow)(nil)).
		Set("revoked_at = ?", r.s.now().UnixMilli()).
		Where("revoked_at IS NULL").Where(which, arg).
		Exec(ctx)
	if err != nil {
		return fmt.Errorf("revoke web sessions: %w", err)
	}
	return nil
}

// Prune forgets sessions that expired before an instant.
func (r AuthSessions) Prune(ctx context.Context, before time.Time) error {
	_, err := r.s.main.write.NewDelete().Model((*authSessionRow)(nil)).
		Where("expires_at < ?", before.UnixMilli()).Exec(ctx)
	if err != nil {
		return fmt.Errorf("prune web sessions: %w", err)
	}
	return nil
}
