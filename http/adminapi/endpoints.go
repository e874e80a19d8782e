package adminapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

func (a *API) declareEndpoints() {
	tags := []string{"Vendors and endpoints"}
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "listEndpoints", Method: http.MethodGet, Path: "/provider-vendors/{id}/endpoints", Tags: tags,
		Summary: "List a vendor's endpoints",
	}, a.listEndpoints)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "createEndpoint", Method: http.MethodPost, Path: "/provider-vendors/{id}/endpoints", Tags: tags,
		Summary: "Add an endpoint to a vendor", DefaultStatus: http.StatusCreated,
	}, a.createEndpoint)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "updateEndpoint", Method: http.MethodPatch, Path: "/provider-endpoints/{id}", Tags: tags, Summary: "Change an endpoint",
	}, a.updateEndpoint)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "deleteEndpoint", Method: http.MethodDelete, Path: "/provider-endpoints/{id}", Tags: tags,
		Summary: "Delete an endpoint", DefaultStatus: http.StatusNoContent,
	}, a.deleteEndpoint)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "probeEndpoint", Method: http.MethodPost, Path: "/provider-endpoints/{id}/probe", Tags: tags,
		Summary: "Find out whether an endpoint can be reached; its rank depends on it",
	}, a.probeEndpoint)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "listProbes", Method: http.MethodGet, Path: "/provider-endpoints/{id}/probe-logs", Tags: tags,
		Summary: "Probes of an endpoint, newest first",
	}, a.listProbes)
	a.declareEndpointBreakers(tags)
}

type endpointBody struct {
	ID        int64              `json:"id"`
	Version   int                `json:"version"`
	VendorID  int64              `json:"vendorId"`
	Type      string             `json:"type"`
	URL       string             `json:"url"`
	Label     *string            `json:"label"`
	SortOrder int                `json:"sortOrder"`
	IsEnabled bool               `json:"isEnabled"`
	LastProbe *probeBody         `json:"lastProbe" doc:"null = never probed"`
	Breaker   endpointHealthBody `json:"breaker"`
}

type probeBody struct {
	ID        *string   `json:"id"`
	At        time.Time `json:"at"`
	Source    string    `json:"source,omitempty" enum:"scheduled,manual,runtime"`
	OK        bool      `json:"ok"`
	Status    *int      `json:"status"`
	LatencyMs *int64    `json:"latencyMs"`
	ErrorType *string   `json:"errorType"`
	Error     *string   `json:"error"`
}

func showProbe(p *domain.EndpointProbe) probeBody {
	b := probeBody{
		At: p.At.UTC(), Source: string(p.Source), OK: p.OK, Status: optional(p.Status),
		LatencyMs: optional(p.Latency.Milliseconds()), ErrorType: optional(p.ErrorType), Error: optional(p.Error),
	}
	if p.ID != 0 {
		b.ID = new(strconv.FormatInt(p.ID, 10))
	}
	return b
}

func (a *API) showEndpoint(e *domain.Endpoint) endpointBody {
	b := endpointBody{
		ID: int64(e.ID), Version: e.Version, VendorID: int64(e.VendorID), Type: string(e.Type), URL: e.URL,
		Label: optional(e.Label), SortOrder: e.SortOrder, IsEnabled: e.Enabled, Breaker: a.endpointHealth(e),
	}
	if !e.Probe.At.IsZero() {
		b.LastProbe = new(showProbe(&e.Probe))
	}
	return b
}

// EndpointFields are what can be said about an endpoint beside type and URL.
type EndpointFields struct {
	Label     field[string] `json:"label,omitzero"     maxLength:"200"`
	SortOrder field[int]    `json:"sortOrder,omitzero" minimum:"-1000000" maximum:"1000000" doc:"smaller first"`
	IsEnabled field[bool]   `json:"isEnabled,omitzero"`
}

func (f *EndpointFields) apply(e *domain.Endpoint) {
	f.Label.to(&e.Label, "")
	f.SortOrder.to(&e.SortOrder, 0)
	f.IsEnabled.to(&e.Enabled, true)
}

type endpointListInput struct {
	VendorIDInput
	PageInput
	Type string `query:"type" enum:"claude,claude-auth,codex,openai-compatible,gemini,gemini-cli"`
}

func (a *API) listEndpoints(ctx context.Context, in *endpointListInput) (*listOutput[endpointBody], error) {
	if _, err := a.Stores.Vendors.Get(ctx, domain.VendorID(in.ID)); err != nil {
		return nil, err
	}
	all, err := a.Stores.Endpoints.List(ctx)
	if err != nil {
		return nil, err
	}
	var match []domain.Endpoint
	for _, e := range all {
		if int64(e.VendorID) == in.ID && (in.Type == "" || in.Type == string(e.Type)) {
			match = append(match, e)
		}
	}
	return pageOf(match, in.PageInput, false, func(e *domain.Endpoint) string { return idKey(e.ID) }, a.showEndpoint)
}

type createEndpointInput struct {
	VendorIDInput
	Body struct {
		Type string `json:"type" enum:"claude,claude-auth,codex,openai-compatible,gemini,gemini-cli"`
		URL  string `json:"url"  minLength:"1" maxLength:"255" doc:"base URL on a host of the vendor's domain"`
		EndpointFields
	}
}

func (a *API) createEndpoint(ctx context.Context, in *createEndpointInput) (*output[endpointBody], error) {
	vendor, err := a.Stores.Vendors.Get(ctx, domain.VendorID(in.ID))
	if err != nil {
		return nil, err
	}
	e := domain.Endpoint{VendorID: vendor.ID, Type: domain.ProviderType(in.Body.Type), URL: in.Body.URL, Enabled: true}
	in.Body.apply(&e)
	if err := checkEndpointURL(&e, &vendor); err != nil {
		return nil, err
	}
	created, version, err := a.Stores.Endpoints.Create(ctx, e)
	if err != nil {
		return nil, taken(err, "url")
	}
	a.settled(ctx, version)
	return &output[endpointBody]{ETag: etag(created.Version), Body: a.showEndpoint(&created)}, nil
}

// checkEndpointURL keeps endpoints on the vendor's own hosts: the credentials of
// its providers are sent there.
func checkEndpointURL(e *domain.Endpoint, v *domain.Vendor) error {
	var wrong faults
	wrong.checkURL(&e.URL)
	if len(wrong) == 0 && !within(e.URL, v.Domain) {
		wrong.add("not_allowed", "is not on a host of "+v.Domain+", to which the keys of its providers may go", "url")
	}
	return wrong.err()
}

// EndpointIDInput names an endpoint in the path.
type EndpointIDInput struct {
	ID int64 `path:"id" minimum:"1"`
}

type updateEndpointInput struct {
	EndpointIDInput
	VersionInput
	Body struct {
		URL field[string] `json:"url,omitzero" minLength:"1" maxLength:"255"`
		EndpointFields
	}
}

func (a *API) updateEndpoint(ctx context.Context, in *updateEndpointInput) (*output[endpointBody], error) {
	e := edit[domain.EndpointID, domain.Endpoint, endpointBody]{
		repo:    a.Stores.Endpoints,
		version: func(e *domain.Endpoint) int { return e.Version },
		show:    a.showEndpoint,
		apply: func(ctx context.Context, e *domain.Endpoint) error {
			in.Body.apply(e)
			if !in.Body.URL.given() {
				return nil
			}
			vendor, err := a.Stores.Vendors.Get(ctx, e.VendorID)
			if err != nil {
				return err
			}
			e.URL = in.Body.URL.value
			return checkEndpointURL(e, &vendor)
		},
	}
	out, err := e.run(ctx, a, domain.EndpointID(in.ID), in.VersionInput)
	return out, taken(err, "url")
}

type deleteEndpointInput struct {
	EndpointIDInput
	VersionInput
}

func (a *API) deleteEndpoint(ctx context.Context, in *deleteEndpointInput) (*struct{}, error) {
	return remove(ctx, a, a.Stores.Endpoints, domain.EndpointID(in.ID), in.VersionInput)
}

type probeOutput struct{ Body probeBody }

func (a *API) probeEndpoint(ctx context.Context, in *EndpointIDInput) (*probeOutput, error) {
	e, err := a.Stores.Endpoints.Get(ctx, domain.EndpointID(in.ID))
	if err != nil {
		return nil, err
	}
	p := a.Probe(ctx, e.URL)
	p.Endpoint, p.Source, p.At = e.ID, domain.ProbeManual, a.Now()
	version, err := a.Stores.Endpoints.Probed(ctx, p)
	if err != nil {
		return nil, err
	}
	a.Actors.EndpointProbed(&protocol.EndpointProbed{Pool: e.Pool(), Endpoint: e.ID, OK: p.OK, Message: p.Error[:min(len(p.Error), 300)]})
	a.settled(ctx, version)
	return &probeOutput{Body: showProbe(&p)}, nil
}

type probeListInput struct {
	EndpointIDInput
	PageInput
}

func (a *API) listProbes(ctx context.Context, in *probeListInput) (*listOutput[probeBody], error) {
	if _, err := a.Stores.Endpoints.Get(ctx, domain.EndpointID(in.ID)); err != nil {
		return nil, err
	}
	before := int64(0)
	if in.Cursor != "" {
		position, err := in.position()
		if err != nil {
			return nil, err
		}
		if before, err = strconv.ParseInt(position, 10, 64); err != nil {
			return nil, invalidCursor()
		}
	}
	probes, err := a.Stores.Endpoints.Probes(ctx, domain.EndpointID(in.ID), before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	position := func(p *domain.EndpointProbe) string { return strconv.FormatInt(p.ID, 10) }
	return keysetPage(probes, in.Limit, position, showProbe), nil
}
