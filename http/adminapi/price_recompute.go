package adminapi

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

func (a *API) declarePriceRecompute() {
	tags := []string{"Model prices"}
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "recomputeModelPrices", Method: http.MethodPost, Path: "/model-prices/recompute", Tags: tags,
		Summary: "Work bills out again by the prices in force now, and book the differences", DefaultStatus: http.StatusAccepted,
	}, a.recomputePrices)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "modelPriceCatalog", Method: http.MethodGet, Path: "/model-prices/catalog", Tags: tags,
		Summary: "Count the prices in force by source, vendor, mode and seller",
	}, a.priceCatalog)
}

type recomputeInput struct {
	Body struct {
		From   time.Time `json:"from"             doc:"when requests were admitted, inclusive"`
		To     time.Time `json:"to,omitzero"     doc:"exclusive; left out: now"`
		Models []string  `json:"models,omitempty" maxItems:"200" doc:"as they were billed; left out: all"`
		DryRun bool      `json:"dryRun,omitempty" doc:"tell what would change, and change nothing"`
	}
}

// recomputeBody is the result of the job.
type recomputeBody struct {
	Rows        int     `json:"rows"         doc:"looked at"`
	Unchanged   int     `json:"unchanged"`
	Adjusted    int     `json:"adjusted"     doc:"cost something else; with dryRun: would"`
	Unpriced    int     `json:"unpriced"     doc:"their models have no price now"`
	Skipped     int     `json:"skipped"      doc:"their breakdown was cleaned up, or the upstream stated the cost"`
	ChargeUSD   float64 `json:"chargeUsd"    doc:"sum of the differences"`
	ProviderUSD float64 `json:"providerCostUsd"`
	DryRun      bool    `json:"dryRun"`
}

const jobRecompute = "recompute_prices"

func (a *API) recomputePrices(_ context.Context, in *recomputeInput) (*jobStartedOutput, error) {
	q := domain.RecomputeQuery{From: in.Body.From, To: in.Body.To, Models: in.Body.Models, DryRun: in.Body.DryRun}
	if q.To.IsZero() {
		q.To = a.Now()
	}
	if !q.To.After(q.From) {
		return nil, problem.Invalid(problem.InvalidParam{Path: []any{"to"}, Code: "too_small", Message: "must be later than from"})
	}
	return a.begin(jobRecompute, func(ctx context.Context, progress domain.JobProgress) (any, error) {
		r, err := a.Recompute(ctx, q, progress)
		return recomputeBody{
			Rows: r.Rows, Unchanged: r.Unchanged, Adjusted: r.Adjusted, Unpriced: r.Unpriced, Skipped: r.Skipped,
			ChargeUSD: r.Charge.USD(), ProviderUSD: r.Cost.USD(), DryRun: q.DryRun,
		}, err
	})
}

type priceCatalogOutput struct {
	Body struct {
		Currency string        `json:"currency"  enum:"USD"`
		Models   int           `json:"models"    doc:"with a price in force"`
		Sources  []priceCount  `json:"sources"   doc:"seed = the built-in list, cloud = synced, manual = set here"`
		Vendors  []priceCount  `json:"vendors"`
		Modes    []priceCount  `json:"modes"`
		Sellers  []priceCount  `json:"sellers"   doc:"keys of those who ask prices of their own; a provider's pricingKey is one of them"`
		Cloud    cloudListBody `json:"cloud"     doc:"the list that was taken over last"`
		SeedDate string        `json:"seedDate"  doc:"of the figures in the built-in list, as 2006-01-02"`
	}
}

type cloudListBody struct {
	Version   *string    `json:"version"`
	Models    int        `json:"models"`
	Refreshed *string    `json:"refreshed" doc:"when it was made, in its own words"`
	SyncedAt  *time.Time `json:"syncedAt"`
}

// priceCount counts the models of one kind.
type priceCount struct {
	Name   string `json:"name"`
	Models int    `json:"models"`
}

func (a *API) priceCatalog(ctx context.Context, _ *struct{}) (*priceCatalogOutput, error) {
	st, err := a.Sync.Status(ctx)
	if err != nil {
		return nil, err
	}
	out := &priceCatalogOutput{}
	rows := a.prices().Rows()
	b := &out.Body
	b.Currency, b.Models, b.SeedDate = "USD", len(rows), st.SeedDate
	b.Sources = countPrices(rows, func(r *pricing.Row) []string { return []string{string(r.Source)} })
	b.Vendors = countPrices(rows, func(r *pricing.Row) []string { return []string{r.Vendor} })
	b.Modes = countPrices(rows, func(r *pricing.Row) []string { return []string{r.Mode} })
	b.Sellers = countPrices(rows, func(r *pricing.Row) []string { return slices.Collect(maps.Keys(r.Nodes)) })
	c := &st.Catalog
	b.Cloud = cloudListBody{Version: optional(c.Version), Models: c.Models, Refreshed: optional(c.Refreshed), SyncedAt: optionalTime(c.SyncedAt)}
	return out, nil
}

// countPrices counts rows by their names of one kind, the most frequent first.
func countPrices(rows []*pricing.Row, names func(*pricing.Row) []string) []priceCount {
	counts := map[string]int{}
	for _, r := range rows {
		for _, name := range names(r) {
			if name != "" {
				counts[name]++
			}
		}
	}
	out := make([]priceCount, 0, len(counts))
	for name, n := range counts {
		out = append(out, priceCount{Name: name, Models: n})
	}
	slices.SortFunc(out, func(a, b priceCount) int {
		return cmp.Or(cmp.Compare(b.Models, a.Models), cmp.Compare(a.Name, b.Name))
	})
	return out
}
