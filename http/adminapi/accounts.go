package adminapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
)

func (a *API) declareAccounts() {
	tags := []string{"Provider accounts"}
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "getProviderAccount", Method: http.MethodGet, Path: "/providers/{id}/account", Tags: tags,
		Summary: "Quotas and balance of the account behind a provider, with their history and a forecast",
	}, a.getAccount)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "setProviderAccount", Method: http.MethodPut, Path: "/providers/{id}/account", Tags: tags,
		Summary: "Choose how the account is asked; a token and headers that are left out stay as they are",
	}, a.setAccount)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "refreshProviderAccount", Method: http.MethodPost, Path: "/providers/{id}/account/refresh", Tags: tags,
		Summary: "Ask the account now",
	}, a.refreshAccount)
}

type accountInput struct {
	ProviderIDInput
	Days int `query:"days" minimum:"1" maximum:"90" default:"1" doc:"how far back the history goes"`
}

type accountOutput struct{ Body accountBody }

func (a *API) getAccount(ctx context.Context, in *accountInput) (*accountOutput, error) {
	p, err := a.catalogued(in.ID)
	if err != nil {
		return nil, err
	}
	return a.accountOf(ctx, p, a.accountState(p.ID), in.Days)
}

// catalogued finds a provider in the configuration in force.
func (a *API) catalogued(id int64) (*domain.Provider, error) {
	if p := a.Catalog.Current().Provider(domain.ProviderID(id)); p != nil {
		return p, nil
	}
	return nil, domain.NotFound("provider", id)
}

// accountState is what the provider's actor last told of the account; nil = nothing.
func (a *API) accountState(id domain.ProviderID) *domain.AccountState {
	h, _ := a.Live.Health(id)
	return h.Account
}

func (a *API) accountOf(ctx context.Context, p *domain.Provider, s *domain.AccountState, days int) (*accountOutput, error) {
	now := a.Now()
	from := now.Add(-time.Duration(days) * 24 * time.Hour)
	points, err := a.Stores.Accounts.History(ctx, p.ID, from)
	if err != nil {
		return nil, err
	}
	body := accountBody{
		ProviderID: int64(p.ID), Setup: showAccountSetup(&p.Account, a.Accounts.Adapter(p)),
		AccountSummary: showAccount(s, now), History: showHistory(points),
	}
	forecast(body.Quotas, s, points, now)
	return &accountOutput{Body: body}, nil
}

type setAccountInput struct {
	ProviderIDInput
	Body accountFields
}

func (a *API) setAccount(ctx context.Context, in *setAccountInput) (*accountOutput, error) {
	id := domain.ProviderID(in.ID)
	stored, err := a.Stores.Providers.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	setup := in.Body.setup(&stored.Account)
	if err := checkAccount(&setup, &stored, in.Body.Config.Token.given()); err != nil {
		return nil, err
	}
	version, err := a.Stores.Accounts.Configure(ctx, id, setup)
	if err != nil {
		return nil, err
	}
	a.settled(ctx, version)
	stored.Account = setup
	return a.accountOf(ctx, &stored, a.accountState(id), 1)
}

func (a *API) refreshAccount(ctx context.Context, in *ProviderIDInput) (*accountOutput, error) {
	p, err := a.catalogued(in.ID)
	if err != nil {
		return nil, err
	}
	state, err := a.Accounts.Refresh(ctx, p)
	switch {
	case domain.IsKind(err, domain.KindInvalid):
		return nil, err
	case err != nil:
		return nil, unreachable("the provider's actor", err)
	}
	return a.accountOf(ctx, p, state, 1)
}
