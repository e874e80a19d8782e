package ui_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/ui"
)

const document = `<!doctype html><html><head><!--base--><script data-boot>/*boot*/setTheme()</script>` +
	`<script type="module" src="./assets/app-1a2b.js"></script></head><body></body></html>`

func builtFiles() fstest.MapFS {
	file := func(body string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(body)} }
	return fstest.MapFS{
		".gitkeep":              file(""),
		"index.html":            file(document),
		"favicon.svg":           file("<svg/>"),
		"assets/app-1a2b.js":    file("plain script"),
		"assets/app-1a2b.js.br": file("brotli script"),
		"assets/app-1a2b.js.gz": file("gzip script"),
	}
}

func get(t *testing.T, opts ui.Options, target string, header ...string) *http.Response {
	t.Helper()
	return do(t, opts, http.MethodGet, target, header...)
}

// do sends one request; header alternates names and values.
func do(t *testing.T, opts ui.Options, method, target string, header ...string) *http.Response {
	t.Helper()
	if opts.Assets == nil {
		opts.Assets = builtFiles()
	}
	handler, err := ui.Handler(opts)
	require.NoError(t, err)
	request := httptest.NewRequest(method, target, http.NoBody)
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder.Result()
}

func text(t *testing.T, response *http.Response) string {
	t.Helper()
	var body strings.Builder
	require.NoError(t, response.Write(&body))
	_, content, _ := strings.Cut(body.String(), "\r\n\r\n")
	return content
}

func TestHandlerChoosesEncoding(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ accept, encoding, body string }{
		"brotli first":        {"gzip, deflate, br", "br", "brotli script"},
		"gzip alone":          {"gzip", "gzip", "gzip script"},
		"nothing asked":       {"", "", "plain script"},
		"brotli forbidden":    {"br;q=0, gzip;q=0.5", "gzip", "gzip script"},
		"unknown coding":      {"zstd", "", "plain script"},
		"malformed quality":   {"br;q=high", "", "plain script"},
		"upper case, spacing": {" BR ; q=1.0 ", "br", "brotli script"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response := get(t, ui.Options{}, "/assets/app-1a2b.js", "Accept-Encoding", tc.accept)
			require.Equal(t, http.StatusOK, response.StatusCode)
			require.Equal(t, tc.encoding, response.Header.Get("Content-Encoding"))
			require.Equal(t, "Accept-Encoding", response.Header.Get("Vary"))
			require.Equal(t, "text/javascript; charset=utf-8", response.Header.Get("Content-Type"))
			require.Equal(t, "nosniff", response.Header.Get("X-Content-Type-Options"))
			require.Equal(t, tc.body, text(t, response))
		})
	}
}

func TestHandlerCaching(t *testing.T) {
	t.Parallel()
	hashed := get(t, ui.Options{}, "/assets/app-1a2b.js")
	require.Equal(t, "public, max-age=31536000, immutable", hashed.Header.Get("Cache-Control"))
	named := get(t, ui.Options{}, "/favicon.svg")
	require.Equal(t, "no-cache", named.Header.Get("Cache-Control"))
	page := get(t, ui.Options{}, "/logs")
	require.Equal(t, "no-cache", page.Header.Get("Cache-Control"))

	for path, first := range map[string]*http.Response{"/assets/app-1a2b.js": hashed, "/favicon.svg": named, "/logs": page} {
		again := get(t, ui.Options{}, path, "If-None-Match", `"other", W/`+first.Header.Get("ETag"))
		require.Equal(t, http.StatusNotModified, again.StatusCode, path)
		require.Empty(t, text(t, again), path)
	}
	other := get(t, ui.Options{}, "/assets/app-1a2b.js", "Accept-Encoding", "br")
	require.NotEqual(t, hashed.Header.Get("ETag"), other.Header.Get("ETag"), "each encoding has its own strong validator")
}

func TestHandlerServesDocumentForEveryRoute(t *testing.T) {
	t.Parallel()
	opts := ui.Options{Boot: func(*http.Request) ui.Boot {
		return ui.Boot{Title: `</script><script>alert("x")`, Version: "1.2.3", Setup: true}
	}}
	for _, path := range []string{"/login", "/logs", "/settings/system", "/providers/12.5", "/users/"} {
		response := get(t, opts, path)
		require.Equal(t, http.StatusOK, response.StatusCode, path)
		body := text(t, response)
		require.Contains(t, body, `<base href="/">`, path)
		require.Contains(t, body, `window.__BOOT__={"basePath":"/","version":"1.2.3"`, path)
		require.NotContains(t, body, `<script>alert`, path)
	}
}

func TestHandlerPolicyAllowsExactlyTheBootScript(t *testing.T) {
	t.Parallel()
	response := get(t, ui.Options{Boot: func(*http.Request) ui.Boot { return ui.Boot{Title: "Büro & Söhne"} }}, "/logs")
	script := regexp.MustCompile(`(?s)<script data-boot>(.*?)</script>`).FindStringSubmatch(text(t, response))
	require.Len(t, script, 2)
	sum := sha256.Sum256([]byte(script[1]))
	policy := response.Header.Get("Content-Security-Policy")
	require.Contains(t, policy, "script-src 'self' 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	require.Contains(t, policy, "default-src 'self'")
	require.Contains(t, policy, "frame-ancestors 'none'")
	require.NotContains(t, policy, "unsafe-eval")
	require.Equal(t, 1, strings.Count(policy, "unsafe-inline"), "inline styles only")
	require.Equal(t, "same-origin", response.Header.Get("Referrer-Policy"))
}

func TestHandlerRoot(t *testing.T) {
	t.Parallel()
	signedIn := func(r *http.Request) bool { return r.Header.Get("Cookie") != "" }
	for name, tc := range map[string]struct {
		opts           ui.Options
		path, location string
		header         []string
	}{
		"guest":            {ui.Options{SignedIn: signedIn}, "/", "/login", nil},
		"signed in":        {ui.Options{SignedIn: signedIn}, "/", "/dashboard", []string{"Cookie", "cch_session=x"}},
		"nobody can tell":  {ui.Options{}, "/", "/dashboard", nil},
		"sub-path":         {ui.Options{BasePath: "/gw", SignedIn: signedIn}, "/gw/", "/gw/login", nil},
		"sub-path, slash":  {ui.Options{BasePath: "/gw/"}, "/gw", "/gw/dashboard", nil},
		"sub-path, nested": {ui.Options{BasePath: "a/b"}, "/a/b", "/a/b/dashboard", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response := get(t, tc.opts, tc.path, tc.header...)
			require.Equal(t, http.StatusFound, response.StatusCode)
			require.Equal(t, tc.location, response.Header.Get("Location"))
		})
	}
	head := do(t, ui.Options{}, http.MethodHead, "/")
	require.Equal(t, http.StatusOK, head.StatusCode)
}

func TestHandlerLeavesForeignPathsAlone(t *testing.T) {
	t.Parallel()
	opts := ui.Options{NotFound: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
	})}
	for _, path := range []string{
		"/v1/nope", "/v1beta/x", "/v1internal:countTokens", "/api", "/api/v1/nope", "/metrics", "/install/x.sh",
		"/assets/gone-ffff.js", "/robots.txt", "/assets", "/assets/app-1a2b.js.br",
	} {
		require.Equal(t, http.StatusTeapot, get(t, opts, path).StatusCode, path)
	}
	require.Equal(t, http.StatusTeapot, do(t, opts, http.MethodPost, "/logs").StatusCode)
	opts.BasePath = "/gw"
	require.Equal(t, http.StatusTeapot, get(t, opts, "/logs").StatusCode, "outside the mount point")
	require.Equal(t, http.StatusOK, get(t, opts, "/gw/logs").StatusCode)
	require.Equal(t, http.StatusTeapot, get(t, opts, "/gw/api/v1/nope").StatusCode)
	require.Equal(t, http.StatusOK, get(t, opts, "/gw/assets/app-1a2b.js").StatusCode)
}

func TestHandlerHeadHasNoBody(t *testing.T) {
	t.Parallel()
	response := do(t, ui.Options{}, http.MethodHead, "/assets/app-1a2b.js")
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "12", response.Header.Get("Content-Length"))
}

func TestHandlerWithoutBuiltDashboard(t *testing.T) {
	t.Parallel()
	opts := ui.Options{BasePath: "/gw", Assets: fstest.MapFS{".gitkeep": &fstest.MapFile{}}}
	response := get(t, opts, "/gw/settings/system")
	require.Equal(t, http.StatusOK, response.StatusCode)
	body := text(t, response)
	require.Contains(t, body, "without the web dashboard")
	require.Contains(t, body, `<base href="/gw/">`)
	require.Contains(t, body, `href="api/v1/docs"`)
	require.Contains(t, body, `href="api/health/ready"`)
	require.Contains(t, response.Header.Get("Content-Security-Policy"), "script-src 'self';")
}

func TestHandlerRefusesForeignDocument(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"no script":       `<html></html>`,
		"unclosed script": `<script data-boot>/*boot*/`,
	} {
		_, err := ui.Handler(ui.Options{Assets: fstest.MapFS{"index.html": {Data: []byte(body)}}})
		require.ErrorContains(t, err, "no boot script", name)
	}
}

// The embedded files differ between a fresh checkout and a full build; both must
// give a working handler.
func TestEmbeddedFiles(t *testing.T) {
	t.Parallel()
	handler, err := ui.Handler(ui.Options{})
	require.NoError(t, err)
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/login", http.NoBody))
	require.Equal(t, http.StatusOK, recorder.Code)
	page, err := ui.Index(ui.Boot{Version: "1.2.3"})
	if ui.Built() {
		require.NoError(t, err)
		require.Contains(t, string(page.HTML), `"version":"1.2.3"`)
		require.Contains(t, recorder.Body.String(), "window.__BOOT__=")
		return
	}
	require.Error(t, err)
	require.Contains(t, recorder.Body.String(), "without the web dashboard")
}
