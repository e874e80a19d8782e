package store

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

// membership is a table that ties owners to provider groups, in order.
type membership struct {
	table string
	owner string // its column
}

func userGroups() membership     { return membership{"user_groups", "user_id"} }
func keyGroups() membership      { return membership{"key_groups", "key_id"} }
func providerGroups() membership { return membership{"provider_group_members", "provider_id"} }

// replace gives an owner exactly the named groups and creates those that do
// not exist yet.
func (m membership) replace(ctx context.Context, tx bun.Tx, owner int64, names []string, now time.Time) error {
	if err := m.clear(ctx, tx, owner); err != nil {
		return err
	}
	seen := make(map[string]bool, len(names))
	for position, name := range names {
		if seen[name] {
			continue
		}
		seen[name] = true
		group, err := ensureGroup(ctx, tx, name, now)
		if err != nil {
			return err
		}
		_, err = tx.NewRaw("INSERT INTO ? (?, group_id, position) VALUES (?, ?, ?)",
			bun.Ident(m.table), bun.Ident(m.owner), owner, group, position).Exec(ctx)
		if err != nil {
			return fmt.Errorf("put %s %d into group %q: %w", m.owner, owner, name, err)
		}
	}
	return nil
}

func (m membership) clear(ctx context.Context, tx bun.Tx, owner int64) error {
	_, err := tx.NewRaw("DELETE FROM ? WHERE ? = ?", bun.Ident(m.table), bun.Ident(m.owner), owner).Exec(ctx)
	if err != nil {
		return fmt.Errorf("take %s %d out of its groups: %w", m.owner, owner, err)
	}
	return nil
}

// names are the groups of all owners, or of those given.
func (m membership) names(ctx context.Context, db bun.IDB, owners ...int64) (map[int64][]string, error) {
	var rows []struct {
		Owner int64  `bun:"owner"`
		Name  string `bun:"name"`
	}
	q := db.NewSelect().
		TableExpr("? AS m", bun.Ident(m.table)).
		Join("JOIN provider_groups AS g ON g.id = m.group_id").
		ColumnExpr("m.? AS owner, g.name AS name", bun.Ident(m.owner)).
		OrderExpr("m.?, m.position", bun.Ident(m.owner))
	if len(owners) > 0 {
		q = q.Where("m.? IN (?)", bun.Ident(m.owner), bun.List(owners))
	}
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("read %s: %w", m.table, err)
	}
	names := make(map[int64][]string)
	for _, r := range rows {
		names[r.Owner] = append(names[r.Owner], r.Name)
	}
	return names, nil
}

func ensureGroup(ctx context.Context, tx bun.Tx, name string, now time.Time) (int64, error) {
	var ids []int64
	err := tx.NewSelect().Model((*groupRow)(nil)).Column("id").Where("name = ?", name).Scan(ctx, &ids)
	if err != nil {
		return 0, fmt.Errorf("look for group %q: %w", name, err)
	}
	if len(ids) > 0 {
		return ids[0], nil
	}
	row := groupRow{
		Version: 1, Name: name, CostMultiplier: int64(domain.MultiplierOne),
		CreatedAt: now.UnixMilli(), UpdatedAt: now.UnixMilli(),
	}
	if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
		return 0, fmt.Errorf("create group %q: %w", name, err)
	}
	return row.ID, nil
}
