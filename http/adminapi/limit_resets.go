package adminapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
)

func (a *API) declareLimitResets() {
	tags := []string{"Limits"}
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "resetUserLimits", Method: http.MethodPost, Path: "/users/{id}/limits/reset", Tags: tags,
		Summary: "Count a user's money from now on; its keys' too",
	}, a.resetUserLimits)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "resetKeyLimits", Method: http.MethodPost, Path: "/keys/{id}/limits/reset", Tags: tags,
		Summary: "Count a key's money from now on",
	}, a.resetKeyLimits)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "resetProviderUsage", Method: http.MethodPost, Path: "/providers/{id}/usage/reset", Tags: tags,
		Summary: "Count a provider's total from now on",
	}, a.resetProviderUsage)
}

type limitResetBody struct {
	Window string `json:"window,omitempty" enum:"all,5h" default:"all" doc:"all windows of money, or the five hours alone"`
}

// reset lets counting start now. What was spent stays in the ledger.
func (b *limitResetBody) reset(a *API, l *domain.Limits) {
	if b.Window == "5h" {
		l.Cost5hResetAt = a.Now()
		return
	}
	l.CostResetAt = a.Now()
}

type resetUserLimitsInput struct {
	UserIDInput
	Body limitResetBody
}

func (a *API) resetUserLimits(ctx context.Context, in *resetUserLimitsInput) (*output[userBody], error) {
	return a.editUser(ctx, in.ID, VersionInput{}, func(u *domain.User) error {
		in.Body.reset(a, &u.Limits)
		return nil
	})
}

type resetKeyLimitsInput struct {
	KeyIDInput
	Body limitResetBody
}

func (a *API) resetKeyLimits(ctx context.Context, in *resetKeyLimitsInput) (*output[KeyBody], error) {
	return a.editKey(ctx, in.ID, VersionInput{}, func(k *domain.Key) error {
		in.Body.reset(a, &k.Limits)
		return nil
	})
}

func (a *API) resetProviderUsage(ctx context.Context, in *ProviderIDInput) (*output[providerBody], error) {
	e := edit[domain.ProviderID, domain.Provider, providerBody]{
		repo:    a.Stores.Providers,
		version: func(p *domain.Provider) int { return p.Version },
		show:    a.showProvider,
		apply: func(_ context.Context, p *domain.Provider) error {
			p.Limits.CostResetAt = a.Now()
			return nil
		},
	}
	out, err := e.run(ctx, a, domain.ProviderID(in.ID), VersionInput{})
	if err == nil {
		a.remind(ctx, domain.ProviderID(in.ID))
	}
	return out, err
}

// remind has a provider's actor look at its limits, so that the selection hears
// at once that they let it serve again. Left alone it says so within seconds.
func (a *API) remind(ctx context.Context, id domain.ProviderID) {
	_, _ = a.Actors.ReadProvider(ctx, id)
}
