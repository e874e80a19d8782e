package adminapi

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
)

func (a *API) declareSessions() {
	tags := []string{"Sessions"}
	operation(a, LevelSelf, huma.Operation{
		OperationID: "listSessions", Method: http.MethodGet, Path: "/sessions", Tags: tags,
		Summary: "List sessions, most recently used first; users see their own",
	}, a.listSessions)
	operation(a, LevelSelf, huma.Operation{
		OperationID: "getSession", Method: http.MethodGet, Path: "/sessions/{id}", Tags: tags, Summary: "Read a session",
	}, a.getSession)
	operation(a, LevelSelf, huma.Operation{
		OperationID: "endSession", Method: http.MethodDelete, Path: "/sessions/{id}", Tags: tags,
		Summary: "Drop a session's binding; its next request chooses a provider anew", DefaultStatus: http.StatusNoContent,
	}, a.endSession)
}

type sessionBody struct {
	ID                       string     `json:"id"           doc:"unique; made of key and session id"`
	SessionID                string     `json:"sessionId"    doc:"as the client chose it; unique within a key"`
	UserID                   int64      `json:"userId"`
	UserName                 *string    `json:"userName"`
	KeyID                    int64      `json:"keyId"`
	KeyName                  *string    `json:"keyName"`
	ProviderID               *int64     `json:"providerId"   doc:"null = not bound"`
	ProviderName             *string    `json:"providerName"`
	ProviderType             *string    `json:"providerType"`
	Model                    *string    `json:"model"`
	ClientKind               *string    `json:"clientKind"`
	Requests                 int64      `json:"requests"`
	InFlight                 int        `json:"inFlight"`
	InputTokens              int64      `json:"inputTokens"`
	OutputTokens             int64      `json:"outputTokens"`
	CacheReadInputTokens     int64      `json:"cacheReadInputTokens"`
	CacheCreationInputTokens int64      `json:"cacheCreationInputTokens"`
	CostUSD                  float64    `json:"costUsd"`
	FirstAt                  time.Time  `json:"firstAt"`
	LastAt                   time.Time  `json:"lastAt"`
	ExpiresAt                *time.Time `json:"expiresAt"    doc:"when the binding lapses; null while requests run"`
}

// showSession shows a session to a caller.
func (a *API) showSession(c *caller) func(*domain.Session) sessionBody {
	view := a.logView(c)
	return func(s *domain.Session) sessionBody {
		b := sessionBody{
			ID: s.Hash, SessionID: s.Key.ID, UserID: int64(s.UserID), KeyID: int64(s.Key.KeyID),
			ProviderID: number(s.ProviderID), Model: optional(s.Model), ClientKind: optional(s.ClientKind),
			Requests: s.Requests, InFlight: a.Live.InFlight(s.Hash),
			InputTokens: s.Usage.Input, OutputTokens: s.Usage.Output, CacheReadInputTokens: s.Usage.CacheRead,
			CacheCreationInputTokens: s.Usage.CacheWrite5m + s.Usage.CacheWrite1h, CostUSD: s.Cost.USD(),
			FirstAt: s.FirstAt.UTC(), LastAt: s.LastAt.UTC(),
		}
		if b.InFlight == 0 {
			b.ExpiresAt = instant(s.LastAt.Add(a.SessionTTL))
		}
		if u := view.catalog.User(s.UserID); u != nil {
			b.UserName = &u.Name
		}
		if k := view.catalog.Key(s.Key.KeyID); k != nil {
			b.KeyName = &k.Name
		}
		if p := view.catalog.Provider(s.ProviderID); p != nil {
			b.ProviderType = word(p.Type)
			if view.full {
				b.ProviderName = &p.Name
			}
		}
		return b
	}
}

type sessionListInput struct {
	PageInput
	State      string `query:"state"      enum:"active,recent" default:"recent" doc:"active: used within the session's life"`
	UserID     int64  `query:"userId"     minimum:"1"`
	KeyID      int64  `query:"keyId"      minimum:"1"`
	ProviderID int64  `query:"providerId" minimum:"1"`
	Model      string `query:"model"      maxLength:"128"`
	Query      string `query:"q"          maxLength:"256" doc:"session id, exact or a prefix"`
}

func (a *API) listSessions(ctx context.Context, in *sessionListInput) (*listOutput[sessionBody], error) {
	c := callerOf(ctx)
	f := domain.SessionFilter{
		UserID: domain.UserID(in.UserID), KeyID: domain.KeyID(in.KeyID), ProviderID: domain.ProviderID(in.ProviderID),
		Model: in.Model, SessionID: in.Query, Limit: in.Limit + 1,
	}
	if !c.admin() {
		if in.UserID != 0 && in.UserID != int64(c.userID()) {
			return nil, domain.NotFound("user", in.UserID)
		}
		f.UserID = c.userID()
	}
	if in.State == "active" {
		f.ActiveSince = a.Now().Add(-a.SessionTTL)
	}
	if in.Cursor != "" {
		var err error
		if f.Before, f.BeforeHash, err = in.sessionPosition(); err != nil {
			return nil, err
		}
	}
	sessions, err := a.Stores.Sessions.List(ctx, f)
	if err != nil {
		return nil, err
	}
	position := func(s *domain.Session) string { return strconv.FormatInt(s.LastAt.UnixMilli(), 10) + " " + s.Hash }
	return keysetPage(sessions, in.Limit, position, a.showSession(c)), nil
}

func (in *sessionListInput) sessionPosition() (time.Time, string, error) {
	position, err := in.position()
	if err != nil {
		return time.Time{}, "", err
	}
	at, hash, ok := strings.Cut(position, " ")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil || !ok {
		return time.Time{}, "", invalidCursor()
	}
	return time.UnixMilli(ms), hash, nil
}

type sessionIDInput struct {
	ID string `path:"id" minLength:"1" maxLength:"256" doc:"id, or a session id if only one key uses it"`
}

type sessionOutput struct{ Body sessionBody }

func (a *API) getSession(ctx context.Context, in *sessionIDInput) (*sessionOutput, error) {
	s, err := a.ownSession(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &sessionOutput{Body: a.showSession(callerOf(ctx))(&s)}, nil
}

// ownSession finds a session the caller may see, by id or by a session id that
// is unique among those.
func (a *API) ownSession(ctx context.Context, id string) (domain.Session, error) {
	c := callerOf(ctx)
	s, err := a.Stores.Sessions.Get(ctx, id)
	if err == nil && c.owns(s.UserID) {
		return s, nil
	}
	if err != nil && !domain.IsKind(err, domain.KindNotFound) {
		return domain.Session{}, err
	}
	f := domain.SessionFilter{SessionID: id, Limit: 100}
	if !c.admin() {
		f.UserID = c.userID()
	}
	candidates, err := a.Stores.Sessions.List(ctx, f)
	if err != nil {
		return domain.Session{}, err
	}
	var found []domain.Session
	for _, s := range candidates {
		if s.Key.ID == id { // the filter takes prefixes too
			found = append(found, s)
		}
	}
	switch len(found) {
	case 0:
		return domain.Session{}, domain.NotFound("session", id)
	case 1:
		return found[0], nil
	}
	return domain.Session{}, domain.NewFault(domain.KindConflict, "", "Several keys use this session id. Name one session by its id.")
}

func (a *API) endSession(ctx context.Context, in *sessionIDInput) (*struct{}, error) {
	s, err := a.ownSession(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if _, err := a.Actors.EndSession(ctx, s.Key); err != nil {
		return nil, unreachable("the session's actor", err)
	}
	if err := a.Stores.Sessions.Terminated(ctx, s.Hash); err != nil {
		return nil, err
	}
	return &struct{}{}, nil
}
