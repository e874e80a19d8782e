package adminapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
)

// aboutMe is said of what belongs to users.
const aboutMe = "The admin token is no user and gets 404."

// declareMe declares what everybody who has a key may know of themselves. It is
// the same whatever role somebody has, so that an administrator sees there what
// users see.
func (a *API) declareMe() {
	operation(a, LevelSelf, huma.Operation{
		OperationID: "getProfile", Method: http.MethodGet, Path: "/me", Tags: meTags(),
		Summary: "Who calls, with which key, and what may be used",
	}, a.profile)
	a.declareMyQuota()
	a.declareMyUsage()
	a.declareMyModels()
	a.declareMyLogs()
	a.declarePreferences()
}

func meTags() []string { return []string{"Me"} }

type profileBody struct {
	User        profileUser `json:"user"`
	Key         *profileKey `json:"key"         doc:"that was sent, or signed in with; null for the admin token"`
	Role        string      `json:"role"        enum:"admin,user,reader"`
	Permissions []string    `json:"permissions" doc:"what the dashboard may offer"`
	Access      accessBody  `json:"access"`
	Timezone    string      `json:"timezone"    doc:"of the days that limits and statistics are about"`
}

type profileUser struct {
	ID        int64      `json:"id"        doc:"-1 for the admin token"`
	Name      string     `json:"name"`
	Role      string     `json:"role"      enum:"admin,user"`
	Groups    []string   `json:"groups"    doc:"in order; empty = default"`
	ExpiresAt *time.Time `json:"expiresAt" doc:"null = never"`
}

type profileKey struct {
	ID            int64      `json:"id"`
	Name          string     `json:"name"`
	KeyPrefix     string     `json:"keyPrefix"     doc:"first characters of the credential"`
	KeyLast4      string     `json:"keyLast4"`
	Groups        []string   `json:"groups"        doc:"empty = the user's"`
	ExpiresAt     *time.Time `json:"expiresAt"     doc:"null = never"`
	CanLoginWebUI bool       `json:"canLoginWebUi" doc:"false = what is shown is this key's own, else the user's"`
}

type accessBody struct {
	AllowedModels []string `json:"allowedModels" doc:"empty = any that a provider of the groups serves"`
}

type profileOutput struct{ Body profileBody }

func (a *API) profile(ctx context.Context, _ *struct{}) (*profileOutput, error) {
	c := callerOf(ctx)
	who := personOf(c.principal)
	b := profileBody{
		User: profileUser{ID: who.ID, Name: who.Name, Role: who.Role, Groups: []string{}},
		Role: roleAt(c.level), Permissions: permissions(c.level), Access: accessBody{AllowedModels: []string{}},
		Timezone: a.Catalog.Current().Zone().String(),
	}
	if u := c.user; u != nil {
		b.User.Groups, b.User.ExpiresAt = list(u.Groups), instant(u.ExpiresAt)
		b.Access.AllowedModels = list(u.AllowedModels)
	}
	if k := c.key; k != nil {
		b.Key = &profileKey{
			ID: int64(k.ID), Name: k.Name, KeyPrefix: k.Prefix, KeyLast4: k.Last4, Groups: list(k.Groups),
			ExpiresAt: instant(k.ExpiresAt), CanLoginWebUI: k.CanLoginWebUI,
		}
	}
	return &profileOutput{Body: b}, nil
}

// userOf is the caller of an operation about somebody's own, who is a user.
func userOf(ctx context.Context) (*caller, error) {
	c := callerOf(ctx)
	if c.user == nil || c.key == nil {
		return nil, problem.New(http.StatusNotFound, problem.ErrorNotFound, "The admin token is no user and has nothing of its own.")
	}
	return c, nil
}

// rowsOf is the key whose requests a caller sees as its own; 0 = those of all
// keys of the user. Who may not sign in to the dashboard may be one of several
// who share a user, each with a key.
func (c *caller) rowsOf() domain.KeyID {
	if c.key.CanLoginWebUI {
		return 0
	}
	return c.key.ID
}
