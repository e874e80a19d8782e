package adminapi

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
)

func (a *API) declareAuth() {
	login := huma.Operation{
		OperationID: "login", Method: http.MethodPost, Path: BasePath + "/auth/login", Tags: []string{"Auth"},
		Summary: "Sign in with the admin token or a user's key", Errors: []int{401, 403, 429},
	}
	rooted(a, LevelPublic, login, a.login)
	logout := huma.Operation{
		OperationID: "logout", Method: http.MethodPost, Path: BasePath + "/auth/logout", Tags: []string{"Auth"},
		Summary: "Sign out", DefaultStatus: http.StatusNoContent,
	}
	rooted(a, LevelSelf, logout, a.logout)

	login.OperationID, login.Path = "loginAlias", "/api/auth/login"
	logout.OperationID, logout.Path = "logoutAlias", "/api/auth/logout"
	rooted(a, LevelPublic, login, a.login)
	rooted(a, LevelSelf, logout, a.logout)

	operation(a, LevelSelf, huma.Operation{
		OperationID: "csrfToken", Method: http.MethodGet, Path: "/auth/csrf", Tags: []string{"Auth"},
		Summary: "Token for changes made with a session cookie",
	}, a.csrfToken)
	operation(a, LevelSelf, huma.Operation{
		OperationID: "me", Method: http.MethodGet, Path: "/auth/me", Tags: []string{"Auth"}, Summary: "Who am I",
	}, a.me)
}

type loginInput struct {
	Body struct {
		Key string `json:"key" required:"false" maxLength:"512" doc:"the admin token or a user's key" writeOnly:"true"`
	}
}

type loginOutput struct {
	SetCookie string `header:"Set-Cookie"`
	Body      loginBody
}

type loginBody struct {
	User       personBody `json:"user"`
	LoginType  string     `json:"loginType"         enum:"admin,dashboard_user,readonly_user"`
	RedirectTo string     `json:"redirectTo"`
	Warning    string     `json:"warning,omitempty" doc:"insecure_transport: the connection is not encrypted"`
}

type personBody struct {
	ID   int64  `json:"id"   doc:"-1 for the admin token"`
	Name string `json:"name"`
	Role string `json:"role" enum:"admin,user"`
}

// login starts a web session. The credential is tried before the throttle, so
// that a guesser cannot lock out whoever shares its address.
func (a *API) login(ctx context.Context, in *loginInput) (*loginOutput, error) {
	c := callerOf(ctx)
	if !a.sameOrigin(c) {
		return nil, csrfProblem()
	}
	credential := strings.TrimSpace(in.Body.Key)
	if credential == "" {
		return nil, problem.New(http.StatusBadRequest, "auth.key_required", "Enter the admin token or a key.")
	}
	p, kind, err := a.signIn(credential)
	if err != nil {
		return nil, a.throttle.failed(ctx, c.ip, err)
	}
	value, hash := a.admins.Load().cookies.mint(kind)
	now := a.Now()
	s := domain.AuthSession{
		TokenHash: hash, Kind: kind, CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(a.Auth.SessionTTL),
		UserAgent: c.userAgent,
	}
	if c.ip.IsValid() {
		s.IP = c.ip.String()
	}
	if p.user != nil {
		s.UserID, s.KeyID = p.user.ID, p.key.ID
	}
	if err := a.Stores.Auth.Create(ctx, s); err != nil {
		return nil, err
	}
	return &loginOutput{SetCookie: a.setCookie(c, value), Body: loginAnswer(p, c)}, nil
}

func (a *API) signIn(credential string) (*principal, domain.AuthKind, error) {
	if a.isAdminToken(credential) {
		return &principal{level: LevelAdmin}, domain.AuthAdminToken, nil
	}
	k, u, err := a.keyOf(credential)
	if err != nil {
		return nil, "", err
	}
	kind := domain.AuthReadOnly
	if k.CanLoginWebUI {
		kind = domain.AuthWeb
	}
	return &principal{level: webLevel(k, u), user: u, key: k}, kind, nil
}

func loginAnswer(p *principal, c *caller) loginBody {
	b := loginBody{User: personOf(p), LoginType: "dashboard_user", RedirectTo: "/dashboard"}
	switch p.level {
	case LevelAdmin:
		b.LoginType = "admin"
	case LevelSelf:
		b.LoginType, b.RedirectTo = "readonly_user", "/me"
	case LevelUser, LevelGlobal, LevelPublic:
	}
	if !c.https && !loopback(c.host) {
		b.Warning = "insecure_transport"
	}
	return b
}

func personOf(p *principal) personBody {
	role := domain.RoleUser
	if p.user == nil || p.user.Role == domain.RoleAdmin {
		role = domain.RoleAdmin
	}
	return personBody{ID: int64(p.userID()), Name: p.name(), Role: string(role)}
}

// loopback tells whether the browser addressed its own machine.
func loopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.Trim(host, "[]")
	}
	addr, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && addr.IsLoopback()
}

type logoutOutput struct {
	SetCookie string `header:"Set-Cookie"`
}

func (a *API) logout(ctx context.Context, _ *struct{}) (*logoutOutput, error) {
	c := callerOf(ctx)
	if c.session == nil { // a bearer credential has no session to end
		return &logoutOutput{}, nil
	}
	if err := a.Stores.Auth.Revoke(ctx, c.session.TokenHash); err != nil {
		return nil, err
	}
	return &logoutOutput{SetCookie: a.setCookie(c, "")}, nil
}

type csrfOutput struct {
	Body struct {
		Token string `json:"csrfToken" doc:"for the X-CSRF-Token header; empty for bearer credentials, which need none"`
	}
}

func (a *API) csrfToken(ctx context.Context, _ *struct{}) (*csrfOutput, error) {
	out := &csrfOutput{}
	if s := callerOf(ctx).session; s != nil {
		out.Body.Token = a.csrf.token(s.TokenHash, a.Now())
	}
	return out, nil
}

type meOutput struct{ Body meBody }

type meBody struct {
	User        personBody `json:"user"`
	Key         *keyRef    `json:"key"`
	Role        string     `json:"role"      enum:"admin,user,reader"`
	Permissions []string   `json:"permissions"`
	ExpiresAt   *time.Time `json:"expiresAt" doc:"end of the web session; null for bearer credentials"`
}

type keyRef struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

func (a *API) me(ctx context.Context, _ *struct{}) (*meOutput, error) {
	c := callerOf(ctx)
	b := meBody{User: personOf(c.principal), Role: roleAt(c.level), Permissions: permissions(c.level)}
	if c.key != nil {
		b.Key = &keyRef{ID: int64(c.key.ID), Name: c.key.Name}
	}
	if c.session != nil {
		end := a.sessionEnd(c.session).UTC()
		b.ExpiresAt = &end
	}
	return &meOutput{Body: b}, nil
}

// roleAt names what somebody is to the dashboard.
func roleAt(l Level) string {
	switch l {
	case LevelAdmin:
		return "admin"
	case LevelSelf:
		return "reader"
	case LevelUser, LevelGlobal, LevelPublic:
	}
	return "user"
}

// permissions name what the dashboard may offer at a level.
func permissions(l Level) []string {
	all := []string{"me:read"}
	if l.rank() >= LevelUser.rank() {
		all = append(all, "overview:read", "sessions:read", "logs:read", "keys:write")
	}
	if l == LevelAdmin {
		all = append(all, "providers:write", "users:write", "groups:write", "settings:write", "sessions:write")
	}
	return all
}
