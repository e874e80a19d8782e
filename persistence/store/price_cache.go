package store

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

// priceCache spares configuration loads the reading of thousands of price rows
// that did not change. What it hands out is shared and must not be changed.
type priceCache struct {
	mu     sync.Mutex
	at     inForceMark
	prices []*domain.ModelPrice // by id
}

// inForceMark tells two sets of rows in force apart. Ids only grow and a row that
// ended never comes back, so the same newest id and count mean the same set.
type inForceMark struct {
	Newest int64 `bun:"newest"`
	Count  int   `bun:"count"`
}

// pricesInForce reads the prices in force, by id.
func (s *Store) pricesInForce(ctx context.Context, db bun.IDB) ([]*domain.ModelPrice, error) {
	var mark inForceMark
	err := db.NewSelect().Table("model_prices").Where(inForce).
		ColumnExpr("COALESCE(MAX(id), 0) AS newest, COUNT(*) AS count").Scan(ctx, &mark)
	if err != nil {
		return nil, fmt.Errorf("count prices: %w", err)
	}
	c := &s.prices
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at == mark {
		return c.prices, nil
	}
	prices, err := refreshPrices(ctx, db, c.prices)
	if err != nil {
		return nil, err
	}
	if mark.Newest >= c.at.Newest { // a reader that began earlier keeps what it read for itself
		c.at, c.prices = mark, prices
	}
	return prices, nil
}

// refreshPrices reads the rows in force, of those known only the id.
func refreshPrices(ctx context.Context, db bun.IDB, known []*domain.ModelPrice) ([]*domain.ModelPrice, error) {
	var ids []int64
	if err := db.NewSelect().Table("model_prices").Column("id").Where(inForce).Order("id").Scan(ctx, &ids); err != nil {
		return nil, fmt.Errorf("list prices: %w", err)
	}
	byID := make(map[int64]*domain.ModelPrice, len(ids))
	for _, p := range known {
		byID[p.ID] = p
	}
	var missing []int64
	for _, id := range ids {
		if byID[id] == nil {
			missing = append(missing, id)
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
	prices := make([]*domain.ModelPrice, 0, len(ids))
	for _, id := range ids {
		if p := byID[id]; p != nil {
			prices = append(prices, p)
		}
	}
	return prices, nil
}
