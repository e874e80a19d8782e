package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

const tableEndpoints = "provider_endpoints"

type endpointRow struct {
	bun.BaseModel `bun:"table:provider_endpoints"`

	ID            int64  `bun:"id,pk,autoincrement"`
	Version       int    `bun:"version"`
	VendorID      int64  `bun:"vendor_id"`
	Type          string `bun:"type"`
	URL           string `bun:"url"`
	Label         string `bun:"label,nullzero"`
	SortOrder     int    `bun:"sort_order"`
	Enabled       bool   `bun:"is_enabled"`
	LastProbedAt  int64  `bun:"last_probed_at,nullzero"`
	LastOK        bool   `bun:"last_ok,nullzero"`
	LastStatus    int    `bun:"last_status,nullzero"`
	LastLatencyMs int64  `bun:"last_latency_ms,nullzero"`
	LastErrorType string `bun:"last_error_type,nullzero"`
	LastError     string `bun:"last_error,nullzero"`
	CreatedAt     int64  `bun:"created_at"`
	UpdatedAt     int64  `bun:"updated_at"`
}

func (r *endpointRow) endpoint() domain.Endpoint {
	return domain.Endpoint{
		ID: domain.EndpointID(r.ID), Version: r.Version, VendorID: domain.VendorID(r.VendorID),
		Type: domain.ProviderType(r.Type), URL: r.URL, Label: r.Label, SortOrder: r.SortOrder, Enabled: r.Enabled,
		Probe: domain.EndpointProbe{
			Endpoint: domain.EndpointID(r.ID), At: fromMillis(r.LastProbedAt), OK: r.LastOK, Status: r.LastStatus,
			Latency: millis(r.LastLatencyMs), ErrorType: r.LastErrorType, Error: r.LastError,
		},
		CreatedAt: fromMillis(r.CreatedAt), UpdatedAt: fromMillis(r.UpdatedAt),
	}
}

// Endpoints keeps endpoints of vendors.
type Endpoints struct{ s *Store }

// Endpoints is the repository of endpoints.
func (s *Store) Endpoints() Endpoints { return Endpoints{s} }

// List returns all endpoints by id.
func (r Endpoints) List(ctx context.Context) ([]domain.Endpoint, error) {
	return listEndpoints(ctx, r.s.main.read)
}

func listEndpoints(ctx context.Context, db bun.IDB) ([]domain.Endpoint, error) {
	var rows []endpointRow
	if err := db.NewSelect().Model(&rows).Order("id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("list endpoints: %w", err)
	}
	endpoints := make([]domain.Endpoint, len(rows))
	for i := range rows {
		endpoints[i] = rows[i].endpoint()
	}
	return endpoints, nil
}

// Get finds an endpoint.
func (r Endpoints) Get(ctx context.Context, id domain.EndpointID) (domain.Endpoint, error) {
	var row endpointRow
	err := r.s.main.read.NewSelect().Model(&row).Where("id = ?", int64(id)).Scan(ctx)
	if err := found(err, "endpoint", id); err != nil {
		return domain.Endpoint{}, err
	}
	return row.endpoint(), nil
}

// Create adds an endpoint. A URL that the vendor has for the type is a conflict.
func (r Endpoints) Create(ctx context.Context, e domain.Endpoint) (domain.Endpoint, int64, error) {
	now := r.s.now().UnixMilli()
	row := endpointRow{
		Version: 1, VendorID: int64(e.VendorID), Type: string(e.Type), URL: e.URL, Label: e.Label,
		SortOrder: e.SortOrder, Enabled: e.Enabled, CreatedAt: now, UpdatedAt: now,
	}
	version, err := r.s.change(ctx, "endpoint", func(tx bun.Tx) (int64, error) {
		_, err := tx.NewInsert().Model(&row).Exec(ctx)
		return row.ID, err
	})
	if err != nil {
		return domain.Endpoint{}, 0, fmt.Errorf("create endpoint: %w", err)
	}
	return row.endpoint(), version, nil
}

// Update replaces what an operator says of an endpoint if it still has version
// ifVersion (0 = any). Vendor, type and the last probe stay.
func (r Endpoints) Update(ctx context.Context, e domain.Endpoint, ifVersion int) (domain.Endpoint, int64, error) {
	row := endpointRow{
		ID: int64(e.ID), URL: e.URL, Label: e.Label, SortOrder: e.SortOrder, Enabled: e.Enabled, UpdatedAt: r.s.now().UnixMilli(),
	}
	version, err := r.s.change(ctx, "endpoint", func(tx bun.Tx) (int64, error) {
		res, err := tx.NewUpdate().Model(&row).Column("url", "label", "sort_order", "is_enabled", "updated_at").
			Set("version = version + 1").WherePK().Where("(? = 0 OR version = ?)", ifVersion, ifVersion).Exec(ctx)
		if err := (versioned{tableEndpoints, "endpoint", row.ID}).touched(ctx, tx, res, err); err != nil {
			return row.ID, err
		}
		return row.ID, tx.NewSelect().Model(&row).WherePK().Scan(ctx)
	})
	if err != nil {
		return domain.Endpoint{}, 0, fmt.Errorf("update endpoint: %w", err)
	}
	return row.endpoint(), version, nil
}

// Delete removes an endpoint with its probes.
func (r Endpoints) Delete(ctx context.Context, id domain.EndpointID, ifVersion int) (int64, error) {
	version, err := r.s.change(ctx, "endpoint", func(tx bun.Tx) (int64, error) {
		res, err := tx.NewDelete().Model((*endpointRow)(nil)).Where("id = ?", int64(id)).
			Where("(? = 0 OR version = ?)", ifVersion, ifVersion).Exec(ctx)
		return int64(id), versioned{tableEndpoints, "endpoint", int64(id)}.touched(ctx, tx, res, err)
	})
	if err != nil {
		return 0, fmt.Errorf("delete endpoint: %w", err)
	}
	return version, nil
}

type probeRow struct {
	bun.BaseModel `bun:"table:probe_logs"`

	ID         int64  `bun:"id,pk,autoincrement"`
	EndpointID int64  `bun:"endpoint_id"`
	CreatedAt  int64  `bun:"created_at"`
	Source     string `bun:"source"`
	OK         bool   `bun:"ok"`
	Status     int    `bun:"status,nullzero"`
	LatencyMs  int64  `bun:"latency_ms,nullzero"`
	ErrorType  string `bun:"error_type,nullzero"`
	Error      string `bun:"error,nullzero"`
}

func newProbeRow(p *domain.EndpointProbe) probeRow {
	return probeRow{
		EndpointID: int64(p.Endpoint), CreatedAt: p.At.UnixMilli(), Source: string(p.Source), OK: p.OK,
		Status: p.Status, LatencyMs: p.Latency.Milliseconds(), ErrorType: p.ErrorType, Error: p.Error,
	}
}

// Probed keeps the outcome of a probe: in the log and, as the last one, with the
// endpoint, whose rank depends on it. It returns the new configuration version.
func (r Endpoints) Probed(ctx context.Context, p domain.EndpointProbe) (int64, error) {
	row := newProbeRow(&p)
	version, err := r.s.change(ctx, "endpoint", func(tx bun.Tx) (int64, error) {
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return row.EndpointID, err
		}
		res, err := row.markLast(ctx, tx)
		return row.EndpointID, versioned{tableEndpoints, "endpoint", row.EndpointID}.touched(ctx, tx, res, err)
	})
	if err != nil {
		return 0, fmt.Errorf("keep a probe of endpoint %d: %w", p.Endpoint, err)
	}
	return version, nil
}

// markLast makes the probe the last one of its endpoint.
func (r *probeRow) markLast(ctx context.Context, tx bun.Tx) (sql.Result, error) {
	return tx.NewUpdate().Model((*endpointRow)(nil)).
		Set("last_probed_at = ?", r.CreatedAt).Set("last_ok = ?", r.OK).Set("last_status = ?", bun.NullZero(r.Status)).
		Set("last_latency_ms = ?", bun.NullZero(r.LatencyMs)).Set("last_error_type = ?", bun.NullZero(r.ErrorType)).
		Set("last_error = ?", bun.NullZero(r.Error)).Where("id = ?", r.EndpointID).Exec(ctx)
}

// ProbedAll keeps the outcomes of several probes as Probed does; those of
// endpoints that are gone are left out. Only if ranked, it is a change of the
// configuration that running nodes read.
func (r Endpoints) ProbedAll(ctx context.Context, probes []domain.EndpointProbe, ranked bool) error {
	err := r.s.configure(ctx, func(ctx context.Context, tx bun.Tx) error {
		for i := range probes {
			row := newProbeRow(&probes[i])
			res, err := row.markLast(ctx, tx)
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil || n == 0 {
				continue
			}
			if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
				return err
			}
		}
		if !ranked || len(probes) == 0 {
			return nil
		}
		_, err := r.s.recordChange(ctx, tx, "endpoint", strconv.FormatInt(int64(probes[0].Endpoint), 10))
		return err
	})
	if err != nil {
		return fmt.Errorf("keep probes: %w", asFault(err))
	}
	return nil
}

// PruneProbes deletes probes made before an instant, at most limit of them, and
// returns how many.
func (r Endpoints) PruneProbes(ctx context.Context, before time.Time, limit int) (int, error) {
	res, err := r.s.main.write.NewRaw(`DELETE FROM probe_logs WHERE id IN (
		SELECT id FROM probe_logs WHERE created_at < ? ORDER BY created_at LIMIT ?)`, before.UnixMilli(), limit).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("prune probes: %w", err)
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// Probes returns the newest probes of an endpoint, at most limit, before the
// entry with id before (0 = from the newest).
func (r Endpoints) Probes(ctx context.Context, id domain.EndpointID, before int64, limit int) ([]domain.EndpointProbe, error) {
	var rows []probeRow
	q := r.s.main.read.NewSelect().Model(&rows).Where("endpoint_id = ?", int64(id)).Order("id DESC").Limit(int64(limit))
	if before > 0 {
		q = q.Where("id < ?", before)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list probes: %w", err)
	}
	probes := make([]domain.EndpointProbe, len(rows))
	for i, p := range rows {
		probes[i] = domain.EndpointProbe{
			ID: p.ID, Endpoint: id, At: fromMillis(p.CreatedAt), Source: domain.ProbeSource(p.Source), OK: p.OK,
			Status: p.Status, Latency: millis(p.LatencyMs), ErrorType: p.ErrorType, Error: p.Error,
		}
	}
	return probes, nil
}
