package adminapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
)

func (a *API) declareMyQuota() {
	operation(a, LevelSelf, huma.Operation{
		OperationID: "myQuota", Method: http.MethodGet, Path: "/me/quota", Tags: meTags(),
		Summary: "How much of the limits of the calling key and of its user is used", Description: aboutMe,
	}, a.myQuota)
}

type myQuotaBody struct {
	Key     limitUsageBody    `json:"key"`
	User    limitUsageBody    `json:"user"`
	Binding *bindingLimitBody `json:"binding" doc:"the limit of either that is closest to being reached; null = nothing of any limit is used"`
}

type bindingLimitBody struct {
	Scope     string     `json:"scope"     enum:"user,key"`
	LimitType string     `json:"limitType"`
	Percent   float64    `json:"percent"`
	ResetAt   *time.Time `json:"resetAt"   doc:"null = does not reset"`
}

type myQuotaOutput struct{ Body myQuotaBody }

func (a *API) myQuota(ctx context.Context, _ *struct{}) (*myQuotaOutput, error) {
	c, err := userOf(ctx)
	if err != nil {
		return nil, err
	}
	state, err := a.Actors.ReadQuota(ctx, c.user.ID)
	if err != nil {
		return nil, unreachable("the owner of the user's counters", err)
	}
	b := myQuotaBody{
		Key:  showUsage(state, domain.ScopeKey, int64(c.key.ID), c.key.Name),
		User: showUsage(state, domain.ScopeUser, int64(c.user.ID), c.user.Name),
	}
	b.Binding = bindingOf(&b.Key, &b.User)
	return &myQuotaOutput{Body: b}, nil
}

// bindingOf finds the limit that is used most. Where two are used alike it is
// that of the first.
func bindingOf(usages ...*limitUsageBody) (most *bindingLimitBody) {
	for _, u := range usages {
		for i := range u.Windows {
			w := &u.Windows[i]
			if w.Percent == nil || *w.Percent == 0 || most != nil && *w.Percent <= most.Percent {
				continue
			}
			most = &bindingLimitBody{Scope: u.Scope, LimitType: w.LimitType, Percent: *w.Percent, ResetAt: w.ResetAt}
		}
	}
	return most
}
