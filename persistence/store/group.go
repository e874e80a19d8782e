package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

const tableGroups = "provider_groups"

type groupRow struct {
	bun.BaseModel `bun:"table:provider_groups"`

	ID             int64  `bun:"id,pk,autoincrement"`
	Version        int    `bun:"version"`
	Name           string `bun:"name"`
	CostMultiplier int64  `bun:"cost_multiplier_e4"`
	Description    string `bun:"description,nullzero"`
	CreatedAt      int64  `bun:"created_at"`
	UpdatedAt      int64  `bun:"updated_at"`
}

func (r *groupRow) group() domain.Group {
	return domain.Group{
		ID:             domain.GroupID(r.ID),
		Version:        r.Version,
		Name:           r.Name,
		CostMultiplier: domain.Multiplier(r.CostMultiplier),
		Description:    r.Description,
	}
}

// Groups keeps provider groups.
type Groups struct{ s *Store }

// List returns all groups by id.
func (r Groups) List(ctx context.Context) ([]domain.Group, error) {
	return listGroups(ctx, r.s.main.read)
}

func listGroups(ctx context.Context, db bun.IDB) ([]domain.Group, error) {
	var rows []groupRow
	if err := db.NewSelect().Model(&rows).Order("id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("list groups: %w", err)
	}
	groups := make([]domain.Group, len(rows))
	for i := range rows {
		groups[i] = rows[i].group()
	}
	return groups, nil
}

// Get finds a group.
func (r Groups) Get(ctx context.Context, id domain.GroupID) (domain.Group, error) {
	var row groupRow
	err := r.s.main.read.NewSelect().Model(&row).Where("id = ?", int64(id)).Scan(ctx)
	if err := found(err, "group", id); err != nil {
		return domain.Group{}, err
	}
	return row.group(), nil
}

// Create adds a group and returns it with its id and the new configuration version.
func (r Groups) Create(ctx context.Context, g domain.Group) (domain.Group, int64, error) {
	now := r.s.now().UnixMilli()
	row := groupRow{
		Version: 1, Name: g.Name, CostMultiplier: int64(g.CostMultiplier),
		Description: g.Description, CreatedAt: now, UpdatedAt: now,
	}
	version, err := r.s.change(ctx, "group", func(tx bun.Tx) (int64, error) {
		_, err := tx.NewInsert().Model(&row).Exec(ctx)
		return row.ID, err
	})
	if err != nil {
		return domain.Group{}, 0, fmt.Errorf("create group: %w", err)
	}
	return row.group(), version, nil
}

// Update replaces a group if it still has version ifVersion (0 = any). The two
// built-in groups keep their names.
func (r Groups) Update(ctx context.Context, g domain.Group, ifVersion int) (domain.Group, int64, error) {
	row := groupRow{ID: int64(g.ID)}
	version, err := r.s.change(ctx, "group", func(tx bun.Tx) (int64, error) {
		if err := r.builtIn(ctx, tx, g.ID, g.Name); err != nil {
			return row.ID, err
		}
		res, err := tx.NewUpdate().Model(&row).
			Set("name = ?", g.Name).
			Set("cost_multiplier_e4 = ?", int64(g.CostMultiplier)).
			Set("description = ?", bun.NullZero(g.Description)).
			Set("updated_at = ?", r.s.now().UnixMilli()).
			Set("version = version + 1").
			WherePK().Where("(? = 0 OR version = ?)", ifVersion, ifVersion).
			Exec(ctx)
		if err := (versioned{tableGroups, "group", row.ID}).touched(ctx, tx, res, err); err != nil {
			return row.ID, err
		}
		return row.ID, tx.NewSelect().Model(&row).WherePK().Scan(ctx)
	})
	if err != nil {
		return domain.Group{}, 0, fmt.Errorf("update group: %w", err)
	}
	return row.group(), version, nil
}

// Delete removes a group that nothing belongs to; a built-in one or one in use
// is a conflict.
func (r Groups) Delete(ctx context.Context, id domain.GroupID, ifVersion int) (int64, error) {
	version, err := r.s.change(ctx, "group", func(tx bun.Tx) (int64, error) {
		if err := r.builtIn(ctx, tx, id, ""); err != nil {
			return int64(id), err
		}
		res, err := tx.NewDelete().Model((*groupRow)(nil)).Where("id = ?", int64(id)).
			Where("(? = 0 OR version = ?)", ifVersion, ifVersion).Exec(ctx)
		return int64(id), versioned{tableGroups, "group", int64(id)}.touched(ctx, tx, res, err)
	})
	if err != nil {
		return 0, fmt.Errorf("delete group: %w", err)
	}
	return version, nil
}

// builtIn refuses to give a built-in group another name.
func (r Groups) builtIn(ctx context.Context, tx bun.Tx, id domain.GroupID, name string) error {
	var old string
	err := tx.NewSelect().Model((*groupRow)(nil)).Column("name").Where("id = ?", int64(id)).Scan(ctx, &old)
	if err := found(err, "group", id); err != nil {
		return err
	}
	if old != name && (old == domain.DefaultGroup || old == domain.GroupAll) {
		return domain.NewFault(domain.KindConflict, "", "a built-in group cannot be renamed or deleted")
	}
	return nil
}
