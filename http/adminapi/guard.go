package adminapi

import (
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humamux"

	"github.com/claude-code-hub/cch/http/middleware"
	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/secrets"
)

// AuthOptions are how people and scripts prove who they are.
type AuthOptions struct {
	AdminToken domain.Secret
	// APIKeyAdminAccess lets keys of administrators call admin operations.
	APIKeyAdminAccess bool
	SecureCookies     bool
	SessionTTL        time.Duration // of a web session, absolute
	SessionKey        [32]byte      // signs cookies
	CSRFKey           [32]byte
}

// guard admits callers of at least the level and puts them into the context.
func (a *API) guard(level Level) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humamux.Unwrap(ctx)
		c := a.newCaller(r)
		if level != LevelPublic {
			if err := a.admit(r, c, level); err != nil {
				p := a.asProblem(r.Context(), ctx.Operation().OperationID, err)
				problem.WriteManagement(w, r, p, middleware.RequestIDFrom(r.Context()))
				return
			}
		}
		next(huma.WithValue(ctx, callerKey{}, c))
	}
}

func (a *API) newCaller(r *http.Request) *caller {
	return &caller{
		ip:        a.Proxies.ClientIP(r),
		userAgent: clip(r.UserAgent(), 512),
		host:      r.Host,
		https:     a.Proxies.HTTPS(r) || strings.HasPrefix(a.AppURL, "https://"),
		origin:    r.Header.Get("Origin"),
		fetchSite: r.Header.Get("Sec-Fetch-Site"),
	}
}

// admit authenticates the caller and checks the level.
func (a *API) admit(r *http.Request, c *caller, level Level) error {
	p, err := a.authenticate(r, c)
	if err != nil {
		return err
	}
	if p.level.rank() < level.rank() {
		if p.session == nil && p.user != nil && p.user.Role == domain.RoleAdmin && level == LevelAdmin {
			return problem.New(http.StatusForbidden, "auth.api_key_admin_disabled",
				"API keys may not call admin operations here. Use the admin token or sign in.")
		}
		return problem.New(http.StatusForbidden, problem.ErrorForbidden, "You may not call this operation.")
	}
	if p.session != nil && changes(r.Method) {
		if err := a.checkCSRF(r, c, p); err != nil {
			return err
		}
	}
	c.principal = p
	return nil
}

func changes(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// authenticate finds out who calls: by bearer credential, else by cookie.
func (a *API) authenticate(r *http.Request, c *caller) (*principal, error) {
	credential, ok := bearerOf(r)
	if !ok {
		return a.fromCookie(r)
	}
	p, err := a.fromCredential(credential)
	if err == nil {
		return p, nil // also from a locked address: whoever knows a valid one is no guesser
	}
	return nil, a.throttle.failed(r.Context(), c.ip, err)
}

// bearerOf finds the credential of a script. Two that differ count as a wrong one.
func bearerOf(r *http.Request) (string, bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	bearer := strings.EqualFold(scheme, "Bearer") && token != ""
	key := strings.TrimSpace(r.Header.Get("X-Api-Key"))
	switch {
	case bearer && key != "" && key != token:
		return "", true
	case bearer:
		return token, true
	}
	return key, key != ""
}

// fromCredential is the principal of the admin token or of a key sent as such.
// A key acts for its user's own data; it administers only where that is on.
func (a *API) fromCredential(credential string) (*principal, error) {
	if a.isAdminToken(credential) {
		return &principal{level: LevelAdmin}, nil
	}
	k, u, err := a.keyOf(credential)
	if err != nil {
		return nil, err
	}
	p := &principal{level: LevelSelf, user: u, key: k}
	if u.Role == domain.RoleAdmin && a.Auth.APIKeyAdminAccess {
		p.level = LevelAdmin
	}
	return p, nil
}

func (a *API) isAdminToken(credential string) bool {
	token := a.admins.Load().token
	return token != "" && secrets.Equal(credential, token.Reveal())
}

// keyOf finds a usable key and its user. Why a key is refused is told only to
// whoever has the key.
func (a *API) keyOf(credential string) (*domain.Key, *domain.User, error) {
	catalog := a.Catalog.Current()
	k := catalog.KeyByHash(secrets.HashKey(credential))
	if k == nil {
		return nil, nil, domain.NewFault(domain.KindUnauthenticated, domain.CodeInvalidAPIKey, "The credential is not valid.")
	}
	u := catalog.User(k.UserID)
	if f := domain.CredentialFault(k, u, a.Now()); f != nil {
		return nil, nil, f
	}
	return k, u, nil
}

func missingCredential() error {
	return domain.NewFault(domain.KindUnauthenticated, domain.CodeAuthMissing, "Sign in, or send a credential.")
}

// clip cuts s to at most n bytes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
