package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

type snapshotRow struct {
	bun.BaseModel `bun:"table:actor_snapshots,alias:s"`

	Kind      string `bun:"kind,pk"`
	EntityID  string `bun:"entity_id,pk"`
	Epoch     int64  `bun:"epoch"`
	Data      []byte `bun:"data"`
	ExpiresAt int64  `bun:"expires_at,nullzero"`
	UpdatedAt int64  `bun:"updated_at"`
}

func (row *snapshotRow) snapshot() domain.Snapshot {
	return domain.Snapshot{
		Kind: row.Kind, ID: row.EntityID, Epoch: row.Epoch, Data: row.Data,
		ExpiresAt: fromMillis(row.ExpiresAt), SavedAt: fromMillis(row.UpdatedAt),
	}
}

// Snapshots keeps the state of actors.
type Snapshots struct{ s *Store }

// Snapshots is the repository of actor state.
func (s *Store) Snapshots() Snapshots { return Snapshots{s} }

// saveSnapshotSQL has its values bound: snapshots are large and frequent, and as
// text of a statement they were most of what saving them cost.
const saveSnapshotSQL = `
	INSERT INTO actor_snapshots (kind, entity_id, epoch, data, expires_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)
	ON CONFLICT (kind, entity_id) DO UPDATE SET
		epoch = EXCLUDED.epoch, data = EXCLUDED.data, expires_at = EXCLUDED.expires_at, updated_at = EXCLUDED.updated_at
	WHERE actor_snapshots.epoch <= EXCLUDED.epoch`

// Save writes snapshots in one transaction. One of an older epoch than what is
// stored changes nothing: its actor has been replaced.
func (r Snapshots) Save(ctx context.Context, snapshots []domain.Snapshot) error {
	err := r.s.main.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		return r.save(ctx, tx.Tx, snapshots)
	})
	if err != nil {
		return fmt.Errorf("save %d snapshots: %w", len(snapshots), err)
	}
	return nil
}

func (r Snapshots) save(ctx context.Context, tx *sql.Tx, snapshots []domain.Snapshot) error {
	stmt, err := tx.PrepareContext(ctx, r.s.main.bind(saveSnapshotSQL)) //nolint:sqlclosecheck // closed with its transaction
	if err != nil {
		return err
	}
	now := r.s.now()
	for _, snap := range snapshots {
		data, savedAt := snap.Data, snap.SavedAt
		if data == nil {
			data = []byte{}
		}
		if savedAt.IsZero() {
			savedAt = now
		}
		_, err := stmt.ExecContext(ctx, snap.Kind, snap.ID, snap.Epoch, data, number(toMillis(snap.ExpiresAt)), toMillis(savedAt))
		if err != nil {
			return fmt.Errorf("snapshot %s/%s: %w", snap.Kind, snap.ID, err)
		}
	}
	return nil
}

// Load reads a snapshot; an expired one is not found.
func (r Snapshots) Load(ctx context.Context, kind, id string) (domain.Snapshot, error) {
	row := snapshotRow{Kind: kind, EntityID: id}
	err := r.s.main.read.NewSelect().Model(&row).WherePK().
		Where("(expires_at IS NULL OR expires_at > ?)", r.s.now().UnixMilli()).
		Scan(ctx)
	if err := found(err, "snapshot of "+kind, id); err != nil {
		return domain.Snapshot{}, err
	}
	return row.snapshot(), nil
}

// List returns snapshots of a kind in the order of their ids, those behind an id,
// at most so many. It is for who looks at all of them; expired ones are listed too.
func (r Snapshots) List(ctx context.Context, kind, behind string, limit int) ([]domain.Snapshot, error) {
	var rows []snapshotRow
	err := r.s.main.read.NewSelect().Model(&rows).Where("kind = ?", kind).Where("entity_id > ?", behind).
		Order("entity_id").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list snapshots of %s: %w", kind, err)
	}
	list := make([]domain.Snapshot, len(rows))
	for i, row := range rows {
		list[i] = row.snapshot()
	}
	return list, nil
}

// Prune forgets snapshots that expired before an instant.
func (r Snapshots) Prune(ctx context.Context, before time.Time) error {
	_, err := r.s.main.write.NewDelete().Model((*snapshotRow)(nil)).
		Where("expires_at < ?", before.UnixMilli()).Exec(ctx)
	if err != nil {
		return fmt.Errorf("prune snapshots: %w", err)
	}
	return nil
}
