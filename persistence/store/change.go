package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

// changesKept is how long config_changes are kept; only the newest one matters
// to a running node, the others tell an operator what changed.
const changesKept = 24 * time.Hour

// change runs a configuration write and records it in one transaction. work
// returns the id of what it changed. The result is the new configuration version.
func (s *Store) change(ctx context.Context, kind string, work func(tx bun.Tx) (id int64, err error)) (int64, error) {
	return s.changeNamed(ctx, kind, func(tx bun.Tx) (string, error) {
		id, err := work(tx)
		return strconv.FormatInt(id, 10), err
	})
}

func (s *Store) changeNamed(ctx context.Context, kind string, work func(tx bun.Tx) (entity string, err error)) (int64, error) {
	var version int64
	err := s.configure(ctx, func(ctx context.Context, tx bun.Tx) error {
		entity, err := work(tx)
		if err != nil {
			return err
		}
		version, err = s.recordChange(ctx, tx, kind, entity)
		return err
	})
	if err != nil {
		return 0, asFault(err)
	}
	return version, nil
}

// configure runs a write of configuration in a transaction. Writers follow each
// other, so that versions come into view in their order.
func (s *Store) configure(ctx context.Context, work func(context.Context, bun.Tx) error) error {
	return s.main.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if err := s.main.lockConfiguration(ctx, tx); err != nil {
			return fmt.Errorf("wait for other changes: %w", err)
		}
		return work(ctx, tx)
	})
}

type changeRow struct {
	bun.BaseModel `bun:"table:config_changes"`

	ID       int64  `bun:"id,pk,autoincrement"`
	Kind     string `bun:"kind"`
	EntityID string `bun:"entity_id"`
	At       int64  `bun:"at"`
}

// recordChange numbers a change in the transaction that makes it, and has other
// nodes told when that is committed.
func (s *Store) recordChange(ctx context.Context, tx bun.Tx, kind, entity string) (int64, error) {
	now := s.now()
	row := changeRow{Kind: kind, EntityID: entity, At: now.UnixMilli()}
	if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
		return 0, fmt.Errorf("record the change: %w", err)
	}
	_, err := tx.NewDelete().Model((*changeRow)(nil)).
		Where("id < ?", row.ID).
		Where("at < ?", now.Add(-changesKept).UnixMilli()).
		Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("prune old changes: %w", err)
	}
	if err := s.main.announce(ctx, tx, row.ID); err != nil {
		return 0, fmt.Errorf("announce the change: %w", err)
	}
	return row.ID, nil
}

// Watch calls changed with the version of every change of the configuration
// that any node commits, until ctx ends. It is a hint that comes early: changes
// may be missed while the database is away, so who needs all of them also looks
// at ConfigVersion. Where the engine has no other nodes it returns at once.
func (s *Store) Watch(ctx context.Context, changed func(version int64)) {
	s.main.watch(ctx, s.logger, changed)
}

// ConfigVersion is the newest configuration change, 0 before the first.
func (s *Store) ConfigVersion(ctx context.Context) (int64, error) {
	return configVersion(ctx, s.main.read)
}

const configVersionSQL = "SELECT COALESCE(MAX(id), 0) FROM config_changes"

func configVersion(ctx context.Context, db bun.IDB) (int64, error) {
	var version int64
	err := db.NewRaw(configVersionSQL).Scan(ctx, &version)
	if err != nil {
		return 0, fmt.Errorf("read the configuration version: %w", err)
	}
	return version, nil
}

// asFault turns what a constraint refused, and an engine that cannot work at the
// moment, into a fault.
func asFault(err error) error {
	if why := outOfOrder(err); why != "" {
		return domain.NewFault(domain.KindOverloaded, "", "the database is not available: "+why).Because(err)
	}
	if column, ok := uniqueViolation(err); ok {
		return domain.NewFault(domain.KindConflict, "", column+" is already in use").Because(err)
	}
	if foreignKeyViolation(err) {
		return domain.NewFault(domain.KindConflict, "", "the object is in use, or refers to one that does not exist").Because(err)
	}
	return err
}

// found maps an empty result to the not-found fault.
func found(err error, what string, id any) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return domain.NotFound(what, id)
	}
	return fmt.Errorf("read %s %v: %w", what, id, err)
}

// versioned is the head of every row an operator edits.
type versioned struct {
	table string // bun model name for the check
	what  string
	id    int64
}

// touched judges an UPDATE that was guarded by id and version: no row means
// that the object is gone or that somebody else was faster.
func (v versioned) touched(ctx context.Context, tx bun.Tx, res sql.Result, err error) error {
	if err != nil {
		return fmt.Errorf("write %s %d: %w", v.what, v.id, err)
	}
	n, err := res.RowsAffected()
	if err != nil || n > 0 {
		return err
	}
	exists, err := tx.NewSelect().TableExpr(v.table).Where("id = ?", v.id).Apply(v.live).Exists(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("look for %s %d: %w", v.what, v.id, err)
	case !exists:
		return domain.NotFound(v.what, v.id)
	}
	return domain.NewFault(domain.KindStaleVersion, "", v.what+" was changed in the meantime")
}

// live leaves out what was soft-deleted; some tables have no such column.
func (v versioned) live(q *bun.SelectQuery) *bun.SelectQuery {
	switch v.table {
	case tableGroups, tableVendors, tableEndpoints, tableRequestFilters, tableErrorRules:
		return q
	}
	return q.Where("deleted_at = 0")
}
