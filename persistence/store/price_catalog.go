package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

// catalogRow is the only row of its table.
type catalogRow struct {
	bun.BaseModel `bun:"table:price_catalog,alias:c"`

	ID        int    `bun:"id,pk"`
	URL       string `bun:"url"`
	Version   string `bun:"version"`
	ETag      string `bun:"etag"`
	Models    int    `bun:"model_count"`
	Refreshed string `bun:"refreshed_at"`
	SyncedAt  int64  `bun:"synced_at"`
}

// Catalog is the cloud list that was taken over last, zero if none was.
func (r ModelPrices) Catalog(ctx context.Context) (domain.PriceCatalog, error) {
	var row catalogRow
	err := r.s.main.read.NewSelect().Model(&row).Where("id = 1").Scan(ctx)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return domain.PriceCatalog{}, nil
	case err != nil:
		return domain.PriceCatalog{}, fmt.Errorf("read the price catalog: %w", err)
	}
	return domain.PriceCatalog{
		URL: row.URL, Version: row.Version, ETag: row.ETag, Models: row.Models, Refreshed: row.Refreshed,
		SyncedAt: fromMillis(row.SyncedAt),
	}, nil
}

func putCatalog(ctx context.Context, tx bun.Tx, c *domain.PriceCatalog) error {
	if c == nil {
		return nil
	}
	row := catalogRow{
		ID: 1, URL: c.URL, Version: c.Version, ETag: c.ETag, Models: c.Models, Refreshed: c.Refreshed,
		SyncedAt: toMillis(c.SyncedAt),
	}
	_, err := tx.NewInsert().Model(&row).On("CONFLICT (id) DO UPDATE").
		Set("url = EXCLUDED.url, version = EXCLUDED.version, etag = EXCLUDED.etag, model_count = EXCLUDED.model_count").
		Set("refreshed_at = EXCLUDED.refreshed_at, synced_at = EXCLUDED.synced_at").Exec(ctx)
	if err != nil {
		return fmt.Errorf("write the price catalog: %w", err)
	}
	return nil
}

type holdRow struct {
	bun.BaseModel `bun:"table:price_holds"`

	Model     string `bun:"model,pk"`
	Data      string `bun:"data"`
	Reason    string `bun:"reason"`
	Rejected  bool   `bun:"rejected"`
	CreatedAt int64  `bun:"created_at"`
}

// Holds are the changes that wait for approval or were turned down, by model.
func (r ModelPrices) Holds(ctx context.Context) ([]domain.PriceHold, error) {
	var rows []holdRow
	if err := r.s.main.read.NewSelect().Model(&rows).Order("model").Scan(ctx); err != nil {
		return nil, fmt.Errorf("read held prices: %w", err)
	}
	holds := make([]domain.PriceHold, len(rows))
	for i, row := range rows {
		holds[i] = domain.PriceHold{
			Model: row.Model, Data: []byte(row.Data), Reason: row.Reason, Rejected: row.Rejected, CreatedAt: fromMillis(row.CreatedAt),
		}
	}
	return holds, nil
}

func replaceHolds(ctx context.Context, tx bun.Tx, holds []domain.PriceHold) error {
	if holds == nil {
		return nil
	}
	if _, err := tx.NewDelete().Model((*holdRow)(nil)).Where("1 = 1").Exec(ctx); err != nil {
		return fmt.Errorf("drop held prices: %w", err)
	}
	for from := 0; from < len(holds); from += priceChunk {
		chunk := holds[from:min(from+priceChunk, len(holds))]
		rows := make([]holdRow, len(chunk))
		for i, h := range chunk {
			rows[i] = holdRow{
				Model: h.Model, Data: string(h.Data), Reason: h.Reason, Rejected: h.Rejected, CreatedAt: toMillis(h.CreatedAt),
			}
		}
		if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
			return fmt.Errorf("write held prices: %w", err)
		}
	}
	return nil
}
