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

func (a *API) declareProviderHealth() {
	tags := []string{"Provider health"}
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "listProviderHealth", Method: http.MethodGet, Path: "/providers/health", Tags: tags,
		Summary: "State of every provider's breaker and slots",
	}, a.listHealth)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "resetBreaker", Method: http.MethodPost, Path: "/providers/{id}/breaker/reset", Tags: tags,
		Summary: "Close a provider's breaker and forget its failures",
	}, a.resetBreaker)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "openBreaker", Method: http.MethodPost, Path: "/providers/{id}/breaker/open", Tags: tags,
		Summary: "Open a provider's breaker by hand",
	}, a.openBreaker)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "resetBreakers", Method: http.MethodPost, Path: "/providers/breaker/reset", Tags: tags,
		Summary: "Close the breakers of several providers",
	}, a.resetBreakers)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "openBreakers", Method: http.MethodPost, Path: "/providers/breaker/open", Tags: tags,
		Summary: "Open the breakers of several providers by hand",
	}, a.openBreakers)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "drainProvider", Method: http.MethodPost, Path: "/providers/{id}/drain", Tags: tags,
		Summary: "Let a provider finish its sessions and take no new ones, or end that",
	}, a.drainProvider)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "listBreakerEvents", Method: http.MethodGet, Path: "/breaker-events", Tags: tags,
		Summary: "Transitions of breakers, newest first",
	}, a.listBreakerEvents)
}

type healthBody struct {
	ProviderID    int64              `json:"providerId"`
	State         string             `json:"state"        enum:"closed,open,half_open"`
	Failures      int                `json:"failures"`
	RetryAt       *time.Time         `json:"retryAt"      doc:"when an open breaker lets a probe through"`
	CoolingUntil  *time.Time         `json:"coolingUntil" doc:"the upstream asked not to be called before"`
	CoolingModels []modelCoolingBody `json:"coolingModels" doc:"models that the upstream limits, by its own names"`
	InFlight      int                `json:"inFlight"`
	Limit         *int               `json:"limit"        doc:"requests at a time; null = unlimited"`
	Sessions      int                `json:"sessions"`
	SessionLimit  *int               `json:"sessionLimit"`
	LastError     *string            `json:"lastError"`
	LastStatus    *int               `json:"lastErrorStatus"`
	ReportedAt    *time.Time         `json:"reportedAt"   doc:"null when the provider has not been used since the start"`
	Account       AccountSummary     `json:"account"      doc:"of the upstream account, as far as known"`
}

type modelCoolingBody struct {
	Model string    `json:"model"`
	Until time.Time `json:"until"`
}

func showHealth(h *domain.ProviderHealth, now time.Time) healthBody {
	models := []modelCoolingBody{}
	for _, m := range h.CoolingModels {
		models = append(models, modelCoolingBody{Model: m.Model, Until: m.Until.UTC()})
	}
	return healthBody{
		CoolingModels: models,
		ProviderID:    int64(h.ProviderID), State: string(h.Breaker), Failures: h.Failures,
		RetryAt: instant(h.OpenUntil), CoolingUntil: instant(h.CoolingUntil), InFlight: h.InFlight,
		Limit: optional(h.RequestLimit), Sessions: h.Sessions, SessionLimit: optional(h.SessionLimit),
		LastError: optional(h.LastError), LastStatus: optional(h.LastErrorStatus), ReportedAt: instant(h.At),
		Account: showAccount(h.Account, now),
	}
}

// listHealth answers from what the providers' actors last reported. One that
// never did is closed and idle.
func (a *API) listHealth(context.Context, *struct{}) (*listOutput[healthBody], error) {
	out := &listOutput[healthBody]{Body: listBody[healthBody]{Items: []healthBody{}}}
	for _, p := range a.Catalog.Current().Providers() {
		h, ok := a.Live.Health(p.ID)
		if !ok {
			h = domain.ProviderHealth{
				ProviderID: p.ID, Breaker: domain.BreakerClosed,
				RequestLimit: p.Limits.ConcurrentRequests, SessionLimit: p.Limits.ConcurrentSessions,
			}
		}
		out.Body.Items = append(out.Body.Items, showHealth(&h, a.Now()))
	}
	return out, nil
}

type healthOutput struct{ Body healthBody }

func (a *API) resetBreaker(ctx context.Context, in *ProviderIDInput) (*healthOutput, error) {
	return a.setBreaker(ctx, in.ID, protocol.BreakerReset, time.Time{})
}

type openBreakerInput struct {
	ProviderIDInput
	Body *struct {
		Minutes int `json:"minutes,omitempty" minimum:"1" maximum:"1440" doc:"left out: the provider's own open duration"`
	} `required:"false"`
}

func (a *API) openBreaker(ctx context.Context, in *openBreakerInput) (*healthOutput, error) {
	minutes := 0
	if in.Body != nil {
		minutes = in.Body.Minutes
	}
	return a.setBreaker(ctx, in.ID, protocol.BreakerTrip, a.inMinutes(minutes))
}

// BreakerIDs names the providers of a batch.
type BreakerIDs struct {
	IDs []int64 `json:"ids" minItems:"1" maxItems:"500" uniqueItems:"true"`
}

type resetBreakersInput struct{ Body BreakerIDs }

type openBreakersInput struct {
	Body struct {
		BreakerIDs
		Minutes int `json:"minutes,omitempty" minimum:"1" maximum:"1440" doc:"left out: each provider's own open duration"`
	}
}

type breakerBatchOutput struct {
	Body struct {
		Items  []healthBody `json:"items"  doc:"those that did as they were told, after it"`
		Failed []int64      `json:"failed" doc:"those that do not exist or did not answer"`
	}
}

func (a *API) resetBreakers(ctx context.Context, in *resetBreakersInput) (*breakerBatchOutput, error) {
	return a.setBreakers(ctx, in.Body.IDs, protocol.BreakerReset, time.Time{})
}

func (a *API) openBreakers(ctx context.Context, in *openBreakersInput) (*breakerBatchOutput, error) {
	return a.setBreakers(ctx, in.Body.IDs, protocol.BreakerTrip, a.inMinutes(in.Body.Minutes))
}

func (a *API) setBreakers(ctx context.Context, ids []int64, action protocol.BreakerAction, until time.Time) (*breakerBatchOutput, error) {
	out := &breakerBatchOutput{}
	out.Body.Items, out.Body.Failed = []healthBody{}, []int64{}
	for _, id := range ids {
		done, err := a.setBreaker(ctx, id, action, until)
		if err != nil {
			out.Body.Failed = append(out.Body.Failed, id)
			continue
		}
		out.Body.Items = append(out.Body.Items, done.Body)
	}
	return out, nil
}

// inMinutes is the end of an order that names a duration; zero = it does not.
func (a *API) inMinutes(n int) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return a.Now().Add(time.Duration(n) * time.Minute)
}

func (a *API) setBreaker(ctx context.Context, id int64, action protocol.BreakerAction, until time.Time) (*healthOutput, error) {
	provider := domain.ProviderID(id)
	if a.Catalog.Current().Provider(provider) == nil {
		return nil, domain.NotFound("provider", id)
	}
	m := &protocol.BreakerSet{ProviderID: provider, Action: action, Actor: callerOf(ctx).name()}
	if !until.IsZero() {
		m.Until = until.UnixMilli()
	}
	h, err := a.Actors.SetBreaker(ctx, m)
	if err != nil {
		return nil, unreachable("the provider's actor", err)
	}
	return &healthOutput{Body: showHealth(&h, a.Now())}, nil
}

type drainInput struct {
	ProviderIDInput
	Body struct {
		Draining bool `json:"draining"`
	}
}

func (a *API) drainProvider(ctx context.Context, in *drainInput) (*output[providerBody], error) {
	e := edit[domain.ProviderID, domain.Provider, providerBody]{
		repo:    a.Stores.Providers,
		version: func(p *domain.Provider) int { return p.Version },
		show:    a.showProvider,
		apply: func(_ context.Context, p *domain.Provider) error {
			p.Routing.Draining = in.Body.Draining
			return nil
		},
	}
	return e.run(ctx, a, domain.ProviderID(in.ID), VersionInput{})
}

// unreachable is a live party that did not answer.
func unreachable(what string, err error) error {
	return domain.NewFault(domain.KindOverloaded, "", what+" did not answer. Try again.").Because(err)
}

type breakerEventBody struct {
	ID         string    `json:"id"`
	At         time.Time `json:"at"`
	Scope      string    `json:"scope"      enum:"provider,endpoint,vendor_type"`
	ScopeID    int64     `json:"scopeId"`
	Type       *string   `json:"type"       doc:"with vendor_type: of the providers"`
	From       string    `json:"fromState"`
	To         string    `json:"toState"`
	Reason     string    `json:"reasonCode"`
	StatusCode *int      `json:"statusCode"`
	Message    *string   `json:"message"`
	RequestID  *string   `json:"requestId"`
	Actor      *string   `json:"actor"      doc:"who, for a transition made by hand"`
}

func showBreakerEvent(e *domain.BreakerEvent) breakerEventBody {
	b := breakerEventBody{
		ID: strconv.FormatInt(e.ID, 10), At: e.At.UTC(), Scope: string(domain.BreakerOfProvider), ScopeID: int64(e.ProviderID),
		From: string(e.From), To: string(e.To), Reason: e.Reason, StatusCode: optional(e.StatusCode),
		Message: optional(e.Message), Actor: optional(e.Actor),
	}
	switch {
	case e.Endpoint != 0:
		b.Scope, b.ScopeID = string(domain.BreakerOfEndpoint), int64(e.Endpoint)
	case e.Vendor != 0:
		b.Scope, b.ScopeID, b.Type = string(domain.BreakerOfPool), int64(e.Vendor), optional(string(e.PoolType))
	}
	if e.RequestID != 0 {
		b.RequestID = new(e.RequestID.String())
	}
	return b
}

type breakerEventsInput struct {
	PageInput
	Scope   string    `query:"scope"   enum:"provider,endpoint,vendor_type"`
	ScopeID int64     `query:"scopeId" minimum:"1"`
	From    time.Time `query:"from"`
	To      time.Time `query:"to"`
}

func (a *API) listBreakerEvents(ctx context.Context, in *breakerEventsInput) (*listOutput[breakerEventBody], error) {
	f := domain.BreakerEventFilter{Scope: domain.BreakerScope(in.Scope), ScopeID: in.ScopeID, From: in.From, To: in.To, Limit: in.Limit + 1}
	if in.Cursor != "" {
		position, err := in.position()
		if err != nil {
			return nil, err
		}
		if f.Before, err = strconv.ParseInt(position, 10, 64); err != nil {
			return nil, invalidCursor()
		}
	}
	events, err := a.Stores.BreakerEvents.List(ctx, f)
	if err != nil {
		return nil, err
	}
	position := func(e *domain.BreakerEvent) string { return strconv.FormatInt(e.ID, 10) }
	return keysetPage(events, in.Limit, position, showBreakerEvent), nil
}
