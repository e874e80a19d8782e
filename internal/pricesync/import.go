package pricesync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricelist"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// Import takes an administrator's list over: its prices become manual ones.
// Manual prices that differ stay, unless they may be overwritten.
func (s *Syncer) Import(ctx context.Context, data []byte, o domain.PriceSync) (domain.PriceReport, error) {
	list, format, err := pricelist.Read(data)
	if err != nil {
		return domain.PriceReport{}, unreadable(err)
	}
	if !s.busy.TryLock() {
		return domain.PriceReport{}, errBusy()
	}
	defer s.busy.Unlock()
	now, err := s.inForce(ctx)
	if err != nil {
		return domain.PriceReport{}, err
	}
	report := domain.PriceReport{
		Format: string(format), Version: list.File.Version, Models: len(list.File.Models), Failed: list.Skipped,
	}
	batch := domain.PriceBatch{Source: string(pricing.SourceManual)}
	for _, m := range list.File.Models {
		data, err := json.Marshal(m)
		if err != nil {
			return report, fmt.Errorf("encode the price of %.80q: %w", m.ID, err)
		}
		mine, set := now.manual[m.ID]
		switch {
		case set && string(mine) == string(data):
			report.Unchanged++
			continue
		case set && !mayOverwrite(o.Overwrite, m.ID):
			report.Conflicts = append(report.Conflicts, domain.PriceConflict{Model: m.ID, Manual: mine, Offered: data})
			continue
		case set:
			report.Updated++
		default:
			report.Added++
		}
		p := priceOf(m, data)
		p.CreatedBy = o.By
		batch.Put = append(batch.Put, p)
	}
	if o.DryRun || len(batch.Put) == 0 {
		return report, nil
	}
	return report, s.apply(ctx, batch)
}

func unreadable(err error) error {
	if errors.Is(err, pricing.ErrFormat) || errors.Is(err, pricing.ErrModel) {
		return domain.NewFault(domain.KindInvalid, "", err.Error()).Because(err)
	}
	return err
}
