package pricesync

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// standing are the stored entries in force, by source and model.
type standing struct {
	cloud, manual map[string][]byte
	table         *pricing.Table
}

func (s *Syncer) inForce(ctx context.Context) (standing, error) {
	stored, err := s.Store.List(ctx)
	if err != nil {
		return standing{}, err
	}
	now := standing{
		cloud: map[string][]byte{}, manual: map[string][]byte{}, table: s.Prices.For(s.Catalog.Current()).At(s.Now()).Table,
	}
	for i := range stored {
		switch p := &stored[i]; pricing.Source(p.Source) {
		case pricing.SourceCloud:
			now.cloud[p.Model] = p.Data
		case pricing.SourceManual:
			now.manual[p.Model] = p.Data
		case pricing.SourceSeed:
		}
	}
	return now, nil
}

// used are the models, by id, that requests were billed by lately.
func (s *Syncer) used(ctx context.Context, table *pricing.Table) (map[string]bool, error) {
	uses, err := s.Uses(ctx, s.Now().Add(-usedWithin))
	if err != nil {
		return nil, err
	}
	used := make(map[string]bool, len(uses))
	for _, u := range uses {
		for _, name := range []string{u.Requested, u.Sent} {
			if r := table.Find(name); r != nil {
				used[r.Model.ID] = true
			}
		}
	}
	return used, nil
}

// conflicts are manual prices that differ from what a list offers. Those that may
// be overwritten end instead.
func conflicts(batch *domain.PriceBatch, manual map[string][]byte, list *pricing.File, overwrite []string) []domain.PriceConflict {
	var out []domain.PriceConflict
	for _, m := range list.Models {
		mine, set := manual[m.ID]
		if !set {
			continue
		}
		if mayOverwrite(overwrite, m.ID) {
			batch.Unpin = append(batch.Unpin, m.ID)
			continue
		}
		if offered, err := json.Marshal(m); err == nil && string(offered) != string(mine) {
			out = append(out, domain.PriceConflict{Model: m.ID, Manual: mine, Offered: offered})
		}
	}
	return out
}

func mayOverwrite(overwrite []string, model string) bool {
	return slices.Contains(overwrite, model) || slices.Contains(overwrite, "*")
}

// Status tells how the sync stands.
func (s *Syncer) Status(ctx context.Context) (domain.PriceStatus, error) {
	catalog, err := s.Store.Catalog(ctx)
	if err != nil {
		return domain.PriceStatus{}, fmt.Errorf("read the status of the price sync: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := domain.PriceStatus{
		Catalog: catalog, Running: s.running, TriedAt: s.triedAt, Last: s.last, SeedDate: s.Prices.SeedDate(),
	}
	if s.err != nil {
		st.Error = s.err.Error()
	}
	if s.Source != nil {
		st.URL, st.NextAt = s.Source.URL(), s.triedAt.Add(s.interval())
		if s.err != nil {
			st.NextAt = s.triedAt.Add(min(retryAfter, s.interval()))
		}
		if s.triedAt.IsZero() {
			st.NextAt = s.Now()
		}
	}
	return st, nil
}
