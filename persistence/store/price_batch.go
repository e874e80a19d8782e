package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

// priceChunk is how many rows one statement writes.
const priceChunk = 200

// Apply changes many prices in one transaction. It returns the new configuration
// version, 0 if no price changed.
func (r ModelPrices) Apply(ctx context.Context, b domain.PriceBatch) (int64, error) {
	var version int64
	err := r.s.main.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if err := r.s.main.lockConfiguration(ctx, tx); err != nil {
			return fmt.Errorf("wait for other changes: %w", err)
		}
		if err := r.applyPrices(ctx, tx, &b); err != nil {
			return err
		}
		if err := replaceHolds(ctx, tx, b.Holds); err != nil {
			return err
		}
		if err := putCatalog(ctx, tx, b.Catalog); err != nil {
			return err
		}
		if len(b.Put)+len(b.End)+len(b.Unpin) == 0 {
			return nil
		}
		var err error
		version, err = recordChange(ctx, tx, "model_price", b.Source, r.s.now())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("apply %d prices: %w", len(b.Put), asFault(err))
	}
	return version, nil
}

func (r ModelPrices) applyPrices(ctx context.Context, tx bun.Tx, b *domain.PriceBatch) error {
	at := r.s.now().UnixMilli()
	starts, err := priceStarts(ctx, tx, b.Source, at)
	if err != nil {
		return err
	}
	ended := slices.Clone(b.End)
	rows := make([]priceRow, len(b.Put))
	for i, p := range b.Put {
		ended = append(ended, p.Model)
		rows[i] = priceRow{
			Model: p.Model, Source: b.Source, Vendor: p.Vendor, Mode: p.Mode, Data: string(p.Data),
			CreatedBy: int64(p.CreatedBy), ValidFrom: max(at, starts[p.Model]),
		}
	}
	if err := endPrices(ctx, tx, b.Source, ended, at); err != nil {
		return err
	}
	if err := endPrices(ctx, tx, sourceManual, b.Unpin, at); err != nil {
		return err
	}
	for chunk := range slices.Chunk(rows, priceChunk) {
		if _, err := tx.NewInsert().Model(&chunk).Exec(ctx); err != nil {
			return fmt.Errorf("write prices: %w", err)
		}
	}
	return nil
}

// sourceManual is the source of prices that administrators set.
const sourceManual = "manual"

// priceStarts tells of models whose newest row began or ended after at, because
// two changes came within one millisecond or the clock went back, when their
// next row may begin.
func priceStarts(ctx context.Context, tx bun.Tx, source string, at int64) (map[string]int64, error) {
	var rows []struct {
		Model string `bun:"model"`
		Start int64  `bun:"start"`
	}
	err := tx.NewRaw(`SELECT model,
			MAX(CASE WHEN COALESCE(valid_to_at, 0) > valid_from_at THEN valid_to_at ELSE valid_from_at + 1 END) AS start
		FROM model_prices WHERE source = ? AND (valid_from_at >= ? OR valid_to_at > ?) GROUP BY model`, source, at, at).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read when prices began: %w", err)
	}
	starts := make(map[string]int64, len(rows))
	for _, row := range rows {
		starts[row.Model] = row.Start
	}
	return starts, nil
}

// endPrices ends the rows in force of models, none before it began.
func endPrices(ctx context.Context, tx bun.Tx, source string, models []string, at int64) error {
	for chunk := range slices.Chunk(models, priceChunk) {
		_, err := tx.NewUpdate().Model((*priceRow)(nil)).Set("valid_to_at = CASE WHEN valid_from_at >= ?0 THEN valid_from_at + 1 ELSE ?0 END", at).
			Where("source = ?", source).Where(inForce).Where("model IN (?)", bun.List(chunk)).Exec(ctx)
		if err != nil {
			return fmt.Errorf("end prices: %w", err)
		}
	}
	return nil
}
