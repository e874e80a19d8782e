package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

const tableProviders = "providers"

// Providers keeps providers. Values carry their credentials in the open; in the
// table they are sealed.
type Providers struct{ s *Store }

// List returns all providers by id.
func (r Providers) List(ctx context.Context) ([]domain.Provider, error) {
	return r.s.selectProviders(ctx, r.s.main.read)
}

// Get finds a provider.
func (r Providers) Get(ctx context.Context, id domain.ProviderID) (domain.Provider, error) {
	return r.s.oneProvider(ctx, r.s.main.read, id)
}

func (s *Store) oneProvider(ctx context.Context, db bun.IDB, id domain.ProviderID) (domain.Provider, error) {
	providers, err := s.selectProviders(ctx, db, int64(id))
	if err != nil {
		return domain.Provider{}, err
	}
	if len(providers) == 0 {
		return domain.Provider{}, domain.NotFound("provider", id)
	}
	return providers[0], nil
}

// selectProviders reads all providers, or those with the ids.
func (s *Store) selectProviders(ctx context.Context, db bun.IDB, ids ...int64) ([]domain.Provider, error) {
	var rows []providerRow
	q := db.NewSelect().Model(&rows).Where("deleted_at = 0").Order("id")
	if len(ids) > 0 {
		q = q.Where("id IN (?)", bun.List(ids))
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("read providers: %w", err)
	}
	groups, err := providerGroups().names(ctx, db, ids...)
	if err != nil {
		return nil, err
	}
	priorities, err := groupPriorities(ctx, db, ids...)
	if err != nil {
		return nil, err
	}
	accounts, err := s.accountSetups(ctx, db, ids...)
	if err != nil {
		return nil, err
	}
	providers := make([]domain.Provider, len(rows))
	for i := range rows {
		id := rows[i].ID
		if providers[i], err = rows[i].provider(s.sealer); err != nil {
			return nil, fmt.Errorf("provider %d: %w", id, err)
		}
		providers[i].Groups, providers[i].GroupPriorities = groups[id], priorities[id]
		providers[i].Account = accounts[id]
	}
	return providers, nil
}

// groupPriorities reads where a provider's priority differs inside a group.
func groupPriorities(ctx context.Context, db bun.IDB, ids ...int64) (map[int64]map[string]int, error) {
	var rows []struct {
		Provider int64  `bun:"provider"`
		Name     string `bun:"name"`
		Priority int    `bun:"priority"`
	}
	q := db.NewSelect().
		TableExpr("provider_group_members AS m").
		Join("JOIN provider_groups AS g ON g.id = m.group_id").
		ColumnExpr("m.provider_id AS provider, g.name AS name, m.priority AS priority").
		Where("m.priority IS NOT NULL")
	if len(ids) > 0 {
		q = q.Where("m.provider_id IN (?)", bun.List(ids))
	}
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("read group priorities: %w", err)
	}
	priorities := make(map[int64]map[string]int)
	for _, r := range rows {
		if priorities[r.Provider] == nil {
			priorities[r.Provider] = make(map[string]int)
		}
		priorities[r.Provider][r.Name] = r.Priority
	}
	return priorities, nil
}

// Create adds a provider and returns it with its id and the new configuration
// version. Unknown groups are created.
func (r Providers) Create(ctx context.Context, p domain.Provider) (domain.Provider, int64, error) {
	now := r.s.now()
	row := fromProvider(p)
	row.ID, row.CreatedAt, row.UpdatedAt = 0, now.UnixMilli(), now.UnixMilli()
	var created domain.Provider
	version, err := r.s.change(ctx, "provider", func(tx bun.Tx) (int64, error) {
		// Sealing binds a credential to its row, so the row comes first.
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return 0, err
		}
		if err := row.seal(r.s.sealer, p); err != nil {
			return 0, err
		}
		_, err := tx.NewUpdate().Model(&row).Column("key_enc", "proxy_url_enc", "custom_headers_enc").WherePK().Exec(ctx)
		if err != nil {
			return 0, err
		}
		created, err = r.finish(ctx, tx, row.ID, p)
		return row.ID, err
	})
	if err != nil {
		return domain.Provider{}, 0, fmt.Errorf("create provider: %w", err)
	}
	return created, version, nil
}

// Update replaces a provider, credentials included, if it still has version
// ifVersion (0 = any).
func (r Providers) Update(ctx context.Context, p domain.Provider, ifVersion int) (domain.Provider, int64, error) {
	row := fromProvider(p)
	row.UpdatedAt = r.s.now().UnixMilli()
	if err := row.seal(r.s.sealer, p); err != nil {
		return domain.Provider{}, 0, fmt.Errorf("update provider: %w", err)
	}
	var updated domain.Provider
	version, err := r.s.change(ctx, "provider", func(tx bun.Tx) (int64, error) {
		res, err := tx.NewUpdate().Model(&row).
			ExcludeColumn("id", "version", "created_at", "deleted_at").
			Set("version = version + 1").
			WherePK().Where("deleted_at = 0").Where("(? = 0 OR version = ?)", ifVersion, ifVersion).
			Exec(ctx)
		if err := (versioned{tableProviders, "provider", row.ID}).touched(ctx, tx, res, err); err != nil {
			return 0, err
		}
		updated, err = r.finish(ctx, tx, row.ID, p)
		return row.ID, err
	})
	if err != nil {
		return domain.Provider{}, 0, fmt.Errorf("update provider: %w", err)
	}
	return updated, version, nil
}

// finish writes a provider's groups and reads back what is now stored.
func (r Providers) finish(ctx context.Context, tx bun.Tx, id int64, p domain.Provider) (domain.Provider, error) {
	if err := providerGroups().replace(ctx, tx, id, p.Groups, r.s.now()); err != nil {
		return domain.Provider{}, err
	}
	for name, priority := range p.GroupPriorities {
		_, err := tx.NewRaw(`UPDATE provider_group_members SET priority = ? WHERE provider_id = ?
			AND group_id IN (SELECT id FROM provider_groups WHERE name = ?)`, priority, id, name).Exec(ctx)
		if err != nil {
			return domain.Provider{}, fmt.Errorf("set the priority in group %q: %w", name, err)
		}
	}
	return r.s.oneProvider(ctx, tx, domain.ProviderID(id))
}

// Delete removes a provider with its credentials. Log rows keep the id.
func (r Providers) Delete(ctx context.Context, id domain.ProviderID, ifVersion int) (int64, error) {
	now := r.s.now().UnixMilli()
	version, err := r.s.change(ctx, "provider", func(tx bun.Tx) (int64, error) {
		res, err := tx.NewUpdate().Model((*providerRow)(nil)).
			Set("deleted_at = ?", now).Set("updated_at = ?", now).Set("version = version + 1").
			Set("key_enc = ?", []byte{}).Set("proxy_url_enc = NULL").Set("custom_headers_enc = NULL").
			Where("id = ?", int64(id)).Where("deleted_at = 0").
			Where("(? = 0 OR version = ?)", ifVersion, ifVersion).
			Exec(ctx)
		if err := (versioned{tableProviders, "provider", int64(id)}).touched(ctx, tx, res, err); err != nil {
			return 0, err
		}
		if _, err := tx.NewDelete().Model((*accountRow)(nil)).Where("provider_id = ?", int64(id)).Exec(ctx); err != nil {
			return 0, fmt.Errorf("forget its account: %w", err)
		}
		return int64(id), providerGroups().clear(ctx, tx, int64(id))
	})
	if err != nil {
		return 0, fmt.Errorf("delete provider: %w", err)
	}
	return version, nil
}
