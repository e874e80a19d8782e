package adminapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
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
		Summary: "Set the price of a model, from now on",
	}, a.putPrice)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "deleteModelPrice", Method: http.MethodDelete, Path: "/model-prices/{name}", Tags: tags,
		Summary: "End a price that was set; that of the built-in list holds again", DefaultStatus: http.StatusNoContent,
	}, a.deletePrice)
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
	Name        string     `json:"name"`
	DisplayName *string    `json:"displayName"`
	Vendor      *string    `json:"vendor"`
	Mode        *string    `json:"mode"`
	Source      string     `json:"source"    enum:"seed,cloud,manual"     doc:"seed = the built-in list, manual = set here"`
	PriceID     *int64     `json:"priceId"   doc:"null for the built-in list"`
	ValidFrom   *time.Time `json:"validFrom"`
	Entry       priceEntry `json:"entry"     doc:"what can be put back"`
}

func showPrice(r *pricing.Row) (priceBody, error) {
	entry, err := json.Marshal(r.Model)
	if err != nil {
		return priceBody{}, fmt.Errorf("encode the price of %s: %w", r.Model.ID, err)
	}
	b := priceBody{
		Name: r.Model.ID, DisplayName: optional(r.DisplayName), Vendor: optional(r.Vendor), Mode: optional(r.Mode),
		Source: string(r.Source), PriceID: optional(r.ID), Entry: entry,
	}
	if !r.ValidFrom.IsZero() {
		b.ValidFrom = new(r.ValidFrom.UTC())
	}
	return b, nil
}

type priceListInput struct {
	Query    string `query:"q"        maxLength:"200" doc:"part of the model's name or display name"`
	Vendor   string `query:"vendor"   maxLength:"64"`
	Mode     string `query:"mode"     maxLength:"64"`
	Source   string `query:"source"   enum:"seed,cloud,manual"`
	Page     int    `query:"page"     minimum:"1"     maximum:"100000" default:"1"`
	PageSize int    `query:"pageSize" minimum:"1"     maximum:"200"    default:"50"`
}

func (in *priceListInput) matches(r *pricing.Row) bool {
	q := strings.ToLower(in.Query)
	return (in.Vendor == "" || r.Vendor == in.Vendor) &&
		(in.Mode == "" || r.Mode == in.Mode) &&
		(in.Source == "" || string(r.Source) == in.Source) &&
		(strings.Contains(strings.ToLower(r.Model.ID), q) || strings.Contains(strings.ToLower(r.DisplayName), q))
}

type priceListOutput struct {
	Body struct {
		Items    []priceBody `json:"items"`
		Total    int         `json:"total"`
		Page     int         `json:"page"`
		PageSize int         `json:"pageSize"`
		SeedDate string      `json:"seedDate" doc:"of the figures in the built-in list, as 2006-01-02"`
	}
}

func (a *API) listPrices(_ context.Context, in *priceListInput) (*priceListOutput, error) {
	var match []*pricing.Row
	for _, r := range a.Prices.For(a.Catalog.Current()).Rows() {
		if in.matches(r) {
			match = append(match, r)
		}
	}
	out := &priceListOutput{}
	b := &out.Body
	b.Total, b.Page, b.PageSize, b.SeedDate = len(match), in.Page, in.PageSize, a.Prices.SeedDate()
	start := min((in.Page-1)*in.PageSize, len(match))
	b.Items = []priceBody{}
	for _, r := range match[start:min(start+in.PageSize, len(match))] {
		item, err := showPrice(r)
		if err != nil {
			return nil, err
		}
		b.Items = append(b.Items, item)
	}
	return out, nil
}

// PriceNameInput names a model in the path.
type PriceNameInput struct {
	Name string `path:"name" minLength:"1" maxLength:"200" doc:"model; a slash in it is written as %2F"`
}

type priceOutput struct{ Body priceBody }

func (a *API) getPrice(_ context.Context, in *PriceNameInput) (*priceOutput, error) {
	r := a.Prices.For(a.Catalog.Current()).Row(in.Name)
	if r == nil {
		return nil, domain.NotFound("price of", in.Name)
	}
	body, err := showPrice(r)
	return &priceOutput{Body: body}, err
}

type putPriceInput struct {
	PriceNameInput
	Body priceEntry
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
	data, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode the price of %s: %w", m.ID, err)
	}
	p, version, err := a.Stores.Prices.Put(ctx, domain.ModelPrice{
		Model: m.ID, Source: string(pricing.SourceManual), Vendor: m.Vendor, Mode: m.Mode, Data: data,
		CreatedBy: callerOf(ctx).userID(),
	})
	if err != nil {
		return nil, err
	}
	a.settled(ctx, version)
	body, err := showPrice(&pricing.Row{ID: p.ID, Source: pricing.SourceManual, ValidFrom: p.ValidFrom, Model: m})
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
