package store

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

type bindingRow struct {
	bun.BaseModel `bun:"table:resource_bindings"`

	KeyID      int64  `bun:"key_id,pk"`
	ResourceID string `bun:"resource_id,pk"`
	ProviderID int64  `bun:"provider_id"`
	ExpiresAt  int64  `bun:"expires_at"`
}

// ResourceBindings keeps at which provider resources are.
type ResourceBindings struct{ s *Store }

// ResourceBindings is the repository of resource bindings.
func (s *Store) ResourceBindings() ResourceBindings { return ResourceBindings{s} }

// Keep adds bindings; the newest of a resource counts.
func (r ResourceBindings) Keep(ctx context.Context, bindings []domain.ResourceBinding) error {
	if len(bindings) == 0 {
		return nil
	}
	newest := make(map[domain.ResourceKey]int, len(bindings)) // a statement may name a row once
	rows := make([]bindingRow, 0, len(bindings))
	for _, b := range bindings {
		row := bindingRow{
			KeyID: int64(b.Key.KeyID), ResourceID: b.Key.ID, ProviderID: int64(b.Provider), ExpiresAt: b.ExpiresAt.UnixMilli(),
		}
		if i, twice := newest[b.Key]; twice {
			rows[i] = row
			continue
		}
		newest[b.Key] = len(rows)
		rows = append(rows, row)
	}
	_, err := r.s.main.write.NewInsert().Model(&rows).
		On("CONFLICT (key_id, resource_id) DO UPDATE").
		Set("provider_id = EXCLUDED.provider_id").Set("expires_at = EXCLUDED.expires_at").Exec(ctx)
	if err != nil {
		return fmt.Errorf("keep resource bindings: %w", err)
	}
	return nil
}

// Find tells where a resource is, unless its binding has lapsed.
func (r ResourceBindings) Find(ctx context.Context, key domain.ResourceKey) (domain.ResourceBinding, error) {
	var row bindingRow
	err := r.s.main.read.NewSelect().Model(&row).Where("key_id = ?", int64(key.KeyID)).Where("resource_id = ?", key.ID).
		Where("expires_at > ?", r.s.now().UnixMilli()).Scan(ctx)
	if err := found(err, "resource", key.ID); err != nil {
		return domain.ResourceBinding{}, err
	}
	return domain.ResourceBinding{Key: key, Provider: domain.ProviderID(row.ProviderID), ExpiresAt: fromMillis(row.ExpiresAt)}, nil
}

// Prune deletes bindings that have lapsed, at most limit of them, and returns
// how many.
func (r ResourceBindings) Prune(ctx context.Context, at time.Time, limit int) (int, error) {
	res, err := r.s.main.write.NewRaw(`DELETE FROM resource_bindings WHERE (key_id, resource_id) IN (
		SELECT key_id, resource_id FROM resource_bindings WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
		at.UnixMilli(), limit).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("prune resource bindings: %w", err)
	}
	n, err := res.RowsAffected()
	return int(n), err
}
