package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

type replayRow struct {
	bun.BaseModel `bun:"table:replay_payloads"`

	ID        string `bun:"replay_id,pk"`
	Verifier  string `bun:"verifier"`
	KeyID     int64  `bun:"key_id"`
	UserID    int64  `bun:"user_id"`
	RequestID int64  `bun:"request_id"`
	Format    string `bun:"format"`
	Model     string `bun:"model"`
	Status    int    `bun:"status_code"`
	Headers   string `bun:"headers"`
	Payload   []byte `bun:"payload"`
	ExpiresAt int64  `bun:"expires_at"`
}

// Replays keeps answers that may be given again. What they say is sealed.
type Replays struct{ s *Store }

// Replays is the repository of answers that may be given again.
func (s *Store) Replays() Replays { return Replays{s} }

func replayPlace(id string) string { return "replay_payloads:payload:" + id }

// Keep adds an answer; the newest to a request counts.
func (r Replays) Keep(ctx context.Context, a *domain.Replay) error {
	headers, err := json.Marshal(a.Header)
	if err != nil {
		return fmt.Errorf("keep replay: %w", err)
	}
	payload, err := r.s.sealer.Seal(domain.Secret(a.Body), replayPlace(a.ID))
	if err != nil {
		return fmt.Errorf("seal replay: %w", err)
	}
	row := replayRow{
		ID: a.ID, Verifier: a.Verifier, KeyID: int64(a.KeyID), UserID: int64(a.UserID), RequestID: int64(a.RequestID),
		Format: string(a.Protocol), Model: a.Model, Status: a.Status, Headers: string(headers), Payload: payload,
		ExpiresAt: a.ExpiresAt.UnixMilli(),
	}
	_, err = r.s.main.write.NewInsert().Model(&row).On("CONFLICT (replay_id) DO UPDATE").
		Set("verifier = EXCLUDED.verifier").Set("request_id = EXCLUDED.request_id").Set("status_code = EXCLUDED.status_code").
		Set("headers = EXCLUDED.headers").Set("payload = EXCLUDED.payload").Set("expires_at = EXCLUDED.expires_at").Exec(ctx)
	if err != nil {
		return fmt.Errorf("keep replay: %w", err)
	}
	return nil
}

// Find reads an answer, unless it has lapsed.
func (r Replays) Find(ctx context.Context, id string) (*domain.Replay, error) {
	var row replayRow
	err := r.s.main.read.NewSelect().Model(&row).Where("replay_id = ?", id).
		Where("expires_at > ?", r.s.now().UnixMilli()).Scan(ctx)
	if err := found(err, "replay", id); err != nil {
		return nil, err
	}
	body, err := r.s.sealer.Open(row.Payload, replayPlace(id))
	if err != nil {
		return nil, fmt.Errorf("open replay: %w", err)
	}
	a := &domain.Replay{
		ID: row.ID, Verifier: row.Verifier, KeyID: domain.KeyID(row.KeyID), UserID: domain.UserID(row.UserID),
		RequestID: domain.RequestID(row.RequestID), Protocol: domain.Protocol(row.Format), Model: row.Model, Status: row.Status,
		Body: []byte(body.Reveal()), ExpiresAt: fromMillis(row.ExpiresAt),
	}
	if err := json.Unmarshal([]byte(row.Headers), &a.Header); err != nil {
		return nil, fmt.Errorf("read replay: %w", err)
	}
	return a, nil
}

// Drop forgets an answer; one that is not there is none.
func (r Replays) Drop(ctx context.Context, id string) error {
	if _, err := r.s.main.write.NewDelete().Model((*replayRow)(nil)).Where("replay_id = ?", id).Exec(ctx); err != nil {
		return fmt.Errorf("drop replay: %w", err)
	}
	return nil
}

// Prune deletes answers that have lapsed, at most limit of them, and returns how
// many.
func (r Replays) Prune(ctx context.Context, at time.Time, limit int) (int, error) {
	res, err := r.s.main.write.NewRaw(`DELETE FROM replay_payloads WHERE replay_id IN (
		SELECT replay_id FROM replay_payloads WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`, at.UnixMilli(), limit).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("prune replays: %w", err)
	}
	n, err := res.RowsAffected()
	return int(n), err
}
