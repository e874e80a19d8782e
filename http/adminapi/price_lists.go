package adminapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

const (
	// maxPriceList bounds an uploaded list; public ones have about 10 MB.
	maxPriceList = 16 << 20
	// maxReported is how many models a report names of each kind.
	maxReported = 200
)

func (a *API) declarePriceLists() {
	tags := []string{"Model prices"}
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "modelPriceStatus", Method: http.MethodGet, Path: "/model-prices/status", Tags: tags,
		Summary: "Tell how the sync of the cloud price list stands",
	}, a.priceStatus)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "syncModelPrices", Method: http.MethodPost, Path: "/model-prices/sync", Tags: tags,
		Summary: "Take the cloud price list over now",
	}, a.syncPrices)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "importModelPrices", Method: http.MethodPost, Path: "/model-prices/import", Tags: tags,
		Summary:      "Upload a price list: ai-price-table/v1, cchp.pricing-table/v1, LiteLLM JSON or prices-base TOML",
		MaxBodyBytes: maxPriceList, BodyReadTimeout: time.Minute,
	}, a.importPrices)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "exportModelPrices", Method: http.MethodGet, Path: "/model-prices/export", Tags: tags,
		Summary: "Export the prices in force as an ai-price-table/v1 list",
	}, a.exportPrices)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "listPriceConflicts", Method: http.MethodGet, Path: "/model-prices/conflicts", Tags: tags,
		Summary: "List manual prices that differ from the cloud's, side by side",
	}, a.priceConflicts)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "listHeldPrices", Method: http.MethodGet, Path: "/model-prices/held", Tags: tags,
		Summary: "List changes of the cloud list that wait for approval",
	}, a.heldPrices)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "decideHeldPrices", Method: http.MethodPost, Path: "/model-prices/held", Tags: tags,
		Summary: "Approve held changes, or turn them down for good",
	}, a.decidePrices)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "listUnpricedModels", Method: http.MethodGet, Path: "/model-prices/unpriced", Tags: tags,
		Summary: "List the models in use that have no price",
	}, a.unpricedModels)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "quoteModelPrice", Method: http.MethodPost, Path: "/model-prices/quote", Tags: tags,
		Summary: "Work out what a usage would cost",
	}, a.quotePrice)
}

type priceStatusOutput struct {
	Body struct {
		URL         *string          `json:"url"         doc:"of the cloud list; null = switched off"`
		Version     *string          `json:"version"     doc:"of the list in force"`
		Refreshed   *string          `json:"refreshed"   doc:"when that list was made, in its own words"`
		Models      int              `json:"models"`
		SyncedAt    *time.Time       `json:"syncedAt"`
		Running     bool             `json:"running"`
		TriedAt     *time.Time       `json:"triedAt"`
		NextAt      *time.Time       `json:"nextAt"`
		Error       *string          `json:"error"       doc:"of the last try"`
		Last        *priceReportBody `json:"last"        doc:"what the last one changed"`
		SeedDate    string           `json:"seedDate"    doc:"of the figures in the built-in list"`
		SeedInForce int              `json:"seedInForce" doc:"models that are billed by the built-in list"`
		Held        int              `json:"held"        doc:"changes that wait for approval"`
	}
}

func (a *API) priceStatus(ctx context.Context, _ *struct{}) (*priceStatusOutput, error) {
	st, err := a.Sync.Status(ctx)
	if err != nil {
		return nil, err
	}
	held, err := a.Sync.Held(ctx)
	if err != nil {
		return nil, err
	}
	out := &priceStatusOutput{}
	b := &out.Body
	b.URL, b.Version, b.Refreshed, b.Models = optional(st.URL), optional(st.Catalog.Version), optional(st.Catalog.Refreshed), st.Catalog.Models
	b.SyncedAt, b.TriedAt, b.NextAt = optionalTime(st.Catalog.SyncedAt), optionalTime(st.TriedAt), optionalTime(st.NextAt)
	b.Running, b.Error, b.SeedDate, b.Held = st.Running, optional(st.Error), st.SeedDate, len(held)
	b.SeedInForce = len(a.prices().Entries(pricing.Filter{Sources: []pricing.Source{pricing.SourceSeed}}))
	if st.Last.Models > 0 || st.Last.Unmodified {
		b.Last = new(showReport(&st.Last))
	}
	return out, nil
}

func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC())
}

// priceReportBody says what a list changed, or would change.
type priceReportBody struct {
	Format        string         `json:"format"        doc:"as told by the content"`
	Version       *string        `json:"version"`
	Unmodified    bool           `json:"unmodified"    doc:"it is the list that is in force already"`
	Models        int            `json:"models"        doc:"with a price, in the list"`
	Added         int            `json:"added"`
	Updated       int            `json:"updated"`
	Ended         int            `json:"ended"         doc:"they are not in the cloud list any more"`
	Unchanged     int            `json:"unchanged"`
	Held          int            `json:"held"          doc:"changes that wait for approval"`
	Conflicts     []conflictBody `json:"conflicts"     doc:"manual prices that stay; the first 200"`
	ConflictCount int            `json:"conflictCount"`
	Failed        []string       `json:"failed"        doc:"models without a usable price; the first 200"`
	FailedCount   int            `json:"failedCount"`
}

// conflictBody shows a manual price and another one side by side.
type conflictBody struct {
	Name    string     `json:"name"`
	Manual  priceEntry `json:"manual"`
	Offered priceEntry `json:"offered"`
}

func showReport(r *domain.PriceReport) priceReportBody {
	b := priceReportBody{
		Format: r.Format, Version: optional(r.Version), Unmodified: r.Unmodified, Models: r.Models, Added: r.Added,
		Updated: r.Updated, Ended: r.Ended, Unchanged: r.Unchanged, Held: r.Held, Conflicts: []conflictBody{},
		ConflictCount: len(r.Conflicts), Failed: list(r.Failed[:min(len(r.Failed), maxReported)]), FailedCount: len(r.Failed),
	}
	for _, c := range r.Conflicts[:min(len(r.Conflicts), maxReported)] {
		b.Conflicts = append(b.Conflicts, conflictBody{Name: c.Model, Manual: c.Manual, Offered: c.Offered})
	}
	return b
}

type priceReportOutput struct{ Body priceReportBody }

type syncPricesInput struct{ Body *syncPricesBody }

type syncPricesBody struct {
	DryRun    bool     `json:"dryRun,omitempty"    doc:"say what would change, and change nothing"`
	Overwrite []string `json:"overwrite,omitempty" maxItems:"10000" doc:"models whose manual price gives way; * = all"`
}

func (a *API) syncPrices(ctx context.Context, in *syncPricesInput) (*priceReportOutput, error) {
	o := domain.PriceSync{By: callerOf(ctx).userID()}
	if in.Body != nil {
		o.DryRun, o.Overwrite = in.Body.DryRun, in.Body.Overwrite
	}
	r, err := a.Sync.Sync(ctx, o)
	if err != nil {
		return nil, err
	}
	return &priceReportOutput{Body: showReport(&r)}, nil
}

type importPricesInput struct {
	DryRun    bool     `query:"dryRun"    doc:"say what would change, and change nothing"`
	Overwrite []string `query:"overwrite" maxItems:"10000" doc:"models whose manual price may be replaced; * = all"`
	RawBody   []byte   `contentType:"application/octet-stream"`
}

func (a *API) importPrices(ctx context.Context, in *importPricesInput) (*priceReportOutput, error) {
	r, err := a.Sync.Import(ctx, in.RawBody, domain.PriceSync{
		DryRun: in.DryRun, Overwrite: in.Overwrite, By: callerOf(ctx).userID(),
	})
	if err != nil {
		return nil, err
	}
	return &priceReportOutput{Body: showReport(&r)}, nil
}

type exportPricesInput struct {
	Source string `query:"source" enum:"seed,cloud,manual" doc:"of these prices alone"`
}

type exportPricesOutput struct {
	Disposition string `header:"Content-Disposition"`
	Body        priceEntry
}

func (a *API) exportPrices(_ context.Context, in *exportPricesInput) (*exportPricesOutput, error) {
	var f pricing.Filter
	if in.Source != "" {
		f.Sources = []pricing.Source{pricing.Source(in.Source)}
	}
	data, err := a.prices().Export(f, a.Now())
	if err != nil {
		return nil, err
	}
	return &exportPricesOutput{Disposition: `attachment; filename="prices.json"`, Body: data}, nil
}

type conflictsInput struct {
	Page     int `query:"page"     minimum:"1" maximum:"100000" default:"1"`
	PageSize int `query:"pageSize" minimum:"1" maximum:"200"    default:"50"`
}

type conflictsOutput struct {
	Body struct {
		Items []conflictBody `json:"items"`
		Total int            `json:"total"`
	}
}

func (a *API) priceConflicts(_ context.Context, in *conflictsInput) (*conflictsOutput, error) {
	cloud, out := map[string][]byte{}, &conflictsOutput{}
	stored := a.Catalog.Current().Prices()
	for _, p := range stored {
		if p.Source == string(pricing.SourceCloud) {
			cloud[p.Model] = p.Data
		}
	}
	all := []conflictBody{}
	for _, p := range stored {
		other, both := cloud[p.Model]
		if both && p.Source == string(pricing.SourceManual) && string(other) != string(p.Data) {
			all = append(all, conflictBody{Name: p.Model, Manual: p.Data, Offered: other})
		}
	}
	start := min((in.Page-1)*in.PageSize, len(all))
	out.Body.Total, out.Body.Items = len(all), all[start:min(start+in.PageSize, len(all))]
	return out, nil
}

type heldOutput struct {
	Body struct {
		Items []heldBody `json:"items"`
	}
}

type heldBody struct {
	Name      string      `json:"name"`
	Reason    string      `json:"reason"`
	HeldAt    time.Time   `json:"heldAt"`
	InForce   *priceEntry `json:"inForce" doc:"null = it has no price"`
	Offered   *priceEntry `json:"offered" doc:"null = the price would end"`
	InForceBy *string     `json:"inForceSource" enum:"seed,cloud,manual"`
}

func (a *API) heldPrices(ctx context.Context, _ *struct{}) (*heldOutput, error) {
	holds, err := a.Sync.Held(ctx)
	if err != nil {
		return nil, err
	}
	out := &heldOutput{}
	out.Body.Items = []heldBody{}
	for _, h := range holds {
		b := heldBody{Name: h.Model, Reason: h.Reason, HeldAt: h.CreatedAt.UTC()}
		if len(h.Data) > 0 {
			b.Offered = new(priceEntry(h.Data))
		}
		if r := a.prices().Row(h.Model); r != nil {
			whole, err := a.showWhole(r)
			if err != nil {
				return nil, err
			}
			b.InForce, b.InForceBy = whole.Entry, new(whole.Source)
		}
		out.Body.Items = append(out.Body.Items, b)
	}
	return out, nil
}

type decidePricesInput struct {
	Body struct {
		Models  []string `json:"models"  minItems:"1" maxItems:"10000" doc:"* = all"`
		Approve bool     `json:"approve" doc:"false = turn them down; the same change is not proposed again"`
	}
}

type decidePricesOutput struct {
	Body struct {
		Decided int `json:"decided"`
	}
}

func (a *API) decidePrices(ctx context.Context, in *decidePricesInput) (*decidePricesOutput, error) {
	n, err := a.Sync.Decide(ctx, in.Body.Models, in.Body.Approve)
	if err != nil {
		return nil, err
	}
	out := &decidePricesOutput{}
	out.Body.Decided = n
	return out, nil
}

// inUse makes a model one that is listed when it has no price.
const inUse = 7 * 24 * time.Hour

type unpricedOutput struct {
	Body struct {
		Items []unpricedBody `json:"items"`
	}
}

type unpricedBody struct {
	Name     string    `json:"name"     doc:"as clients ask for it"`
	Sent     string    `json:"sent"     doc:"as it is sent to providers"`
	Requests int       `json:"requests" doc:"in seven days"`
	LastAt   time.Time `json:"lastAt"`
}

func (a *API) unpricedModels(ctx context.Context, _ *struct{}) (*unpricedOutput, error) {
	uses, err := a.Stores.Logs.ModelUses(ctx, a.Now().Add(-inUse))
	if err != nil {
		return nil, err
	}
	out, prices := &unpricedOutput{}, a.prices()
	out.Body.Items = []unpricedBody{}
	for _, u := range uses {
		if prices.Find(u.Requested) == nil && prices.Find(u.Sent) == nil {
			out.Body.Items = append(out.Body.Items, unpricedBody{
				Name: u.Requested, Sent: u.Sent, Requests: u.Requests, LastAt: u.LastAt.UTC(),
			})
		}
	}
	return out, nil
}
