package adminapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

func (a *API) declareEndpointBreakers(tags []string) {
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "getEndpointBreaker", Method: http.MethodGet, Path: "/provider-endpoints/{id}/breaker", Tags: tags,
		Summary: "State of an endpoint's breaker",
	}, a.getEndpointBreaker)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "resetEndpointBreaker", Method: http.MethodPost, Path: "/provider-endpoints/{id}/breaker/reset", Tags: tags,
		Summary: "Close an endpoint's breaker and end its cool-down",
	}, a.resetEndpointBreaker)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "openEndpointBreaker", Method: http.MethodPost, Path: "/provider-endpoints/{id}/breaker/open", Tags: tags,
		Summary: "Open an endpoint's breaker by hand",
	}, a.openEndpointBreaker)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "resetEndpointBreakers", Method: http.MethodPost, Path: "/provider-endpoints/breaker/reset", Tags: tags,
		Summary: "Close the breakers of several endpoints",
	}, a.resetEndpointBreakers)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "setVendorBreaker", Method: http.MethodPost, Path: "/provider-vendors/{id}/breaker", Tags: tags,
		Summary: "Open or reset the breaker of all endpoints that a vendor has for a type",
	}, a.setVendorBreaker)
}

type endpointHealthBody struct {
	State        string     `json:"state"        enum:"closed,open,half_open"`
	Failures     int        `json:"failures"`
	RetryAt      *time.Time `json:"retryAt"`
	CoolingUntil *time.Time `json:"coolingUntil" doc:"it could not be reached"`
}

func showEndpointHealth(h domain.EndpointHealth) endpointHealthBody {
	if h.Breaker == "" {
		h.Breaker = domain.BreakerClosed
	}
	return endpointHealthBody{
		State: string(h.Breaker), Failures: h.Failures, RetryAt: instant(h.OpenUntil), CoolingUntil: instant(h.CoolingUntil),
	}
}

func (a *API) endpointHealth(e *domain.Endpoint) endpointHealthBody {
	pool, ok := a.Live.Pool(e.Pool())
	if !ok {
		return showEndpointHealth(domain.EndpointHealth{})
	}
	return showEndpointHealth(pool.Endpoints[e.ID])
}

type endpointBreakerOutput struct{ Body endpointHealthBody }

func (a *API) getEndpointBreaker(ctx context.Context, in *EndpointIDInput) (*endpointBreakerOutput, error) {
	e, err := a.Stores.Endpoints.Get(ctx, domain.EndpointID(in.ID))
	if err != nil {
		return nil, err
	}
	return &endpointBreakerOutput{Body: a.endpointHealth(&e)}, nil
}

func (a *API) resetEndpointBreaker(ctx context.Context, in *EndpointIDInput) (*endpointBreakerOutput, error) {
	return a.setEndpointBreaker(ctx, in.ID, protocol.BreakerReset, time.Time{})
}

type openEndpointInput struct {
	EndpointIDInput
	Body *struct {
		Minutes int `json:"minutes,omitempty" minimum:"1" maximum:"1440" doc:"left out: five minutes"`
	} `required:"false"`
}

func (a *API) openEndpointBreaker(ctx context.Context, in *openEndpointInput) (*endpointBreakerOutput, error) {
	minutes := 0
	if in.Body != nil {
		minutes = in.Body.Minutes
	}
	return a.setEndpointBreaker(ctx, in.ID, protocol.BreakerTrip, a.inMinutes(minutes))
}

type resetEndpointsInput struct{ Body BreakerIDs }

type endpointBatchOutput struct {
	Body struct {
		Done   []int64 `json:"done"`
		Failed []int64 `json:"failed" doc:"those that do not exist or whose actor did not answer"`
	}
}

func (a *API) resetEndpointBreakers(ctx context.Context, in *resetEndpointsInput) (*endpointBatchOutput, error) {
	out := &endpointBatchOutput{}
	out.Body.Done, out.Body.Failed = []int64{}, []int64{}
	for _, id := range in.Body.IDs {
		if _, err := a.setEndpointBreaker(ctx, id, protocol.BreakerReset, time.Time{}); err != nil {
			out.Body.Failed = append(out.Body.Failed, id)
			continue
		}
		out.Body.Done = append(out.Body.Done, id)
	}
	return out, nil
}

func (a *API) setEndpointBreaker(ctx context.Context, id int64, action protocol.BreakerAction, until time.Time) (*endpointBreakerOutput, error) {
	e, err := a.Stores.Endpoints.Get(ctx, domain.EndpointID(id))
	if err != nil {
		return nil, err
	}
	pool, err := a.setPool(ctx, &protocol.PoolSet{Pool: e.Pool(), Endpoint: e.ID, Action: action}, until)
	if err != nil {
		return nil, err
	}
	return &endpointBreakerOutput{Body: showEndpointHealth(pool.Endpoints[e.ID])}, nil
}

func (a *API) setPool(ctx context.Context, m *protocol.PoolSet, until time.Time) (domain.PoolHealth, error) {
	m.Actor = callerOf(ctx).name()
	if !until.IsZero() {
		m.Until = until.UnixMilli()
	}
	pool, err := a.Actors.SetPool(ctx, m)
	if err != nil {
		return pool, unreachable("the actor of the endpoints", err)
	}
	return pool, nil
}

type vendorBreakerInput struct {
	VendorIDInput
	Body struct {
		Type    string `json:"type"              enum:"claude,claude-auth,codex,openai-compatible,gemini,gemini-cli"`
		Action  string `json:"action"            enum:"open,reset"`
		Minutes int    `json:"minutes,omitempty" minimum:"1" maximum:"1440" doc:"left out: until it is reset"`
	}
}

type vendorBreakerOutput struct {
	Body struct {
		State   string     `json:"state"   enum:"closed,open,half_open"`
		RetryAt *time.Time `json:"retryAt" doc:"null with open: when it is reset"`
	}
}

func (a *API) setVendorBreaker(ctx context.Context, in *vendorBreakerInput) (*vendorBreakerOutput, error) {
	vendor, err := a.Stores.Vendors.Get(ctx, domain.VendorID(in.ID))
	if err != nil {
		return nil, err
	}
	pool, err := a.setPool(ctx, &protocol.PoolSet{
		Pool: domain.PoolKey{Vendor: vendor.ID, Type: domain.ProviderType(in.Body.Type)}, Action: protocol.BreakerAction(in.Body.Action),
	}, a.inMinutes(in.Body.Minutes))
	if err != nil {
		return nil, err
	}
	out := &vendorBreakerOutput{}
	out.Body.State, out.Body.RetryAt = string(pool.Breaker), instant(pool.OpenUntil)
	return out, nil
}
