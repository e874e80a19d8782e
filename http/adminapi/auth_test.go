package adminapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/http/adminapi"
	"github.com/claude-code-hub/cch/internal/domain"
)

func login(key string) call {
	return call{method: http.MethodPost, path: "/api/v1/auth/login", body: map[string]string{"key": key}}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	web := w.person("ann", nil, map[string]any{"canLoginWebUi": true})
	reader := w.person("bob", nil, nil)
	boss := w.person("eve", map[string]any{"role": "admin"}, map[string]any{"canLoginWebUi": true})
	for credential, want := range map[string]struct{ kind, to, role, name string }{
		adminToken:    {"admin", "/dashboard", "admin", "Admin Token"},
		boss.secret:   {"admin", "/dashboard", "admin", "eve"},
		web.secret:    {"dashboard_user", "/dashboard", "user", "ann"},
		reader.secret: {"readonly_user", "/me", "reader", "bob"},
	} {
		var got struct {
			User      struct{ Name string }
			LoginType string
			RedirectTo,
			Warning string
		}
		a := w.do(login(credential))
		a.into(t, http.StatusOK, &got)
		require.Equal(t, want.kind, got.LoginType)
		require.Equal(t, want.to, got.RedirectTo)
		require.Equal(t, want.name, got.User.Name)
		require.Equal(t, "insecure_transport", got.Warning)
		require.NotContains(t, a.text+a.header.Get("Set-Cookie"), credential)

		var me struct {
			Role        string
			Permissions []string
			Key         *struct{ ID int64 }
			ExpiresAt   *time.Time
		}
		w.signIn(credential).get("/api/v1/auth/me").into(t, http.StatusOK, &me)
		require.Equal(t, want.role, me.Role)
		require.Equal(t, w.clock().Add(7*24*time.Hour), *me.ExpiresAt)
		require.Equal(t, credential == adminToken, me.Key == nil)
		require.Contains(t, me.Permissions, "me:read")
	}
	alias := login(adminToken)
	alias.path = "/api/auth/login"
	require.Equal(t, http.StatusOK, w.do(alias).status)
}

func TestLoginRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	off := w.person("off", map[string]any{"isEnabled": false}, nil)
	w.do(login("")).refused(t, http.StatusBadRequest, "auth.key_required")
	w.do(login("sk-unknown")).refused(t, http.StatusUnauthorized, "auth.invalid")
	w.do(login(off.secret)).refused(t, http.StatusUnauthorized, "auth.user_disabled")
	foreign := login(adminToken)
	foreign.header = map[string]string{"Origin": "https://evil.example"}
	w.do(foreign).refused(t, http.StatusForbidden, "auth.csrf_invalid")
	foreign.header = map[string]string{"Sec-Fetch-Site": "cross-site"}
	w.do(foreign).refused(t, http.StatusForbidden, "auth.csrf_invalid")
}

func TestCookieAttributes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plain := w.do(login(adminToken)).header.Get("Set-Cookie")
	require.Contains(t, plain, "HttpOnly")
	require.Contains(t, plain, "SameSite=Lax")
	require.Contains(t, plain, "Path=/")
	require.Contains(t, plain, "Max-Age=604800")
	require.NotContains(t, plain, "Secure", "a browser would drop it on plain HTTP")

	tls := login(adminToken)
	tls.peer, tls.header = "10.9.9.9:1", map[string]string{"X-Forwarded-Proto": "https", "X-Forwarded-For": "1.2.3.4"}
	a := w.do(tls)
	require.Contains(t, a.header.Get("Set-Cookie"), "Secure")
	require.NotContains(t, a.text, "insecure_transport")
}

func TestLogoutEndsTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/api/v1/auth/logout", "/api/auth/logout"} {
		b := w.signIn(adminToken)
		a := b.do(http.MethodPost, path, nil)
		require.Equal(t, http.StatusNoContent, a.status, a.text)
		require.Contains(t, a.header.Get("Set-Cookie"), "Max-Age=0")
		b.get("/api/v1/auth/me").refused(t, http.StatusUnauthorized, "auth.invalid")
	}
}

func TestSessionsEndWithWhatTheyStandOn(t *testing.T) {
	t.Parallel()
	start := func(t *testing.T) (*world, person, browser) {
		t.Helper()
		w := newWorld(t)
		p := w.person("ann", nil, map[string]any{"canLoginWebUi": true})
		b := w.signIn(p.secret)
		require.Equal(t, http.StatusOK, b.get("/api/v1/auth/me").status)
		return w, p, b
	}
	ended := func(t *testing.T, b browser, code string) {
		t.Helper()
		b.get("/api/v1/auth/me").refused(t, http.StatusUnauthorized, code)
	}
	t.Run("time", func(t *testing.T) {
		t.Parallel()
		w, _, b := start(t)
		w.advance(7*24*time.Hour - time.Second)
		require.Equal(t, http.StatusOK, b.get("/api/v1/auth/me").status)
		w.advance(time.Second)
		ended(t, b, "auth.invalid")
	})
	t.Run("user disabled", func(t *testing.T) {
		t.Parallel()
		w, p, b := start(t)
		w.admin(http.MethodPatch, fmt.Sprintf("/api/v1/users/%d", p.userID), `{"isEnabled":false}`)
		ended(t, b, "auth.user_disabled")
	})
	t.Run("key deleted", func(t *testing.T) {
		t.Parallel()
		w, p, b := start(t)
		require.Equal(t, http.StatusNoContent, w.admin(http.MethodDelete, fmt.Sprintf("/api/v1/keys/%d", p.keyID), nil).status)
		ended(t, b, "auth.invalid")
	})
	t.Run("user deleted", func(t *testing.T) {
		t.Parallel()
		w, p, b := start(t)
		require.Equal(t, http.StatusNoContent, w.admin(http.MethodDelete, fmt.Sprintf("/api/v1/users/%d", p.userID), nil).status)
		ended(t, b, "auth.invalid")
	})
	t.Run("web access taken away", func(t *testing.T) {
		t.Parallel()
		w, p, b := start(t)
		w.admin(http.MethodPatch, fmt.Sprintf("/api/v1/keys/%d", p.keyID), `{"canLoginWebUi":false}`)
		b.get(fmt.Sprintf("/api/v1/users/%d/keys", p.userID)).refused(t, http.StatusForbidden, "auth.forbidden")
	})
}

func TestForgedCookies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signIn(adminToken)
	value := strings.TrimPrefix(b.cookie, adminapi.CookieName+"=")
	for _, forged := range []string{"", "x", value[:len(value)-1], "A" + value[1:], value[:20] + "AAAA" + value[24:]} {
		fake := b
		fake.cookie = adminapi.CookieName + "=" + forged
		require.Equal(t, http.StatusUnauthorized, fake.get("/api/v1/auth/me").status, forged)
	}
}

func TestAnotherAdminTokenEndsAdminSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person("ann", nil, map[string]any{"canLoginWebUi": true})
	admin, user := w.signIn(adminToken), w.signIn(p.secret)
	o := w.api.Options
	o.Auth.AdminToken = "another-admin-token"
	w.handler = withRequestID(adminapi.New(o))
	admin.get("/api/v1/auth/me").refused(t, http.StatusUnauthorized, "auth.invalid")
	require.Equal(t, http.StatusOK, user.get("/api/v1/auth/me").status)
}

func TestChangesByCookieNeedTheToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signIn(adminToken)
	create := func(header map[string]string) answer {
		header["Cookie"] = b.cookie
		return w.do(call{method: http.MethodPost, path: "/api/v1/provider-groups", body: `{"name":"g"}`, header: header})
	}
	create(map[string]string{}).refused(t, http.StatusForbidden, "auth.csrf_invalid")
	create(map[string]string{"X-CSRF-Token": "made-up"}).refused(t, http.StatusForbidden, "auth.csrf_invalid")
	other := w.signIn(adminToken)
	create(map[string]string{"X-CSRF-Token": other.csrf}).refused(t, http.StatusForbidden, "auth.csrf_invalid")
	create(map[string]string{"X-CSRF-Token": b.csrf, "Origin": "http://evil.example"}).refused(t, http.StatusForbidden, "auth.csrf_invalid")
	w.advance(29 * time.Minute)
	require.Equal(t, http.StatusCreated, create(map[string]string{"X-CSRF-Token": b.csrf, "Origin": "http://hub.example"}).status)
	w.advance(time.Hour)
	create(map[string]string{"X-CSRF-Token": b.csrf}).refused(t, http.StatusForbidden, "auth.csrf_invalid")
	require.Equal(t, http.StatusOK, b.get("/api/v1/provider-groups").status, "reading needs none")
}

func TestBearerRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person("ann", nil, nil)
	get := func(header map[string]string) answer {
		return w.do(call{method: http.MethodGet, path: "/api/v1/auth/me", header: header})
	}
	get(nil).refused(t, http.StatusUnauthorized, "auth.missing")
	get(bearer("nonsense")).refused(t, http.StatusUnauthorized, "auth.invalid")
	get(map[string]string{"Authorization": "Bearer " + p.secret, "X-Api-Key": adminToken}).refused(t, http.StatusUnauthorized, "auth.invalid")
	require.Equal(t, http.StatusOK, get(map[string]string{"Authorization": "bearer  " + p.secret}).status)
	require.Equal(t, http.StatusOK, get(map[string]string{"X-Api-Key": p.secret}).status)
}

func TestKeysOfAdministratorsMayBeLetIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *adminapi.Options) { o.Auth.APIKeyAdminAccess = true })
	boss := w.person("boss", map[string]any{"role": "admin"}, nil)
	plain := w.person("plain", nil, nil)
	list := func(secret string) answer {
		return w.do(call{method: http.MethodGet, path: "/api/v1/users", header: bearer(secret)})
	}
	require.Equal(t, http.StatusOK, list(boss.secret).status)
	list(plain.secret).refused(t, http.StatusForbidden, "auth.forbidden")

	closed := newWorld(t)
	boss = closed.person("boss", map[string]any{"role": "admin"}, nil)
	closed.do(call{method: http.MethodGet, path: "/api/v1/users", header: bearer(boss.secret)}).
		refused(t, http.StatusForbidden, "auth.api_key_admin_disabled")
}

func TestGuessingIsThrottledPerAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	guess := func(peer string) answer {
		c := login("sk-guess")
		c.peer = peer
		return w.do(c)
	}
	for range 10 {
		guess("198.51.100.7:1").refused(t, http.StatusUnauthorized, "auth.invalid")
	}
	locked := guess("198.51.100.7:2")
	locked.refused(t, http.StatusTooManyRequests, "rate_limit.exceeded")
	require.Equal(t, "900", locked.header.Get("Retry-After"))

	bearerGuess := call{method: http.MethodGet, path: "/api/v1/auth/me", header: bearer("x"), peer: "198.51.100.7:3"}
	w.do(bearerGuess).refused(t, http.StatusTooManyRequests, "rate_limit.exceeded")

	right := login(adminToken)
	right.peer = "198.51.100.7:4"
	require.Equal(t, http.StatusOK, w.do(right).status, "a valid credential gets in even from a locked address")

	guess("203.0.113.1:1").refused(t, http.StatusUnauthorized, "auth.invalid")
	o := w.api.Options // a restart forgets nothing
	w.handler = withRequestID(adminapi.New(o))
	guess("198.51.100.7:5").refused(t, http.StatusTooManyRequests, "rate_limit.exceeded")

	w.advance(15*time.Minute + time.Second)
	guess("198.51.100.7:6").refused(t, http.StatusUnauthorized, "auth.invalid")
}

func TestGuessingIsThrottledPerNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 30 {
		c := login("sk-guess")
		c.peer = fmt.Sprintf("198.51.100.%d:1", i)
		w.do(c).refused(t, http.StatusUnauthorized, "auth.invalid")
	}
	c := login("sk-guess")
	c.peer = "198.51.100.200:1"
	w.do(c).refused(t, http.StatusTooManyRequests, "rate_limit.exceeded")
	c.peer = "198.51.101.1:1"
	w.do(c).refused(t, http.StatusUnauthorized, "auth.invalid")
}

func TestFailuresFarApartDoNotAddUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 20 {
		c := login("sk-guess")
		c.peer = "198.51.100.7:1"
		w.do(c).refused(t, http.StatusUnauthorized, "auth.invalid")
		w.advance(time.Minute)
	}
}

func TestSpoofedAddressesDoNotEvadeTheThrottle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status := 0
	for i := range 11 {
		c := login("sk-guess")
		c.peer = "198.51.100.7:1"
		c.header = map[string]string{"X-Forwarded-For": fmt.Sprintf("1.1.1.%d", i), "X-Real-IP": fmt.Sprintf("2.2.2.%d", i)}
		status = w.do(c).status
	}
	require.Equal(t, http.StatusTooManyRequests, status)
}

func TestSessionsAreKeptAsHashes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person("ann", nil, nil)
	w.signIn(p.secret)
	kept, err := w.store.AuthSessions().List(t.Context(), domain.UserID(p.userID))
	require.NoError(t, err)
	require.Len(t, kept, 1)
	require.Equal(t, domain.AuthReadOnly, kept[0].Kind)
	require.Equal(t, "192.0.2.1", kept[0].IP)
}
