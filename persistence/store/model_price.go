package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

type priceRow struct {
	bun.BaseModel `bun:"table:model_prices"`

	ID        int64  `bun:"id,pk,autoincrement"`
	Model     string `bun:"model"`
	Source    string `bun:"source"`
	Vendor    string `bun:"vendor,nullzero"`
	Mode      string `bun:"mode"`
	Data      string `bun:"data"`
	ValidFrom int64  `bun:"valid_from_at"`
	ValidTo   int64  `bun:"valid_to_at,nullzero"`
	CreatedBy int64  `bun:"created_by,nullzero"`
}

func (r *priceRow) price() domain.ModelPrice {
	return domain.ModelPrice{
		ID: r.ID, Model: r.Model, Source: r.Source, Vendor: r.Vendor, Mode: r.Mode, Data: []byte(r.Data),
		ValidFrom: fromMillis(r.ValidFrom), ValidTo: fromMillis(r.ValidTo), CreatedBy: domain.UserID(r.CreatedBy),
	}
}

// inForce matches rows that have no end yet.
const inForce = "valid_to_at IS NULL"

// ModelPrices keeps the history of prices.
type ModelPrices struct{ s *Store }

// ModelPrices is the repository of prices.
func (s *Store) ModelPrices() ModelPrices { return ModelPrices{s} }

// List returns the prices in force, by id.
func (r ModelPrices) List(ctx context.Context) ([]domain.ModelPrice, error) {
	prices, err := r.s.pricesInForce(ctx, r.s.main.read)
	if err != nil {
		return nil, err
	}
	out := make([]domain.ModelPrice, len(prices))
	for i, p := range prices {
		out[i] = *p
	}
	return out, nil
}

// History returns the rows of a model, the newest first.
func (r ModelPrices) History(ctx context.Context, model string, limit int) ([]domain.ModelPrice, error) {
	var rows []priceRow
	err := r.s.main.read.NewSelect().Model(&rows).Where("model = ?", model).
		Order("valid_from_at DESC", "id DESC").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the prices of %.80q: %w", model, err)
	}
	prices := make([]domain.ModelPrice, len(rows))
	for i := range rows {
		prices[i] = rows[i].price()
	}
	return prices, nil
}

// Get finds a row of the history, in force or not.
func (r ModelPrices) Get(ctx context.Context, id int64) (domain.ModelPrice, error) {
	var row priceRow
	err := r.s.main.read.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx)
	if err := found(err, "price", id); err != nil {
		return domain.ModelPrice{}, err
	}
	return row.price(), nil
}

// Put puts a price in force from now on and ends the one of the same model and
// source. It returns the new row and the new configuration version.
func (r ModelPrices) Put(ctx context.Context, p domain.ModelPrice) (domain.ModelPrice, int64, error) {
	row := priceRow{
		Model: p.Model, Source: p.Source, Vendor: p.Vendor, Mode: p.Mode, Data: string(p.Data),
		CreatedBy: int64(p.CreatedBy),
	}
	version, err := r.s.changeNamed(ctx, "model_price", func(tx bun.Tx) (string, error) {
		last, err := r.newest(ctx, tx, p.Model, p.Source)
		if err != nil {
			return p.Model, err
		}
		// Two rows of one millisecond, or a clock that went back, leave no gap and
		// no overlap.
		row.ValidFrom = max(r.s.now().UnixMilli(), last.ValidFrom+1, last.ValidTo)
		if err := endPrice(ctx, tx, &last, row.ValidFrom); err != nil {
			return p.Model, err
		}
		_, err = tx.NewInsert().Model(&row).Exec(ctx)
		return p.Model, err
	})
	if err != nil {
		return domain.ModelPrice{}, 0, fmt.Errorf("put a price of %.80q: %w", p.Model, err)
	}
	return row.price(), version, nil
}

// End ends the price of a model and source that is in force.
func (r ModelPrices) End(ctx context.Context, model, source string) (int64, error) {
	version, err := r.s.changeNamed(ctx, "model_price", func(tx bun.Tx) (string, error) {
		last, err := r.newest(ctx, tx, model, source)
		switch {
		case err != nil:
			return model, err
		case last.ID == 0 || last.ValidTo != 0:
			return model, domain.NotFound(source+" price of", model)
		}
		return model, endPrice(ctx, tx, &last, max(r.s.now().UnixMilli(), last.ValidFrom+1))
	})
	if err != nil {
		return 0, fmt.Errorf("end the price of %.80q: %w", model, err)
	}
	return version, nil
}

// newest is the latest row of a model and source, zero if there is none.
func (r ModelPrices) newest(ctx context.Context, tx bun.Tx, model, source string) (priceRow, error) {
	var row priceRow
	err := tx.NewSelect().Model(&row).Where("model = ? AND source = ?", model, source).
		Order("valid_from_at DESC").Limit(1).Scan(ctx)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return priceRow{}, fmt.Errorf("read the newest price: %w", err)
	}
	return row, nil
}

// endPrice ends a row that is in force.
func endPrice(ctx context.Context, tx bun.Tx, row *priceRow, at int64) error {
	if row.ID == 0 || row.ValidTo != 0 {
		return nil
	}
	_, err := tx.NewUpdate().Model(row).Set("valid_to_at = ?", at).WherePK().Where(inForce).Exec(ctx)
	return err
}
