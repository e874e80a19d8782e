package pricing

import "github.com/claude-code-hub/cch/internal/domain"

// Reprice bills again, by the prices of this tariff, what had none: with the
// usage, the terms and the multipliers of then. It tells false while there is
// still no price.
func (t Tariff) Reprice(b *domain.CostBreakdown, w *Work) (domain.CostBreakdown, bool) {
	out := domain.CostBreakdown{
		Passes: b.Passes, Terms: b.Terms, ByProvider: b.ByProvider, ByGroup: b.ByGroup, ByUser: b.ByUser,
		ReportedCost: b.ReportedCost, Earlier: b.Earlier,
	}
	w.Metered.Passes = b.Passes
	t.bill(&out, w, Terms{
		Service: ServiceTier(b.Terms.Service), Fast: b.Terms.Fast, GeoUS: b.Terms.GeoUS, Failed: b.Terms.Failed,
		SwapCacheTTL: b.Terms.SwapCacheTTL, CacheRatios: b.Terms.CacheRatios,
		Provider: b.ByProvider, Group: b.ByGroup, User: b.ByUser,
	})
	return out, out.State != string(StateUnpriced)
}
