package pricesync

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// Seed stores the list inside the binary, as far as it is not stored yet: what
// is billed by it gets the id of a row that stays when a newer binary brings
// other figures.
func (s *Syncer) Seed(ctx context.Context) error {
	s.busy.Lock()
	defer s.busy.Unlock()
	stored, err := s.Store.List(ctx)
	if err != nil {
		return err
	}
	before := map[string][]byte{}
	for i := range stored {
		if p := &stored[i]; pricing.Source(p.Source) == pricing.SourceSeed {
			before[p.Model] = p.Data
		}
	}
	seed := s.Prices.Seed()
	batch := domain.PriceBatch{Source: string(pricing.SourceSeed)}
	if batch.Since, err = time.Parse(time.DateOnly, seed.AsOf); err != nil {
		return fmt.Errorf("date of the built-in price list: %w", err)
	}
	for _, m := range seed.Models {
		data, err := json.Marshal(m)
		if err != nil {
			return fmt.Errorf("encode the price of %.80q: %w", m.ID, err)
		}
		if string(before[m.ID]) != string(data) {
			batch.Put = append(batch.Put, priceOf(m, data))
		}
		delete(before, m.ID)
	}
	for model := range before {
		batch.End = append(batch.End, model)
	}
	if len(batch.Put)+len(batch.End) == 0 {
		return nil
	}
	return s.apply(ctx, batch)
}
