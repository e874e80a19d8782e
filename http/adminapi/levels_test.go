package adminapi_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gorilla/mux"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/http/adminapi"
	"github.com/claude-code-hub/cch/http/openapi"
)

type declared struct {
	method, path, level string
	op                  *huma.Operation
}

// operations lists what the document declares.
func operations(doc *huma.OpenAPI) []declared {
	var all []declared
	for path, item := range doc.Paths {
		for method, op := range map[string]*huma.Operation{
			http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put,
			http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
		} {
			if op != nil {
				level, _ := op.Extensions[openapi.LevelExtension].(string)
				all = append(all, declared{method, path, level, op})
			}
		}
	}
	return all
}

// routes lists what the router answers.
func routes(t *testing.T, r *mux.Router) []string {
	t.Helper()
	var all []string
	require.NoError(t, r.Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		path, err := route.GetPathTemplate()
		require.NoError(t, err)
		methods, err := route.GetMethods()
		require.NoError(t, err, "a route without methods takes all: %s", path)
		for _, m := range methods {
			all = append(all, m+" "+path)
		}
		return nil
	}))
	return all
}

func TestEveryRouteIsDocumented(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := []string{"GET /api/v1/openapi.json", "GET /api/actions/openapi.json"} // the document itself, and its viewers
	viewers := mux.NewRouter()
	require.NoError(t, openapi.MountViewers(viewers, adminapi.BasePath))
	require.NoError(t, openapi.MountViewers(viewers, "/api/actions"))
	want = append(want, routes(t, viewers)...)
	ids := map[string]bool{}
	for _, o := range operations(w.api.Document()) {
		want = append(want, o.method+" "+o.path)
		require.Contains(t, []string{"P", "S", "G", "U", "A"}, o.level, "%s %s declares no level", o.method, o.path)
		require.NotEmpty(t, o.op.Summary, o.path)
		require.NotEmpty(t, o.op.Tags, o.path)
		require.False(t, ids[o.op.OperationID], "operation id %s is used twice", o.op.OperationID)
		ids[o.op.OperationID] = true
		require.Equal(t, o.level != "P", len(o.op.Security) > 0, o.path)
	}
	require.ElementsMatch(t, want, routes(t, w.api.Router()))
	require.Greater(t, len(want), 45)
}

var pathParam = regexp.MustCompile(`\{[^}]+\}`)

// TestEveryRouteWithEveryLevel calls each operation as nobody, by key, as
// reader, user and administrator. Whoever is below its level gets 401 or 403,
// whoever is not gets anything else.
func TestEveryRouteWithEveryLevel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reader := w.person("reader", nil, nil)
	user := w.person("user", nil, map[string]any{"canLoginWebUi": true})
	boss := w.person("boss", map[string]any{"role": "admin"}, map[string]any{"canLoginWebUi": true})
	readerSession, userSession, bossSession := w.signIn(reader.secret), w.signIn(user.secret), w.signIn(boss.secret)

	as := map[string]struct {
		levels string
		do     func(method, path string) answer
	}{
		"nobody": {"P", func(method, path string) answer { return w.do(call{method: method, path: path, body: "{}"}) }},
		"key": {"PSG", func(method, path string) answer {
			return w.do(call{method: method, path: path, body: "{}", header: bearer(user.secret)})
		}},
		"boss's key": {"PSG", func(method, path string) answer {
			return w.do(call{method: method, path: path, body: "{}", header: map[string]string{"X-Api-Key": boss.secret}})
		}},
		"reader":      {"PSG", func(method, path string) answer { return readerSession.do(method, path, "{}") }},
		"user":        {"PSGU", func(method, path string) answer { return userSession.do(method, path, "{}") }},
		"boss":        {"PSGUA", func(method, path string) answer { return bossSession.do(method, path, "{}") }},
		"admin token": {"PSGUA", func(method, path string) answer { return w.admin(method, path, "{}") }},
	}
	for _, o := range operations(w.api.Document()) {
		if strings.HasSuffix(o.path, "/auth/logout") || o.method == http.MethodDelete && strings.HasSuffix(o.path, "/auth/sessions") {
			continue // ends the sessions the others need; see TestLogoutEndsTheSession, TestWebSessionsAreListedAndEnded
		}
		path := pathParam.ReplaceAllString(o.path, "999999")
		for who, p := range as {
			got := p.do(o.method, path)
			allowed := strings.Contains(p.levels, o.level)
			refused := slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden}, got.status)
			require.Equal(t, !allowed, refused, "%s calls %s %s (level %s): %d %s", who, o.method, path, o.level, got.status, got.text)
			require.Less(t, got.status, 500, "%s calls %s %s: %s", who, o.method, path, got.text)
		}
	}
}

func TestUnknownPathsAndMethodsAnswerJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(call{method: http.MethodGet, path: "/api/v1/nothing"}).refused(t, http.StatusNotFound, "resource.not_found")
	w.do(call{method: http.MethodGet, path: "/api/v1//users"}).refused(t, http.StatusNotFound, "resource.not_found")
	w.do(call{method: http.MethodPut, path: "/api/v1/users"}).refused(t, http.StatusMethodNotAllowed, "request.method_not_allowed")
}

func TestEveryAnswerSaysWhoAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/api/v1/public/site-meta", "/api/v1/users", "/api/v1/nothing"} {
		h := w.do(call{method: http.MethodGet, path: path}).header
		require.Equal(t, "1", h.Get("X-API-Version"), path)
		require.Equal(t, "1.2.3", h.Get("X-App-Version"), path)
		require.Equal(t, "no-store", h.Get("Cache-Control"), path)
		require.NotEmpty(t, h.Get("X-Request-Id"), path)
	}
}

func TestDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{adminapi.BasePath + "/openapi.json", "/api/actions/openapi.json"} {
		var doc struct {
			OpenAPI    string
			Components struct {
				SecuritySchemes map[string]any
				Schemas         map[string]any
			}
		}
		a := w.do(call{method: http.MethodGet, path: path})
		a.into(t, http.StatusOK, &doc)
		require.Equal(t, "3.1.0", doc.OpenAPI)
		require.Contains(t, doc.Components.SecuritySchemes, "bearerAuth")
		require.Contains(t, doc.Components.SecuritySchemes, "apiKeyAuth")
		require.Contains(t, doc.Components.SecuritySchemes, "cookieAuth")
		require.Contains(t, doc.Components.Schemas, "Problem")
		require.NotContains(t, a.text, "$schema")
		require.NotContains(t, a.text, "unpkg.com")
	}
}

// TestDocumentNeedsNoDependencies lets the document be written by a tool that
// opens neither store nor listener.
func TestDocumentNeedsNoDependencies(t *testing.T) {
	t.Parallel()
	api := adminapi.New(adminapi.Options{Version: "dev"})
	path := filepath.Join(t.TempDir(), "openapi.json")
	require.NoError(t, openapi.WriteFile(api.Document(), path))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(text), `"/api/v1/usage-logs/{id}"`)
	require.NotRegexp(t, `"type": *(\[\s*)?""`, string(text), "no schema has a type without a name")
}
