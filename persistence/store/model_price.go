package store

import (
	"context"
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

// live matches rows that are in force at a time or will be. One that was replaced
// before its time ends where it begins.
const live = "(valid_to_at IS NULL OR valid_to_at > ? AND valid_to_at > valid_from_at)"

// ModelPrices keeps the history of prices.
type ModelPrices struct{ s *Store }

// ModelPrices is the repository of prices.
func (s *Store) ModelPrices() ModelPrices { return ModelPrices{s} }

// List returns the prices in force, by id.
func (r ModelPrices) List(ctx context.Context) ([]domain.ModelPrice, error) {
	now := r.s.now()
	prices, err := r.s.livePrices(ctx, r.s.main.read, now)
	if err != nil {
		return nil, err
	}
	out := make([]domain.ModelPrice, 0, len(prices))
	for _, p := range prices {
		if !p.ValidFrom.After(now) {
			out = append(out, *p)
		}
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

// Put puts a price in force from its ValidFrom on, or from now on if that is past,
// until its ValidTo. It takes the place of all that the same source has for the
// model from then on, be it in force or to come. It returns the new row and the
// new configuration version.
func (r ModelPrices) Put(ctx context.Context, p domain.ModelPrice) (domain.ModelPrice, int64, error) {
	row := priceRow{
		Model: p.Model, Source: p.Source, Vendor: p.Vendor, Mode: p.Mode, Data: string(p.Data),
		CreatedBy: int64(p.CreatedBy),
	}
	if !p.ValidTo.IsZero() {
		row.ValidTo = p.ValidTo.UnixMilli()
	}
	version, err := r.s.changeNamed(ctx, "model_price", func(tx bun.Tx) (string, error) {
		at := max(r.s.now().UnixMilli(), p.ValidFrom.UnixMilli())
		times, err := yieldPrices(ctx, tx, p.Source, []string{p.Model}, at)
		if err != nil {
			return p.Model, err
		}
		row.ValidFrom = times.of(p.Model)
		_, err = tx.NewInsert().Model(&row).Exec(ctx)
		return p.Model, err
	})
	if err != nil {
		return domain.ModelPrice{}, 0, fmt.Errorf("put a price of %.80q: %w", p.Model, err)
	}
	return row.price(), version, nil
}

// End ends the price of a model and source that is in force, and those to come.
func (r ModelPrices) End(ctx context.Context, model, source string) (int64, error) {
	version, err := r.s.changeNamed(ctx, "model_price", func(tx bun.Tx) (string, error) {
		ended, err := endPrices(ctx, tx, source, []string{model}, r.s.now().UnixMilli())
		if err == nil && ended == 0 {
			err = domain.NotFound(source+" price of", model)
		}
		return model, err
	})
	if err != nil {
		return 0, fmt.Errorf("end the price of %.80q: %w", model, err)
	}
	return version, nil
}
