package adminapi

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// CookieName is the cookie of a web session.
const CookieName = "cch_session"

const (
	cookieRandom = 32
	cookieMAC    = 16
	touchEvery   = time.Minute
)

// cookieMint makes and checks cookie values: the kind of session, 256 random
// bits and a MAC over both, so that a forged value costs no look-up. The MAC of
// an admin token's session depends on the token: a new token ends them all.
type cookieMint struct{ user, admin [sha256.Size]byte }

func newCookieMint(key [sha256.Size]byte, token domain.Secret) cookieMint {
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte("admin token " + token.Reveal()))
	return cookieMint{user: key, admin: [sha256.Size]byte(mac.Sum(nil))}
}

// admins is the admin token in force, and the cookies that hang on it.
type admins struct {
	token   domain.Secret
	cookies cookieMint
}

// trust puts an admin token in force.
func (a *API) trust(token domain.Secret) {
	a.admins.Store(&admins{token: token, cookies: newCookieMint(a.Auth.SessionKey, token)})
}

const (
	cookieAdmin = 'a'
	cookieUser  = 'u'
)

// mint draws a value and the hash under which the store keeps its session.
func (m cookieMint) mint(kind domain.AuthKind) (value string, hash [sha256.Size]byte) {
	raw := make([]byte, 1+cookieRandom, 1+cookieRandom+cookieMAC)
	raw[0] = cookieUser
	if kind == domain.AuthAdminToken {
		raw[0] = cookieAdmin
	}
	_, _ = rand.Read(raw[1:]) // never fails since Go 1.24
	hash = sha256.Sum256(raw[1:])
	return base64.RawURLEncoding.EncodeToString(append(raw, m.sign(raw)...)), hash
}

// hash is the session's hash, or false for a value that we did not make.
func (m cookieMint) hash(value string) ([sha256.Size]byte, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || len(raw) != 1+cookieRandom+cookieMAC {
		return [sha256.Size]byte{}, false
	}
	signed, mac := raw[:1+cookieRandom], raw[1+cookieRandom:]
	return sha256.Sum256(signed[1:]), hmac.Equal(mac, m.sign(signed))
}

func (m cookieMint) sign(signed []byte) []byte {
	key := m.user
	if signed[0] == cookieAdmin {
		key = m.admin
	}
	mac := hmac.New(sha256.New, key[:])
	mac.Write(signed)
	return mac.Sum(nil)[:cookieMAC]
}

// setCookie is the header that hands value to the browser; an empty one takes
// the cookie away. It is Secure exactly when the request came by HTTPS: on plain
// HTTP a browser would drop it, and nobody could sign in.
func (a *API) setCookie(c *caller, value string) string {
	cookie := http.Cookie{ //nolint:gosec // Secure depends on how the request came; see above
		Name: CookieName, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: a.Auth.SecureCookies && c.https, MaxAge: int(a.Auth.SessionTTL.Seconds()),
	}
	if value == "" {
		cookie.MaxAge = -1
	}
	return cookie.String()
}

// fromCookie is the principal of a web session. A session ends with its time,
// by logout, and at once when its key or user is gone, disabled or expired.
func (a *API) fromCookie(r *http.Request) (*principal, error) {
	cookie, err := r.Cookie(CookieName)
	if err != nil {
		return nil, missingCredential()
	}
	ended := domain.NewFault(domain.KindUnauthenticated, domain.CodeInvalidAPIKey, "The session has ended. Sign in again.")
	hash, ok := a.admins.Load().cookies.hash(cookie.Value)
	if !ok {
		return nil, ended
	}
	s, err := a.Stores.Auth.Get(r.Context(), hash)
	switch {
	case domain.IsKind(err, domain.KindNotFound):
		return nil, ended
	case err != nil:
		return nil, err
	}
	now := a.Now()
	if !s.RevokedAt.IsZero() || !now.Before(a.sessionEnd(&s)) {
		return nil, ended
	}
	p, err := a.sessionPrincipal(&s, now)
	if err != nil {
		return nil, err
	}
	a.touch(r.Context(), &s, now)
	return p, nil
}

// sessionEnd honours a life that was shortened after the session began.
func (a *API) sessionEnd(s *domain.AuthSession) time.Time {
	if end := s.CreatedAt.Add(a.Auth.SessionTTL); end.Before(s.ExpiresAt) {
		return end
	}
	return s.ExpiresAt
}

func (a *API) sessionPrincipal(s *domain.AuthSession, now time.Time) (*principal, error) {
	if s.Kind == domain.AuthAdminToken {
		return &principal{level: LevelAdmin, session: s}, nil
	}
	catalog := a.Catalog.Current()
	k, u := catalog.Key(s.KeyID), catalog.User(s.UserID)
	if k == nil || u == nil || k.UserID != u.ID {
		return nil, domain.NewFault(domain.KindUnauthenticated, domain.CodeInvalidAPIKey, "The key of this session is gone.")
	}
	if f := domain.CredentialFault(k, u, now); f != nil {
		return nil, f
	}
	return &principal{level: webLevel(k, u), user: u, key: k, session: s}, nil
}

// webLevel is what a sign-in with the key allows, judged by the key as it is now.
func webLevel(k *domain.Key, u *domain.User) Level {
	switch {
	case !k.CanLoginWebUI:
		return LevelSelf
	case u.Role == domain.RoleAdmin:
		return LevelAdmin
	}
	return LevelUser
}

// touch notes that the session is in use; losing one note harms nobody.
func (a *API) touch(ctx context.Context, s *domain.AuthSession, now time.Time) {
	if now.Sub(s.LastSeenAt) < touchEvery {
		return
	}
	if err := a.Stores.Auth.Touch(ctx, s.TokenHash, now); err != nil {
		a.Logger.WarnContext(ctx, "last use of a web session not noted", "error", err)
	}
}
