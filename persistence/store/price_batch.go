package store

import (
	"cmp"
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
	err := r.s.configure(ctx, func(ctx context.Context, tx bun.Tx) error {
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
		version, err = r.s.recordChange(ctx, tx, "model_price", b.Source)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("apply %d prices: %w", len(b.Put), asFault(err))
	}
	return version, nil
}

func (r ModelPrices) applyPrices(ctx context.Context, tx bun.Tx, b *domain.PriceBatch) error {
	at := r.s.now().UnixMilli()
	put := make([]string, len(b.Put))
	for i, p := range b.Put {
		put[i] = p.Model
	}
	first, err := firstStarts(ctx, tx, b)
	if err != nil {
		return err
	}
	times, err := yieldPrices(ctx, tx, b.Source, put, at)
	if err != nil {
		return err
	}
	if _, err := endPrices(ctx, tx, b.Source, b.End, at); err != nil {
		return err
	}
	if _, err := endPrices(ctx, tx, sourceManual, b.Unpin, at); err != nil {
		return err
	}
	rows := make([]priceRow, len(b.Put))
	for i, p := range b.Put {
		rows[i] = priceRow{
			Model: p.Model, Source: b.Source, Vendor: p.Vendor, Mode: p.Mode, Data: string(p.Data),
			CreatedBy: int64(p.CreatedBy), ValidFrom: cmp.Or(first(p.Model), times.of(p.Model)),
		}
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

// firstStarts tells when the first rows of models begin, 0 for any other.
func firstStarts(ctx context.Context, tx bun.Tx, b *domain.PriceBatch) (func(model string) int64, error) {
	if b.Since.IsZero() {
		return func(string) int64 { return 0 }, nil
	}
	var known []string
	err := tx.NewSelect().Table("model_prices").ColumnExpr("DISTINCT model").Where("source = ?", b.Source).Scan(ctx, &known)
	if err != nil {
		return nil, fmt.Errorf("read which models have prices: %w", err)
	}
	old := make(map[string]bool, len(known))
	for _, model := range known {
		old[model] = true
	}
	return func(model string) int64 {
		if old[model] {
			return 0
		}
		return b.Since.UnixMilli()
	}, nil
}

// changeTimes tell when the prices of models change: at one time, but for those
// that changed just then already and do so a little later.
type changeTimes struct {
	at    int64
	later map[string]int64
}

func (c changeTimes) of(model string) int64 {
	if t, ok := c.later[model]; ok {
		return t
	}
	return c.at
}

// justNow is how far behind its last change the clock may be: two changes can
// come within a millisecond, and clocks go back a little. Rows that begin later
// still are prices to come.
const justNow = 1000 // ms

func timesOf(ctx context.Context, tx bun.Tx, source string, models []string, at int64) (changeTimes, error) {
	c := changeTimes{at: at, later: map[string]int64{}}
	for chunk := range slices.Chunk(models, priceChunk) {
		var rows []struct {
			Model string `bun:"model"`
			Last  int64  `bun:"last"`
		}
		err := tx.NewSelect().Table("model_prices").ColumnExpr("model, MAX(valid_from_at) AS last").Where("source = ?", source).
			Where("valid_from_at >= ? AND valid_from_at < ?", at, at+justNow).Where("model IN (?)", bun.List(chunk)).
			Group("model").Scan(ctx, &rows)
		if err != nil {
			return c, fmt.Errorf("read when prices began: %w", err)
		}
		for _, row := range rows {
			c.later[row.Model] = row.Last + 1
		}
	}
	return c, nil
}

// endPrices ends the rows in force of models at a time, and has those to come
// never come into force. It tells how many rows that were.
func endPrices(ctx context.Context, tx bun.Tx, source string, models []string, at int64) (ended int64, err error) {
	for chunk := range slices.Chunk(models, priceChunk) {
		res, err := tx.NewUpdate().Model((*priceRow)(nil)).Set("valid_to_at = CASE WHEN valid_from_at >= ?0 THEN valid_from_at ELSE ?0 END", at).
			Where("source = ?", source).Where(live, at).Where("model IN (?)", bun.List(chunk)).Exec(ctx)
		if err != nil {
			return 0, fmt.Errorf("end prices: %w", err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return 0, fmt.Errorf("end prices: %w", err)
		}
		ended += n
	}
	return ended, nil
}

// yieldPrices ends the rows of models for others that follow without a gap, and
// tells when those begin.
func yieldPrices(ctx context.Context, tx bun.Tx, source string, models []string, at int64) (changeTimes, error) {
	times, err := timesOf(ctx, tx, source, models, at)
	if err != nil {
		return times, err
	}
	usual := slices.DeleteFunc(slices.Clone(models), func(m string) bool { return times.later[m] != 0 })
	if _, err := endPrices(ctx, tx, source, usual, at); err != nil {
		return times, err
	}
	for model, at := range times.later {
		if _, err := endPrices(ctx, tx, source, []string{model}, at); err != nil {
			return times, err
		}
	}
	return times, nil
}
