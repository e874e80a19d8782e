package adminapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/filter"
)

func (a *API) declareRequestFilters() {
	tags := []string{"Request filters"}
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "listRequestFilters", Method: http.MethodGet, Path: "/request-filters", Tags: tags, Summary: "List request filters",
	}, a.listRequestFilters)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "createRequestFilter", Method: http.MethodPost, Path: "/request-filters", Tags: tags,
		Summary:       "Create a request filter",
		Description:   "It changes requests before they are sent to a provider, beginning with the next one. A filter that cannot do its work on a request leaves it as it is.",
		DefaultStatus: http.StatusCreated,
	}, a.createRequestFilter)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "testRequestFilter", Method: http.MethodPost, Path: "/request-filters/test", Tags: tags,
		Summary: "Show what a filter would make of a request; nothing is stored or sent",
	}, a.testRequestFilter)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "getRequestFilter", Method: http.MethodGet, Path: "/request-filters/{id}", Tags: tags, Summary: "Read a request filter",
	}, a.getRequestFilter)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "updateRequestFilter", Method: http.MethodPatch, Path: "/request-filters/{id}", Tags: tags, Summary: "Change a request filter",
	}, a.updateRequestFilter)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "deleteRequestFilter", Method: http.MethodDelete, Path: "/request-filters/{id}", Tags: tags,
		Summary: "Delete a request filter", DefaultStatus: http.StatusNoContent,
	}, a.deleteRequestFilter)
}

type requestFilterBody struct {
	ID          int64                    `json:"id"`
	Version     int                      `json:"version"`
	Name        string                   `json:"name"`
	IsEnabled   bool                     `json:"isEnabled"`
	Priority    int                      `json:"priority"`
	Binding     string                   `json:"binding"     enum:"global,providers,groups"`
	ProviderIDs []domain.ProviderID      `json:"providerIds"`
	GroupIDs    []domain.GroupID         `json:"groupIds"`
	Phase       string                   `json:"phase"       enum:"guard,final"`
	Mode        string                   `json:"mode"        enum:"simple,advanced"`
	Scope       *string                  `json:"scope"       enum:"header,body"`
	Action      *string                  `json:"action"      enum:"remove,set,json_path,text_replace"`
	MatchType   *string                  `json:"matchType"   enum:"contains,exact,regex"`
	Target      *string                  `json:"target"`
	Replacement json.RawMessage          `json:"replacement" doc:"a JSON value; null also where there is none"`
	Operations  []domain.FilterOperation `json:"operations"`
	CreatedAt   time.Time                `json:"createdAt"`
	UpdatedAt   time.Time                `json:"updatedAt"`
}

func showRequestFilter(f *domain.RequestFilter) requestFilterBody {
	b := requestFilterBody{
		ID: int64(f.ID), Version: f.Version, Name: f.Name, IsEnabled: f.Enabled, Priority: f.Priority, Binding: string(f.Binding),
		ProviderIDs: list(f.Providers), GroupIDs: list(f.Groups), Phase: string(f.Phase), Mode: string(f.Mode),
		Scope: optional(string(f.Scope)), Action: optional(string(f.Action)), MatchType: optional(string(f.MatchType)),
		Target: optional(f.Target), Replacement: f.Replacement, Operations: list(f.Operations),
		CreatedAt: f.CreatedAt.UTC(), UpdatedAt: f.UpdatedAt.UTC(),
	}
	if len(b.Replacement) == 0 {
		b.Replacement = json.RawMessage("null")
	}
	return b
}

// RequestFilterFields are what can be said about a filter beside its name.
type RequestFilterFields struct {
	IsEnabled   field[bool]                     `json:"isEnabled,omitzero"`
	Priority    field[int]                      `json:"priority,omitzero"    minimum:"-1000000" maximum:"1000000" doc:"the smallest goes first"`
	Binding     field[string]                   `json:"binding,omitzero"     enum:"global,providers,groups" doc:"default global"`
	ProviderIDs field[[]domain.ProviderID]      `json:"providerIds,omitzero" maxItems:"500" doc:"for the binding providers"`
	GroupIDs    field[[]domain.GroupID]         `json:"groupIds,omitzero"    maxItems:"100" doc:"for the binding groups: requests to a provider in one of them"`
	Phase       field[string]                   `json:"phase,omitzero"       enum:"guard,final" doc:"guard = what the client sent (default); final = what is about to be sent, in the provider's format"`
	Mode        field[string]                   `json:"mode,omitzero"        enum:"simple,advanced" doc:"default simple"`
	Scope       field[string]                   `json:"scope,omitzero"       enum:"header,body" doc:"simple filters"`
	Action      field[string]                   `json:"action,omitzero"      enum:"remove,set,json_path,text_replace" doc:"simple filters: remove and set for headers, json_path and text_replace for bodies"`
	MatchType   field[string]                   `json:"matchType,omitzero"   enum:"contains,exact,regex" doc:"text_replace; regex is RE2"`
	Target      field[string]                   `json:"target,omitzero"      maxLength:"500" doc:"a header's name, a path like a.b[0].c, or the text to find"`
	Replacement field[json.RawMessage]          `json:"replacement,omitzero" doc:"a JSON value for json_path, else a string"`
	Operations  field[[]domain.FilterOperation] `json:"operations,omitzero"  maxItems:"50" doc:"advanced filters: set, remove, merge and insert, one after the other"`
}

// apply changes f; its parts must fit together afterwards, see checkRequestFilter.
func (in *RequestFilterFields) apply(f *domain.RequestFilter) {
	in.IsEnabled.to(&f.Enabled, true)
	in.Priority.to(&f.Priority, 0)
	named(in.Binding, &f.Binding, domain.FilterGlobal)
	in.ProviderIDs.to(&f.Providers, nil)
	in.GroupIDs.to(&f.Groups, nil)
	named(in.Phase, &f.Phase, domain.FilterGuard)
	named(in.Mode, &f.Mode, domain.FilterSimple)
	named(in.Scope, &f.Scope, "")
	named(in.Action, &f.Action, "")
	named(in.MatchType, &f.MatchType, "")
	in.Target.to(&f.Target, "")
	in.Operations.to(&f.Operations, nil)
	switch {
	case in.Replacement.null && f.Action == domain.FilterJSONPath:
		f.Replacement = json.RawMessage("null") // a value like any other
	default:
		in.Replacement.to(&f.Replacement, nil)
	}
}

// check tells what is wrong with a filter as it would be stored. Providers and
// groups are looked for only where they are named: they may go later.
func (in *RequestFilterFields) check(f *domain.RequestFilter, c *domain.Catalog) error {
	var wrong faults
	for _, fault := range filter.Check(f) {
		wrong.add(fault.Code, fault.Message, fault.Path...)
	}
	if in.ProviderIDs.set {
		for i, id := range f.Providers {
			if c.Provider(id) == nil {
				wrong.add("not_found", "is no provider", "providerIds", i)
			}
		}
	}
	if in.GroupIDs.set {
		for i, id := range f.Groups {
			if c.GroupByID(id) == nil {
				wrong.add("not_found", "is no group", "groupIds", i)
			}
		}
	}
	return wrong.err()
}

func (a *API) listRequestFilters(ctx context.Context, in *PageInput) (*listOutput[requestFilterBody], error) {
	filters, err := a.Stores.RequestFilters.List(ctx)
	if err != nil {
		return nil, err
	}
	return pageOf(filters, *in, false, func(f *domain.RequestFilter) string { return idKey(f.ID) }, showRequestFilter)
}

// newRequestFilter has the defaults of a filter about which nothing is said.
func newRequestFilter() domain.RequestFilter {
	return domain.RequestFilter{Enabled: true, Binding: domain.FilterGlobal, Phase: domain.FilterGuard, Mode: domain.FilterSimple}
}

type createRequestFilterInput struct {
	Body struct {
		Name string `json:"name" maxLength:"100" pattern:"\\S" patternDescription:"a text that is not blank"`
		RequestFilterFields
	}
}

func (a *API) createRequestFilter(ctx context.Context, in *createRequestFilterInput) (*output[requestFilterBody], error) {
	f := newRequestFilter()
	f.Name = strings.TrimSpace(in.Body.Name)
	in.Body.apply(&f)
	if err := in.Body.check(&f, a.Catalog.Current()); err != nil {
		return nil, err
	}
	created, version, err := a.Stores.RequestFilters.Create(ctx, f)
	if err != nil {
		return nil, err
	}
	a.settled(ctx, version)
	return &output[requestFilterBody]{ETag: etag(created.Version), Body: showRequestFilter(&created)}, nil
}

// RequestFilterIDInput names a filter in the path.
type RequestFilterIDInput struct {
	ID int64 `path:"id" minimum:"1"`
}

func (a *API) getRequestFilter(ctx context.Context, in *RequestFilterIDInput) (*output[requestFilterBody], error) {
	f, err := a.Stores.RequestFilters.Get(ctx, domain.RequestFilterID(in.ID))
	if err != nil {
		return nil, err
	}
	return &output[requestFilterBody]{ETag: etag(f.Version), Body: showRequestFilter(&f)}, nil
}

type updateRequestFilterInput struct {
	RequestFilterIDInput
	VersionInput
	Body struct {
		Name field[string] `json:"name,omitzero" minLength:"1" maxLength:"100"`
		RequestFilterFields
	}
}

func (a *API) updateRequestFilter(ctx context.Context, in *updateRequestFilterInput) (*output[requestFilterBody], error) {
	e := edit[domain.RequestFilterID, domain.RequestFilter, requestFilterBody]{
		repo:    a.Stores.RequestFilters,
		version: func(f *domain.RequestFilter) int { return f.Version },
		show:    showRequestFilter,
		apply: func(_ context.Context, f *domain.RequestFilter) error {
			if in.Body.Name.set {
				f.Name = strings.TrimSpace(in.Body.Name.value)
			}
			in.Body.apply(f)
			return in.Body.check(f, a.Catalog.Current())
		},
	}
	return e.run(ctx, a, domain.RequestFilterID(in.ID), in.VersionInput)
}

type deleteRequestFilterInput struct {
	RequestFilterIDInput
	VersionInput
}

func (a *API) deleteRequestFilter(ctx context.Context, in *deleteRequestFilterInput) (*struct{}, error) {
	return remove(ctx, a, a.Stores.RequestFilters, domain.RequestFilterID(in.ID), in.VersionInput)
}

type testRequestFilterInput struct {
	Body struct {
		Filter  RequestFilterFields `json:"filter"`
		Body    json.RawMessage     `json:"body,omitempty"    doc:"a JSON object"`
		Headers map[string]string   `json:"headers,omitempty"`
	}
}

type testRequestFilterOutput struct {
	Body struct {
		Body    json.RawMessage   `json:"body"`
		Headers map[string]string `json:"headers"`
		Changed bool              `json:"changed"`
		Failed  bool              `json:"failed"  doc:"it could not do its work on the body and would be left out"`
	}
}

func (*API) testRequestFilter(_ context.Context, in *testRequestFilterInput) (*testRequestFilterOutput, error) {
	f := newRequestFilter()
	f.Name = "test"
	in.Body.Filter.apply(&f)
	f.Enabled, f.Binding, f.Providers, f.Groups, f.Phase = true, domain.FilterGlobal, nil, nil, domain.FilterGuard
	var wrong faults
	for _, fault := range filter.Check(&f) {
		wrong.add(fault.Code, fault.Message, slices.Concat([]any{"filter"}, fault.Path)...)
	}
	doc := "{}"
	if len(in.Body.Body) > 0 {
		doc = string(in.Body.Body)
	}
	if !strings.HasPrefix(strings.TrimSpace(doc), "{") {
		wrong.add("invalid_type", "is a JSON object", "body")
	}
	if err := wrong.err(); err != nil {
		return nil, err
	}
	header := make(map[string][]string, len(in.Body.Headers))
	for name, value := range in.Body.Headers {
		header[textproto.CanonicalMIMEHeaderKey(name)] = []string{value}
	}
	chain := filter.Compile(domain.NewCatalog(domain.Configuration{Filters: []*domain.RequestFilter{&f}})).Global()
	doc, report := chain.Body(doc)
	header, headers := chain.Header(header)
	report.Note(headers)
	out := &testRequestFilterOutput{}
	out.Body.Body, out.Body.Headers = json.RawMessage(doc), make(map[string]string, len(header))
	for name, values := range header {
		out.Body.Headers[name] = strings.Join(values, ", ")
	}
	out.Body.Changed, out.Body.Failed = len(report.Applied) > 0, len(report.Failed) > 0
	return out, nil
}
