package adminapi

import (
	"context"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
)

func (a *API) declareAuthSessions() {
	tags := []string{"Auth"}
	operation(a, LevelUser, huma.Operation{
		OperationID: "listAuthSessions", Method: http.MethodGet, Path: "/auth/sessions", Tags: tags,
		Summary: "List signed-in browsers; users see their own",
	}, a.listAuthSessions)
	operation(a, LevelUser, huma.Operation{
		OperationID: "endAuthSession", Method: http.MethodDelete, Path: "/auth/sessions/{id}", Tags: tags,
		Summary: "Sign a browser out", DefaultStatus: http.StatusNoContent,
	}, a.endAuthSession)
	operation(a, LevelUser, huma.Operation{
		OperationID: "endOtherAuthSessions", Method: http.MethodDelete, Path: "/auth/sessions", Tags: tags,
		Summary: "Sign out every browser one may list but this one", DefaultStatus: http.StatusNoContent,
	}, a.endOtherAuthSessions)
}

type authSessionBody struct {
	ID         string    `json:"id"`
	Kind       string    `json:"kind"       enum:"admin_token,web,readonly"`
	UserID     int64     `json:"userId"     doc:"-1 for the admin token"`
	UserName   *string   `json:"userName"`
	IP         *string   `json:"ip"`
	UserAgent  *string   `json:"userAgent"`
	IsCurrent  bool      `json:"isCurrent"`
	CreatedAt  time.Time `json:"createdAt"`
	LastSeenAt time.Time `json:"lastSeenAt"`
	ExpiresAt  time.Time `json:"expiresAt"`
}

// authSessionID names a session to people: a part of its hash, of no use to
// whoever wants in.
func authSessionID(s *domain.AuthSession) string { return hex.EncodeToString(s.TokenHash[:12]) }

func (a *API) showAuthSession(c *caller) func(*domain.AuthSession) authSessionBody {
	catalog := a.Catalog.Current()
	return func(s *domain.AuthSession) authSessionBody {
		b := authSessionBody{
			ID: authSessionID(s), Kind: string(s.Kind), UserID: int64(s.UserID), IP: optional(s.IP), UserAgent: optional(s.UserAgent),
			IsCurrent: current(c, s), CreatedAt: s.CreatedAt.UTC(), LastSeenAt: s.LastSeenAt.UTC(), ExpiresAt: a.sessionEnd(s).UTC(),
		}
		if s.UserID == 0 {
			b.UserID = int64(domain.AdminTokenUserID)
		} else if u := catalog.User(s.UserID); u != nil {
			b.UserName = optional(u.Name)
		}
		return b
	}
}

func current(c *caller, s *domain.AuthSession) bool {
	return c.session != nil && c.session.TokenHash == s.TokenHash
}

// authSessions are those the caller may see: all for administrators.
func (a *API) authSessions(ctx context.Context, c *caller) ([]domain.AuthSession, error) {
	var of domain.UserID
	if !c.admin() {
		of = c.userID()
	}
	return a.Stores.Auth.List(ctx, of)
}

func (a *API) listAuthSessions(ctx context.Context, in *PageInput) (*listOutput[authSessionBody], error) {
	c := callerOf(ctx)
	sessions, err := a.authSessions(ctx, c)
	if err != nil {
		return nil, err
	}
	newest := func(s *domain.AuthSession) string { return idKey(s.CreatedAt.UnixMilli()) + authSessionID(s) }
	return pageOf(sessions, *in, true, newest, a.showAuthSession(c))
}

type endAuthSessionInput struct {
	ID string `path:"id" maxLength:"64"`
}

func (a *API) endAuthSession(ctx context.Context, in *endAuthSessionInput) (*struct{}, error) {
	sessions, err := a.authSessions(ctx, callerOf(ctx))
	if err != nil {
		return nil, err
	}
	for i := range sessions {
		if authSessionID(&sessions[i]) == in.ID {
			return &struct{}{}, a.Stores.Auth.Revoke(ctx, sessions[i].TokenHash)
		}
	}
	return nil, domain.NotFound("web session", in.ID)
}

func (a *API) endOtherAuthSessions(ctx context.Context, _ *struct{}) (*struct{}, error) {
	c := callerOf(ctx)
	sessions, err := a.authSessions(ctx, c)
	if err != nil {
		return nil, err
	}
	for i := range sessions {
		if current(c, &sessions[i]) {
			continue
		}
		if err := a.Stores.Auth.Revoke(ctx, sessions[i].TokenHash); err != nil {
			return nil, err
		}
	}
	return &struct{}{}, nil
}
