package openapi_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humamux"
	"github.com/gorilla/mux"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/http/openapi"
)

func newAPI(appURL string) (huma.API, *mux.Router) {
	r := mux.NewRouter()
	api := humamux.New(r, openapi.Config("1.2.3", appURL))
	huma.Register(api, huma.Operation{OperationID: "greet", Method: http.MethodGet, Path: "/greet", Security: openapi.Security()},
		func(context.Context, *struct{}) (*struct{ Body struct{ Text string } }, error) { return nil, nil })
	return api, r
}

func TestConfigServesNothingByItself(t *testing.T) {
	t.Parallel()
	_, r := newAPI("")
	for _, path := range []string{"/docs", "/openapi.json", "/openapi.yaml", "/schemas/Greet.json"} {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		require.Equal(t, http.StatusNotFound, w.Code, path)
	}
}

func TestServers(t *testing.T) {
	t.Parallel()
	api, _ := newAPI("https://hub.example/gw/")
	require.Equal(t, "https://hub.example/gw", api.OpenAPI().Servers[0].URL)
	api, _ = newAPI("")
	require.Equal(t, "/", api.OpenAPI().Servers[0].URL)
}

func TestHandler(t *testing.T) {
	t.Parallel()
	api, _ := newAPI("")
	w := httptest.NewRecorder()
	openapi.Handler(api.OpenAPI()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	require.Equal(t, "application/openapi+json", w.Header().Get("Content-Type"))
	var doc struct {
		OpenAPI string `json:"openapi"`
		Info    struct {
			Version string `json:"version"`
		} `json:"info"`
		Paths map[string]any `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &doc))
	require.Equal(t, "3.1.0", doc.OpenAPI)
	require.Equal(t, "1.2.3", doc.Info.Version)
	require.Contains(t, doc.Paths, "/greet")
}

func TestWriteFileIsStable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string) string {
		api, _ := newAPI("")
		path := filepath.Join(dir, "made", name)
		require.NoError(t, openapi.WriteFile(api.OpenAPI(), path))
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		return string(text)
	}
	first := write("a.json")
	require.Equal(t, first, write("b.json"))
	require.JSONEq(t, `"3.1.0"`, string(mustField(t, first, "openapi")))
	require.Contains(t, first, "\n  \"openapi\"", "indented, for diffs")
}

func mustField(t *testing.T, doc, name string) json.RawMessage {
	t.Helper()
	var fields map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(doc), &fields))
	return fields[name]
}
