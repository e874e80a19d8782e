package adminapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

func (a *API) declareLimitUsage() {
	tags := []string{"Limits"}
	operation(a, LevelSelf, huma.Operation{
		OperationID: "userLimitUsage", Method: http.MethodGet, Path: "/users/{id}/limit-usage", Tags: tags,
		Summary: "How much of a user's limits is used",
	}, a.userLimitUsage)
	operation(a, LevelSelf, huma.Operation{
		OperationID: "keyLimitUsage", Method: http.MethodGet, Path: "/keys/{id}/limit-usage", Tags: tags,
		Summary: "How much of a key's limits is used",
	}, a.keyLimitUsage)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "providerLimitUsage", Method: http.MethodGet, Path: "/providers/{id}/limit-usage", Tags: tags,
		Summary: "How much of a provider's limits is used",
	}, a.providerLimitUsage)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "listLimitUsage", Method: http.MethodGet, Path: "/limit-usage", Tags: tags,
		Summary: "How much of the limits of several users, keys or providers is used",
	}, a.listLimitUsage)
}

type limitUsageBody struct {
	Scope        string            `json:"scope"        enum:"user,key,provider"`
	ID           int64             `json:"id"`
	Name         string            `json:"name"`
	Windows      []limitWindowBody `json:"windows"`
	BindingLimit *string           `json:"bindingLimit" doc:"the limit closest to being reached"`
}

type limitWindowBody struct {
	LimitType string     `json:"limitType"          enum:"rpm,usd_5h,daily_quota,usd_weekly,usd_monthly,usd_total,concurrent_sessions,concurrent_requests"`
	UsedUSD   *float64   `json:"usedUsd,omitempty"  doc:"for limits of money"`
	Used      *int64     `json:"used,omitempty"     doc:"for the others"`
	Reserved  float64    `json:"reserved"           doc:"held by running requests, in the limit's unit"`
	Limit     *float64   `json:"limit"              doc:"null = unlimited"`
	Percent   *float64   `json:"percent"`
	ResetAt   *time.Time `json:"resetAt"            doc:"null = does not reset"`
}

type limitUsageOutput struct{ Body limitUsageBody }

func (a *API) userLimitUsage(ctx context.Context, in *UserIDInput) (*limitUsageOutput, error) {
	u := a.Catalog.Current().User(domain.UserID(in.ID))
	if u == nil || !callerOf(ctx).owns(u.ID) {
		return nil, domain.NotFound("user", in.ID)
	}
	b, err := a.usageOf(ctx, domain.ScopeUser, u.ID, in.ID, u.Name)
	if err != nil {
		return nil, err
	}
	return &limitUsageOutput{Body: b}, nil
}

func (a *API) keyLimitUsage(ctx context.Context, in *KeyIDInput) (*limitUsageOutput, error) {
	k := a.Catalog.Current().Key(domain.KeyID(in.ID))
	if k == nil || !callerOf(ctx).owns(k.UserID) {
		return nil, domain.NotFound("key", in.ID)
	}
	b, err := a.usageOf(ctx, domain.ScopeKey, k.UserID, in.ID, k.Name)
	if err != nil {
		return nil, err
	}
	return &limitUsageOutput{Body: b}, nil
}

func (a *API) providerLimitUsage(ctx context.Context, in *ProviderIDInput) (*limitUsageOutput, error) {
	p := a.Catalog.Current().Provider(domain.ProviderID(in.ID))
	if p == nil {
		return nil, domain.NotFound("provider", in.ID)
	}
	b, err := a.providerUsage(ctx, p)
	if err != nil {
		return nil, err
	}
	return &limitUsageOutput{Body: b}, nil
}

func (a *API) providerUsage(ctx context.Context, p *domain.Provider) (limitUsageBody, error) {
	state, err := a.Actors.ReadProvider(ctx, p.ID)
	if err != nil {
		return limitUsageBody{}, unreachable("the owner of the provider's counters", err)
	}
	return showUsage(state, domain.ScopeProvider, int64(p.ID), p.Name), nil
}

type limitUsageListInput struct {
	PageInput
	Scope string  `query:"scope" enum:"user,key,provider" default:"user"`
	IDs   []int64 `query:"ids"   minItems:"1"    maxItems:"100"`
}

// listLimitUsage asks the owner of each user's counters; that is why it wants
// to be told which ones.
func (a *API) listLimitUsage(ctx context.Context, in *limitUsageListInput) (*listOutput[limitUsageBody], error) {
	out := &listOutput[limitUsageBody]{Body: listBody[limitUsageBody]{Items: []limitUsageBody{}}}
	catalog := a.Catalog.Current()
	for _, id := range in.IDs {
		if in.Scope == string(domain.ScopeProvider) {
			p := catalog.Provider(domain.ProviderID(id))
			if p == nil {
				continue
			}
			b, err := a.providerUsage(ctx, p)
			if err != nil {
				return nil, err
			}
			out.Body.Items = append(out.Body.Items, b)
			continue
		}
		scope, user, name := domain.ScopeUser, domain.UserID(id), ""
		if in.Scope == string(domain.ScopeKey) {
			k := catalog.Key(domain.KeyID(id))
			if k == nil {
				continue
			}
			scope, user, name = domain.ScopeKey, k.UserID, k.Name
		} else if u := catalog.User(user); u != nil {
			name = u.Name
		} else {
			continue
		}
		b, err := a.usageOf(ctx, scope, user, id, name)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, b)
	}
	return out, nil
}

// usageOf reads the counters of a user or of one of its keys.
func (a *API) usageOf(ctx context.Context, scope domain.Scope, user domain.UserID, id int64, name string) (limitUsageBody, error) {
	state, err := a.Actors.ReadQuota(ctx, user)
	if err != nil {
		return limitUsageBody{}, unreachable("the owner of the user's counters", err)
	}
	return showUsage(state, scope, id, name), nil
}

func showUsage(state *protocol.QuotaState, scope domain.Scope, id int64, name string) limitUsageBody {
	b := limitUsageBody{Scope: string(scope), ID: id, Name: name, Windows: []limitWindowBody{}}
	most := 0.0
	for i := range state.Windows {
		w := &state.Windows[i]
		if w.Scope != scope || w.ID != id {
			continue
		}
		shown := showWindow(w)
		if shown.Percent != nil && *shown.Percent > most {
			most, b.BindingLimit = *shown.Percent, &shown.LimitType
		}
		b.Windows = append(b.Windows, shown)
	}
	return b
}

func showWindow(w *protocol.QuotaWindow) limitWindowBody {
	b := limitWindowBody{LimitType: string(w.Limit)}
	unit := func(v int64) float64 { return float64(v) }
	if w.Limit.Money() {
		unit = func(v int64) float64 { return domain.Money(v).USD() }
		b.UsedUSD = new(unit(w.Used))
	} else {
		b.Used = &w.Used
	}
	b.Reserved = unit(w.Reserved)
	if w.Max > 0 {
		b.Limit = new(unit(w.Max))
		b.Percent = new(100 * float64(w.Used+w.Reserved) / float64(w.Max))
	}
	if w.ResetAt > 0 {
		b.ResetAt = new(time.UnixMilli(w.ResetAt).UTC())
	}
	return b
}
