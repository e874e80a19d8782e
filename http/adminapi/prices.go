package adminapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

func (a *API) declarePrices() {
	tags := []string{"Model prices"}
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "listModelPrices", Method: http.MethodGet, Path: "/model-prices", Tags: tags,
		Summary: "List the prices in force, by model",
	}, a.listPrices)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "getModelPrice", Method: http.MethodGet, Path: "/model-prices/{name}", Tags: tags,
		Summary: "Read the price in force of a model",
	}, a.getPrice)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "putModelPrice", Method: http.MethodPut, Path: "/model-prices/{name}", Tags: tags,
		Summary: "Set the price of a model, from now on or for a time",
	}, a.putPrice)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "deleteModelPrice", Method: http.MethodDelete, Path: "/model-prices/{name}", Tags: tags,
		Summary: "End a price that was set, and those to come; that of the lists holds again", DefaultStatus: http.StatusNoContent,
	}, a.deletePrice)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "pinModelPrice", Method: http.MethodPost, Path: "/model-prices/{name}/pin", Tags: tags,
		Summary: "Make the price in force, or what one seller asks, a manual price",
	}, a.pinPrice)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "modelPriceHistory", Method: http.MethodGet, Path: "/model-prices/{name}/history", Tags: tags,
		Summary: "List the prices that a model had or will have, the newest first",
	}, a.priceHistory)
}

// priceEntry is a model's entry of a price list as it stands: figures keep
// every digit that was written.
type priceEntry json.RawMessage

// UnmarshalJSON keeps the text.
func (e *priceEntry) UnmarshalJSON(b []byte) error { return (*json.RawMessage)(e).UnmarshalJSON(b) }

// MarshalJSON gives the text back.
func (e priceEntry) MarshalJSON() ([]byte, error) { return json.RawMessage(e).MarshalJSON() }

// Schema documents the format.
func (priceEntry) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: true,
		Description: "An entry of an ai-price-table/v1 list: vendor, mode, rates (USD per million tokens), tiers, " +
			"service_tiers, multipliers, fees (USD per unit). Figures are decimal strings or numbers.",
		Examples: []any{map[string]any{
			"vendor": "acme", "mode": "chat", "rates": map[string]any{"input": "3", "output": "15", "cache_read": "0.3"},
		}},
	}
}

type priceBody struct {
	Name        string      `json:"name"`
	DisplayName *string     `json:"displayName"`
	Vendor      *string     `json:"vendor"`
	Mode        *string     `json:"mode"`
	Source      string      `json:"source"      enum:"seed,cloud,manual"     doc:"seed = the built-in list, cloud = synced, manual = set here"`
	PriceID     *int64      `json:"priceId"     doc:"what bills are worked out again by"`
	ValidFrom   *time.Time  `json:"validFrom"`
	ValidTo     *time.Time  `json:"validTo"     doc:"exclusive; null = for good"`
	Context     *int64      `json:"contextTokens"`
	Rates       ratesBody   `json:"rates"       doc:"USD per million tokens, for short prompts, where the seller is not known"`
	Node        *string     `json:"node"        doc:"the seller whose rates these are; null = the model's own"`
	Sellers     []string    `json:"sellers"     doc:"their keys"`
	Tiers       int         `json:"tiers"       doc:"how many steps by length there are"`
	Aliases     []string    `json:"aliases"`
	Entry       *priceEntry `json:"entry,omitempty" doc:"what can be put back; not in lists"`
}

// ratesBody are decimal strings; null = not listed, which is not free.
type ratesBody struct {
	Input        *string `json:"input"`
	Output       *string `json:"output"`
	CacheRead    *string `json:"cacheRead"`
	CacheWrite5m *string `json:"cacheWrite5m"`
	CacheWrite1h *string `json:"cacheWrite1h"`
}

func showRates(r *pricing.Rates) ratesBody {
	text := func(b pricing.Bucket) *string {
		if !r[b].Valid {
			return nil
		}
		return new(r[b].Decimal.String())
	}
	return ratesBody{
		Input: text(pricing.Input), Output: text(pricing.Output), CacheRead: text(pricing.CacheRead),
		CacheWrite5m: text(pricing.CacheWrite5m), CacheWrite1h: text(pricing.CacheWrite1h),
	}
}

func showPrice(r *pricing.Row, p *pricing.Price) priceBody {
	b := priceBody{
		Name: r.Model.ID, DisplayName: optional(r.DisplayName), Vendor: optional(r.Vendor), Mode: optional(r.Mode),
		Source: string(r.Source), PriceID: optional(r.ID), Context: optional(r.ContextTokens), Rates: showRates(&p.Sheet().Rates), Node: optional(p.Node),
		Sellers: slices.Sorted(maps.Keys(r.Nodes)), Tiers: len(p.Sheet().Tiers), Aliases: list(r.Aliases),
	}
	b.Sellers = list(b.Sellers)
	if !r.ValidFrom.IsZero() {
		b.ValidFrom = new(r.ValidFrom.UTC())
	}
	b.ValidTo = optionalTime(r.ValidTo)
	return b
}

// showWhole shows a price with its entry.
func (a *API) showWhole(r *pricing.Row) (priceBody, error) {
	entry, err := json.Marshal(r.Model)
	if err != nil {
		return priceBody{}, fmt.Errorf("encode the price of %s: %w", r.Model.ID, err)
	}
	b := showPrice(r, a.prices().PriceOf(r))
	b.Entry = new(priceEntry(entry))
	return b, nil
}

// prices are those by which the next request is billed.
func (a *API) prices() *pricing.List { return a.Prices.For(a.Catalog.Current()).At(a.Now()) }

type priceListInput struct {
	Query    string `query:"q"        maxLength:"200" doc:"part of the model's name or display name"`
	Vendor   string `query:"vendor"   maxLength:"64"`
	Mode     string `query:"mode"     maxLength:"64"`
	Source   string `query:"source"   enum:"seed,cloud,manual"`
	InUse    bool   `query:"inUse"    doc:"only models that requests of the last seven days were billed by"`
	Sort     string `query:"sort"     enum:"updated,name,input,output" default:"updated"`
	Order    string `query:"order"    enum:"asc,desc" doc:"newest first and else ascending, unless given"`
	Page     int    `query:"page"     minimum:"1"     maximum:"100000" default:"1"`
	PageSize int    `query:"pageSize" minimum:"1"     maximum:"200"    default:"50"`
}

func (in *priceListInput) filter() pricing.Filter {
	f := pricing.Filter{Query: in.Query, Vendor: in.Vendor, Mode: in.Mode, Sort: pricing.SortKey(in.Sort)}
	f.Reverse = in.Order == "desc" || in.Order == "" && f.Sort == pricing.SortUpdated
	if in.Source != "" {
		f.Sources = []pricing.Source{pricing.Source(in.Source)}
	}
	return f
}

type priceListOutput struct {
	Body struct {
		Items    []priceBody       `json:"items"`
		Total    int               `json:"total"`
		Page     int               `json:"page"`
		PageSize int               `json:"pageSize"`
		SeedDate string            `json:"seedDate" doc:"of the figures in the built-in list, as 2006-01-02"`
		Vendors  []priceVendorBody `json:"vendors" doc:"of all models with a price, those with most first"`
	}
}

// priceVendorBody counts the models of a vendor.
type priceVendorBody struct {
	Vendor string `json:"vendor"`
	Models int    `json:"models"`
}

func (a *API) listPrices(ctx context.Context, in *priceListInput) (*priceListOutput, error) {
	prices := a.prices()
	match := prices.Entries(in.filter())
	if in.InUse {
		used, err := a.usedPrices(ctx, prices)
		if err != nil {
			return nil, err
		}
		match = slices.DeleteFunc(match, func(e *pricing.Entry) bool { return !used[e.Row] })
	}
	out := &priceListOutput{}
	out.Body.Vendors = priceVendors(prices)
	b := &out.Body
	b.Total, b.Page, b.PageSize, b.SeedDate = len(match), in.Page, in.PageSize, a.Prices.SeedDate()
	start := min((in.Page-1)*in.PageSize, len(match))
	b.Items = []priceBody{}
	for _, e := range match[start:min(start+in.PageSize, len(match))] {
		b.Items = append(b.Items, showPrice(e.Row, e.Price))
	}
	return out, nil
}

// usedPrices are the rows by which models in use are billed.
func (a *API) usedPrices(ctx context.Context, prices *pricing.List) (map[*pricing.Row]bool, error) {
	uses, err := a.Stores.Logs.ModelUses(ctx, a.Now().Add(-inUse))
	if err != nil {
		return nil, err
	}
	used := make(map[*pricing.Row]bool, len(uses))
	for _, u := range uses {
		for _, name := range []string{u.Requested, u.Sent} {
			if r := prices.Find(name); r != nil {
				used[r] = true
			}
		}
	}
	return used, nil
}

func priceVendors(prices *pricing.List) []priceVendorBody {
	counts := map[string]int{}
	for _, r := range prices.Rows() {
		if r.Vendor != "" {
			counts[r.Vendor]++
		}
	}
	out := make([]priceVendorBody, 0, len(counts))
	for vendor, n := range counts {
		out = append(out, priceVendorBody{Vendor: vendor, Models: n})
	}
	slices.SortFunc(out, func(a, b priceVendorBody) int {
		return cmp.Or(cmp.Compare(b.Models, a.Models), strings.Compare(a.Vendor, b.Vendor))
	})
	return out
}

// PriceNameInput names a model in the path.
type PriceNameInput struct {
	Name string `path:"name" minLength:"1" maxLength:"200" doc:"model; a slash in it is written as %2F"`
}

type priceOutput struct{ Body priceBody }

func (a *API) getPrice(_ context.Context, in *PriceNameInput) (*priceOutput, error) {
	r := a.prices().Row(in.Name)
	if r == nil {
		return nil, domain.NotFound("price of", in.Name)
	}
	body, err := a.showWhole(r)
	return &priceOutput{Body: body}, err
}

type putPriceInput struct {
	PriceNameInput
	ValidFrom time.Time `query:"validFrom" doc:"when it comes into force; left out or past: now. It takes the place of all that was set for later"`
	ValidTo   time.Time `query:"validTo"   doc:"when it ends, exclusive: then that of the lists holds again; left out: never"`
	Body      priceEntry
}

// span is when the price is to hold.
func (in *putPriceInput) span(now time.Time) (from, to time.Time, err error) {
	if from, to = in.ValidFrom, in.ValidTo; !to.IsZero() && (!to.After(from) || !to.After(now)) {
		return from, to, problem.Invalid(problem.InvalidParam{Path: []any{"validTo"}, Code: "too_small", Message: "must be later than now and than validFrom"})
	}
	return from, to, nil
}

func (a *API) putPrice(ctx context.Context, in *putPriceInput) (*priceOutput, error) {
	m, err := pricing.ParseModel(in.Name, in.Body)
	if errors.Is(err, pricing.ErrModel) {
		return nil, problem.Invalid(problem.InvalidParam{
			Path: []any{}, Code: "invalid_format", Message: strings.ReplaceAll(err.Error(), "\n", "; "),
		})
	}
	if err != nil {
		return nil, err
	}
	from, to, err := in.span(a.Now())
	if err != nil {
		return nil, err
	}
	return a.setPrice(ctx, m, from, to)
}

// setPrice puts a manual price into force, now or when it is time.
func (a *API) setPrice(ctx context.Context, m *pricing.Model, from, to time.Time) (*priceOutput, error) {
	data, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode the price of %s: %w", m.ID, err)
	}
	p, version, err := a.Stores.Prices.Put(ctx, domain.ModelPrice{
		Model: m.ID, Source: string(pricing.SourceManual), Vendor: m.Vendor, Mode: m.Mode, Data: data,
		CreatedBy: callerOf(ctx).userID(), ValidFrom: from, ValidTo: to,
	})
	if err != nil {
		return nil, err
	}
	a.settled(ctx, version)
	body, err := a.showWhole(&pricing.Row{ID: p.ID, Source: pricing.SourceManual, ValidFrom: p.ValidFrom, ValidTo: p.ValidTo, Model: m})
	return &priceOutput{Body: body}, err
}

func (a *API) deletePrice(ctx context.Context, in *PriceNameInput) (*struct{}, error) {
	version, err := a.Stores.Prices.End(ctx, in.Name, string(pricing.SourceManual))
	if err != nil {
		return nil, err
	}
	a.settled(ctx, version)
	return nil, nil
}

type pinPriceInput struct {
	PriceNameInput
	Body struct {
		Node string `json:"node,omitempty" maxLength:"100" doc:"whose rates become the model's; empty = the whole entry as it is"`
	}
}

// pinPrice makes the price in force, or what one seller asks, a manual one, which
// no sync changes.
func (a *API) pinPrice(ctx context.Context, in *pinPriceInput) (*priceOutput, error) {
	r := a.prices().Row(in.Name)
	if r == nil {
		return nil, domain.NotFound("price of", in.Name)
	}
	pinned := *r.Model
	if in.Body.Node != "" {
		n := r.Nodes[in.Body.Node]
		if n == nil {
			return nil, problem.Invalid(problem.InvalidParam{
				Path: []any{"node"}, Code: "invalid_choice", Message: "is not one of " + strings.Join(slices.Sorted(maps.Keys(r.Nodes)), ", "),
			})
		}
		pinned.Sheet, pinned.Nodes = n.Sheet, nil
	}
	return a.setPrice(ctx, &pinned, time.Time{}, time.Time{})
}

type priceHistoryOutput struct {
	Body struct {
		Items []priceRowBody `json:"items"`
	}
}

// priceRowBody is one row of the history of a model's prices.
type priceRowBody struct {
	PriceID   int64      `json:"priceId"`
	Source    string     `json:"source"    enum:"seed,cloud,manual"`
	ValidFrom time.Time  `json:"validFrom"`
	ValidTo   *time.Time `json:"validTo"   doc:"exclusive; null = for good; validFrom itself = never in force, it was replaced before"`
	CreatedBy *int64     `json:"createdBy" doc:"user; null = the administrator's token, or a sync"`
	Entry     priceEntry `json:"entry"`
}

// maxHistory is how much of a model's history is shown.
const maxHistory = 200

func (a *API) priceHistory(ctx context.Context, in *PriceNameInput) (*priceHistoryOutput, error) {
	rows, err := a.Stores.Prices.History(ctx, in.Name, maxHistory)
	if err != nil {
		return nil, err
	}
	out := &priceHistoryOutput{}
	out.Body.Items = make([]priceRowBody, len(rows))
	for i, r := range rows {
		row := priceRowBody{
			PriceID: r.ID, Source: r.Source, ValidFrom: r.ValidFrom.UTC(), CreatedBy: optional(int64(r.CreatedBy)), Entry: priceEntry(r.Data),
		}
		if !r.ValidTo.IsZero() {
			row.ValidTo = new(r.ValidTo.UTC())
		}
		out.Body.Items[i] = row
	}
	return out, nil
}
