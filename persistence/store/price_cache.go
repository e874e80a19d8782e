package store

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

// priceCache spares configuration loads the reading of thousands of price rows
// that did not change. What it hands out is shared and must not be changed.
type priceCache struct {
	mu     sync.Mutex
	at     liveMark
	prices []*domain.ModelPrice // by id
}

// liveMark tells two sets of live rows apart: ids only grow, nothing of a row
// changes but its end, and that only to an earlier one.
type liveMark struct {
	Newest int64 `bun:"newest"`
	Count  int   `bun:"count"`
	Ends   int64 `bun:"ends"`
}

// livePrices reads the prices that are in force at a time, or will be, by id.
func (s *Store) livePrices(ctx context.Context, db bun.IDB, at time.Time) ([]*domain.ModelPrice, error) {
	var mark liveMark
	err := db.NewSelect().Table("model_prices").Where(live, at.UnixMilli()).
		ColumnExpr("COALESCE(MAX(id), 0) AS newest, COUNT(*) AS count, CAST(COALESCE(SUM(valid_to_at - valid_from_at), 0) AS BIGINT) AS ends").Scan(ctx, &mark)
	if err != nil {
		return nil, fmt.Errorf("count prices: %w", err)
	}
	c := &s.prices
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at == mark {
		return c.prices, nil
	}
	prices, err := refreshPrices(ctx, db, at, c.prices)
	if err != nil {
		return nil, err
	}
	if mark.Newest >= c.at.Newest { // a reader that began earlier keeps what it read for itself
		c.at, c.prices = mark, prices
	}
	return prices, nil
}

// refreshPrices reads the live rows, of those known only the end.
func refreshPrices(ctx context.Context, db bun.IDB, at time.Time, known []*domain.ModelPrice) ([]*domain.ModelPrice, error) {
	var rows []struct {
		ID      int64 `bun:"id"`
		ValidTo int64 `bun:"valid_to"`
	}
	err := db.NewSelect().Table("model_prices").ColumnExpr("id, COALESCE(valid_to_at, 0) AS valid_to").
		Where(live, at.UnixMilli()).Order("id").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("list prices: %w", err)
	}
	byID := make(map[int64]*domain.ModelPrice, len(rows))
	for _, p := range known {
		byID[p.ID] = p
	}
	var missing []int64
	for _, row := range rows {
		if p := byID[row.ID]; p == nil || !p.ValidTo.Equal(fromMillis(row.ValidTo)) {
			missing = append(missing, row.ID)
		}
	}
	for chunk := range slices.Chunk(missing, 500) {
		var rows []priceRow
		if err := db.NewSelect().Model(&rows).Where("id IN (?)", bun.List(chunk)).Scan(ctx); err != nil {
			return nil, fmt.Errorf("read prices: %w", err)
		}
		for i := range rows {
			p := rows[i].price()
			byID[p.ID] = &p
		}
	}
	prices := make([]*domain.ModelPrice, 0, len(rows))
	for _, row := range rows {
		if p := byID[row.ID]; p != nil {
			prices = append(prices, p)
		}
	}
	return prices, nil
}
