package adminapi_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/routing"
)

func seedRules(t *testing.T, w *world) {
	t.Helper()
	defaults, err := routing.DefaultErrorRules()
	require.NoError(t, err)
	require.NoError(t, w.store.ErrorRules().Seed(t.Context(), defaults))
	require.NoError(t, w.catalog.Await(t.Context(), 1))
}

func TestErrorRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seedRules(t, w)
	a := w.admin(http.MethodGet, "/api/v1/error-rules?limit=100", nil)
	require.Equal(t, int64(34), gjson.Get(a.text, "total").Int(), a.text)
	require.True(t, gjson.Get(a.text, "items.0.isDefault").Bool())
	require.Equal(t, "null", gjson.Get(a.text, "items.0.overrideResponse").Raw)

	a = w.admin(http.MethodPost, "/api/v1/error-rules", `{"pattern":" sauce ","category":"own","priority":200,"overrideStatusCode":418,
		"overrideResponse":{"type":"error", "error":{"type":"api_error","message":""}}}`)
	require.Equal(t, http.StatusCreated, a.status, a.text)
	require.JSONEq(t, `{"type":"error","error":{"type":"api_error","message":""}}`, gjson.Get(a.text, "overrideResponse").Raw)
	require.Equal(t, "sauce", gjson.Get(a.text, "pattern").Str)
	require.Equal(t, "contains", gjson.Get(a.text, "matchType").Str)
	require.True(t, gjson.Get(a.text, "isEnabled").Bool())
	path := "/api/v1/error-rules/" + gjson.Get(a.text, "id").Raw
	w.admin(http.MethodPost, "/api/v1/error-rules", `{"pattern":"sauce","category":"x"}`).refused(t, http.StatusConflict, "resource.conflict")

	got := w.admin(http.MethodPost, "/api/v1/error-rules/test", `{"text":"no SAUCE for you","client":"gemini"}`)
	require.Equal(t, http.StatusOK, got.status, got.text)
	require.Equal(t, "client_error", gjson.Get(got.text, "class").Str, got.text)
	require.Equal(t, gjson.Get(a.text, "id").Raw, gjson.Get(got.text, "rule.id").Raw)
	require.Equal(t, int64(418), gjson.Get(got.text, "response.statusCode").Int())
	require.Equal(t, "no SAUCE for you", gjson.Get(got.text, "response.body.error.message").Str)
	require.NotEmpty(t, gjson.Get(got.text, "response.body.error.status").Str)

	a = w.admin(http.MethodPatch, path, `{"overrideResponse":null,"overrideStatusCode":null,"isEnabled":false,"description":"d"}`)
	require.Equal(t, http.StatusOK, a.status, a.text)
	require.Equal(t, "null", gjson.Get(a.text, "overrideResponse").Raw)
	got = w.admin(http.MethodPost, "/api/v1/error-rules/test", `{"text":"no SAUCE for you"}`)
	require.Equal(t, "upstream_rejected", gjson.Get(got.text, "class").Str, got.text)
	require.Equal(t, "null", gjson.Get(got.text, "rule").Raw)
	require.Equal(t, "null", gjson.Get(got.text, "response").Raw)
	require.Equal(t, http.StatusNoContent, w.admin(http.MethodDelete, path, nil).status)
	w.admin(http.MethodGet, path, nil).refused(t, http.StatusNotFound, "resource.not_found")
}

func TestDefaultErrorRulesAreLocked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seedRules(t, w)
	a := w.admin(http.MethodGet, "/api/v1/error-rules?q=context_length_exceeded", nil)
	require.Equal(t, int64(1), gjson.Get(a.text, "total").Int(), a.text)
	path := "/api/v1/error-rules/" + gjson.Get(a.text, "items.0.id").Raw
	w.admin(http.MethodDelete, path, nil).refused(t, http.StatusConflict, "resource.conflict")
	w.admin(http.MethodPatch, path, `{"pattern":"x"}`).refused(t, http.StatusConflict, "resource.conflict")
	require.Equal(t, http.StatusOK, w.admin(http.MethodPatch, path, `{"isEnabled":false,"overrideStatusCode":413}`).status)
	require.Equal(t, http.StatusNoContent, w.admin(http.MethodPost, "/api/v1/error-rules/restore-defaults", nil).status)
	a = w.admin(http.MethodGet, path, nil)
	require.True(t, gjson.Get(a.text, "isEnabled").Bool())
	require.Equal(t, "null", gjson.Get(a.text, "overrideStatusCode").Raw)
}

func TestErrorRulesRefuseWhatTheyCannotUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	big := `"` + strings.Repeat("x", 11<<10) + `"`
	for body, field := range map[string]string{
		`{"pattern":"(","matchType":"regex","category":"c"}`:             "pattern",
		`{"pattern":"(?=a)","matchType":"regex","category":"c"}`:         "pattern",
		`{"pattern":"(a{100}){100}","matchType":"regex","category":"c"}`: "pattern",
		`{"pattern":"   ","category":"c"}`:                               "pattern",
		`{"pattern":"` + strings.Repeat("x", 501) + `","category":"c"}`:  "pattern",
		`{"pattern":"x"}`: "category",
		`{"pattern":"x","category":"c","matchType":"glob"}`:                                   "matchType",
		`{"pattern":"x","category":"c","overrideStatusCode":200}`:                             "overrideStatusCode",
		`{"pattern":"x","category":"c","overrideResponse":{"message":"m"}}`:                   "overrideResponse",
		`{"pattern":"x","category":"c","overrideResponse":"m"}`:                               "overrideResponse",
		`{"pattern":"x","category":"c","overrideResponse":{"error":{"message":` + big + `}}}`: "overrideResponse",
	} {
		p := w.admin(http.MethodPost, "/api/v1/error-rules", body).refused(t, http.StatusBadRequest, "request.validation_failed")
		require.Equal(t, field, p.InvalidParams[0].Path[0], body)
	}
	a := w.admin(http.MethodGet, "/api/v1/error-rules", nil)
	require.Equal(t, int64(0), gjson.Get(a.text, "total").Int())
	p := w.admin(http.MethodPost, "/api/v1/error-rules/test", `{"text":"x","rule":{"pattern":"(","matchType":"regex"}}`).
		refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, []any{"rule", "pattern"}, p.InvalidParams[0].Path)
}

func TestARuleThatIsOnlyThoughtOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for status, class := range map[int]string{400: "client_error", 500: "provider_error"} {
		a := w.admin(http.MethodPost, "/api/v1/error-rules/test", `{"text":"Tool 7 is odd","statusCode":`+strconv.Itoa(status)+`,
			"rule":{"pattern":"tool \\d+ is","matchType":"regex"}}`)
		require.Equal(t, http.StatusOK, a.status, a.text)
		require.Equal(t, class, gjson.Get(a.text, "class").Str, a.text)
	}
}
