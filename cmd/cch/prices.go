package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/claude-code-hub/cch/internal/outbound"
	"github.com/claude-code-hub/cch/internal/pricelist"
	"github.com/claude-code-hub/cch/internal/pricesync"
)

// buildPrices makes what takes price lists over. The clock of maintenance is
// older than it, so its first round may find nothing yet.
func (a *App) buildPrices(ctx context.Context, _ Options) error {
	o := pricesync.Options{
		Store: a.store.ModelPrices(), Uses: a.store.RequestLogs().ModelUses,
		Catalog: a.system.Configuration(), Prices: a.prices, Now: a.now, Logger: a.logger,
	}
	if !a.cfg.Prices.Off() {
		source, err := pricelist.NewSource(a.cfg.Prices.SyncURL, outbound.Policy{AllowPrivate: a.cfg.Prices.AllowPrivate})
		if err != nil {
			return fmt.Errorf("PRICE_SYNC_URL: %w", err)
		}
		a.onClose("connections to the price list", func(context.Context) error { source.Close(); return nil })
		o.Source = source
	}
	s := pricesync.New(o)
	if err := s.Seed(ctx); err != nil { // it is billed by all the same
		a.logger.WarnContext(ctx, "the built-in price list was not stored", slog.Any("error", err))
	}
	a.sync.Store(s)
	return nil
}

// syncPrices is the chore of keeping the cloud prices.
func (a *App) syncPrices(ctx context.Context) (int, error) {
	if s := a.sync.Load(); s != nil {
		return s.Round(ctx)
	}
	return 0, nil
}
