package pricesync

import (
	"context"
	"slices"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// Held are the changes that wait for approval, by model.
func (s *Syncer) Held(ctx context.Context) ([]domain.PriceHold, error) {
	holds, err := s.Store.Holds(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(holds, func(h domain.PriceHold) bool { return h.Rejected }), nil
}

// Decide puts held changes of models into force, or turns them down for good;
// "*" names all of them. It returns how many there were.
func (s *Syncer) Decide(ctx context.Context, models []string, approve bool) (int, error) {
	if !s.busy.TryLock() {
		return 0, errBusy()
	}
	defer s.busy.Unlock()
	holds, err := s.Store.Holds(ctx)
	if err != nil {
		return 0, err
	}
	batch := domain.PriceBatch{Source: string(pricing.SourceCloud), Holds: []domain.PriceHold{}}
	decided := 0
	for _, h := range holds {
		if h.Rejected || !mayOverwrite(models, h.Model) {
			batch.Holds = append(batch.Holds, h)
			continue
		}
		decided++
		if !approve {
			h.Rejected = true
			batch.Holds = append(batch.Holds, h)
			continue
		}
		if err := batchHold(&batch, h); err != nil {
			return 0, err
		}
	}
	if decided == 0 {
		return 0, domain.NewFault(domain.KindNotFound, "", "no change of these models waits for approval")
	}
	return decided, s.apply(ctx, batch)
}

func batchHold(batch *domain.PriceBatch, h domain.PriceHold) error {
	if len(h.Data) == 0 {
		batch.End = append(batch.End, h.Model)
		return nil
	}
	m, err := pricing.ParseModel(h.Model, h.Data)
	if err != nil {
		return err
	}
	batch.Put = append(batch.Put, priceOf(m, h.Data))
	return nil
}
