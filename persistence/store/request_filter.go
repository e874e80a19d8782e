package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

const tableRequestFilters = "request_filters"

type requestFilterRow struct {
	bun.BaseModel `bun:"table:request_filters"`

	ID          int64  `bun:"id,pk,autoincrement"`
	Version     int    `bun:"version"`
	Name        string `bun:"name"`
	Scope       string `bun:"scope,nullzero"`
	Action      string `bun:"action,nullzero"`
	MatchType   string `bun:"match_type,nullzero"`
	Target      string `bun:"target,nullzero"`
	Replacement string `bun:"replacement,nullzero"`
	Priority    int    `bun:"priority"`
	Enabled     bool   `bun:"is_enabled"`
	Binding     string `bun:"binding"`
	ProviderIDs string `bun:"provider_ids"`
	GroupIDs    string `bun:"group_ids"`
	Mode        string `bun:"mode"`
	Phase       string `bun:"phase"`
	Operations  string `bun:"operations"`
	CreatedAt   int64  `bun:"created_at"`
	UpdatedAt   int64  `bun:"updated_at"`
}

func fromRequestFilter(f domain.RequestFilter) requestFilterRow {
	return requestFilterRow{
		ID: int64(f.ID), Version: 1, Name: f.Name, Scope: string(f.Scope), Action: string(f.Action),
		MatchType: string(f.MatchType), Target: f.Target, Replacement: string(f.Replacement), Priority: f.Priority,
		Enabled: f.Enabled, Binding: string(f.Binding), ProviderIDs: toJSON(f.Providers), GroupIDs: toJSON(f.Groups),
		Mode: string(f.Mode), Phase: string(f.Phase), Operations: toJSON(f.Operations),
	}
}

func (r *requestFilterRow) filter() (f domain.RequestFilter, err error) {
	f = domain.RequestFilter{
		ID: domain.RequestFilterID(r.ID), Version: r.Version, Name: r.Name, Scope: domain.FilterScope(r.Scope),
		Action: domain.FilterAction(r.Action), MatchType: domain.MatchType(r.MatchType), Target: r.Target,
		Priority: r.Priority, Enabled: r.Enabled, Binding: domain.FilterBinding(r.Binding),
		Mode: domain.FilterMode(r.Mode), Phase: domain.FilterPhase(r.Phase),
		CreatedAt: fromMillis(r.CreatedAt), UpdatedAt: fromMillis(r.UpdatedAt),
	}
	if r.Replacement != "" {
		f.Replacement = json.RawMessage(r.Replacement)
	}
	if f.Providers, err = fromJSON[domain.ProviderID]("provider_ids", r.ProviderIDs); err != nil {
		return f, err
	}
	if f.Groups, err = fromJSON[domain.GroupID]("group_ids", r.GroupIDs); err != nil {
		return f, err
	}
	f.Operations, err = fromJSON[domain.FilterOperation]("operations", r.Operations)
	return f, err
}

// RequestFilters keeps request filters.
type RequestFilters struct{ s *Store }

// RequestFilters is the repository of request filters.
func (s *Store) RequestFilters() RequestFilters { return RequestFilters{s} }

// List returns all filters by id.
func (r RequestFilters) List(ctx context.Context) ([]domain.RequestFilter, error) {
	return listRequestFilters(ctx, r.s.main.read)
}

func listRequestFilters(ctx context.Context, db bun.IDB) ([]domain.RequestFilter, error) {
	var rows []requestFilterRow
	if err := db.NewSelect().Model(&rows).Order("id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("list request filters: %w", err)
	}
	filters := make([]domain.RequestFilter, len(rows))
	for i := range rows {
		f, err := rows[i].filter()
		if err != nil {
			return nil, fmt.Errorf("request filter %d: %w", rows[i].ID, err)
		}
		filters[i] = f
	}
	return filters, nil
}

// Get finds a filter.
func (r RequestFilters) Get(ctx context.Context, id domain.RequestFilterID) (domain.RequestFilter, error) {
	return oneRequestFilter(ctx, r.s.main.read, id)
}

func oneRequestFilter(ctx context.Context, db bun.IDB, id domain.RequestFilterID) (domain.RequestFilter, error) {
	var row requestFilterRow
	err := db.NewSelect().Model(&row).Where("id = ?", int64(id)).Scan(ctx)
	if err := found(err, "request filter", id); err != nil {
		return domain.RequestFilter{}, err
	}
	return row.filter()
}

// Create adds a filter and returns it with its id and the new configuration
// version. More than domain.MaxRequestFilters are a conflict.
func (r RequestFilters) Create(ctx context.Context, f domain.RequestFilter) (domain.RequestFilter, int64, error) {
	row := fromRequestFilter(f)
	row.ID, row.CreatedAt = 0, r.s.now().UnixMilli()
	row.UpdatedAt = row.CreatedAt
	var created domain.RequestFilter
	version, err := r.s.change(ctx, "request_filter", func(tx bun.Tx) (int64, error) {
		n, err := tx.NewSelect().Model((*requestFilterRow)(nil)).Count(ctx)
		switch {
		case err != nil:
			return 0, err
		case n >= domain.MaxRequestFilters:
			return 0, domain.NewFault(domain.KindConflict, "", fmt.Sprintf("there are %d request filters, and no more are possible", n))
		}
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return 0, err
		}
		created, err = oneRequestFilter(ctx, tx, domain.RequestFilterID(row.ID))
		return row.ID, err
	})
	if err != nil {
		return domain.RequestFilter{}, 0, fmt.Errorf("create request filter: %w", err)
	}
	return created, version, nil
}

// Update replaces a filter if it still has version ifVersion (0 = any).
func (r RequestFilters) Update(ctx context.Context, f domain.RequestFilter, ifVersion int) (domain.RequestFilter, int64, error) {
	row := fromRequestFilter(f)
	row.UpdatedAt = r.s.now().UnixMilli()
	var updated domain.RequestFilter
	version, err := r.s.change(ctx, "request_filter", func(tx bun.Tx) (int64, error) {
		res, err := tx.NewUpdate().Model(&row).ExcludeColumn("id", "version", "created_at").
			Set("version = version + 1").WherePK().Where("(? = 0 OR version = ?)", ifVersion, ifVersion).Exec(ctx)
		if err := (versioned{tableRequestFilters, "request filter", row.ID}).touched(ctx, tx, res, err); err != nil {
			return row.ID, err
		}
		updated, err = oneRequestFilter(ctx, tx, f.ID)
		return row.ID, err
	})
	if err != nil {
		return domain.RequestFilter{}, 0, fmt.Errorf("update request filter: %w", err)
	}
	return updated, version, nil
}

// Delete removes a filter.
func (r RequestFilters) Delete(ctx context.Context, id domain.RequestFilterID, ifVersion int) (int64, error) {
	version, err := r.s.change(ctx, "request_filter", func(tx bun.Tx) (int64, error) {
		res, err := tx.NewDelete().Model((*requestFilterRow)(nil)).Where("id = ?", int64(id)).
			Where("(? = 0 OR version = ?)", ifVersion, ifVersion).Exec(ctx)
		return int64(id), versioned{tableRequestFilters, "request filter", int64(id)}.touched(ctx, tx, res, err)
	})
	if err != nil {
		return 0, fmt.Errorf("delete request filter: %w", err)
	}
	return version, nil
}
