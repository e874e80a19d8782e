package gateway_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/domain"
)

func ruled(o domain.ErrorOverride) func(*world) {
	return func(w *world) {
		w.config.Rules = []*domain.ErrorRule{{
			ID: 42, Pattern: "SECRET sauce", MatchType: domain.MatchContains, Category: "own", Enabled: true, Override: o,
		}}
	}
}

const saucy = `{"type":"error","error":{"type":"invalid_request_error","message":"no secret sauce at 10.1.2.3"}}`

// What a rule says goes to the client in the client's own form; the rest is the
// upstream's.
func TestErrorRulesOverrideWhatTheClientGets(t *testing.T) {
	t.Parallel()
	claude := []byte(`{"type":"error","error":{"type":"api_error","message":"Ask your admin"},"extra":1}`)
	for name, c := range map[string]struct {
		override domain.ErrorOverride
		upstream int
		status   int
		body     string
	}{
		"nothing":            {domain.ErrorOverride{}, 400, 400, saucy},
		"status alone":       {domain.ErrorOverride{Status: 422}, 400, 422, saucy},
		"a status of ours":   {domain.ErrorOverride{Status: 403}, 400, 403, saucy},
		"a body of its form": {domain.ErrorOverride{Response: claude}, 400, 400, string(claude)},
		"both":               {domain.ErrorOverride{Status: 451, Response: claude}, 400, 451, string(claude)},
		"an empty message":   {domain.ErrorOverride{Response: []byte(`{"type":"error","error":{"type":"x","message":""}}`)}, 400, 400, `{"type":"error","error":{"type":"x","message":"no secret sauce at"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ruled(c.override), says(c.upstream, "application/json", saucy))
			a := w.post(plainBody)
			require.Equal(t, c.status, a.status)
			require.Equal(t, c.body, a.body)
			res := w.actor.only(t)
			require.Equal(t, domain.ClassClientError, res.Class)
			require.Equal(t, int64(42), res.Matrix.Rule.RuleID)
			require.Equal(t, c.override.Status != 0, res.Matrix.Rule.HasOverrideStatusCode)
			require.Equal(t, c.override.Response != nil, res.Matrix.Rule.HasOverrideResponse)
			require.Equal(t, c.upstream, res.Status, "the record has what the upstream said")
		})
	}
}

// An override of one vendor's form reaches clients of every protocol in theirs.
func TestOverridesAreWordedForTheClient(t *testing.T) {
	t.Parallel()
	paths := map[string]string{"claude": "error.message", "chat": "error.message", "responses": "error.message", "gemini": "error.message", "gemini-cli": "error.message"}
	kinds := map[string]domain.ProviderType{
		"claude": domain.TypeClaude, "chat": domain.TypeOpenAICompatible, "responses": domain.TypeCodex,
		"gemini": domain.TypeGemini, "gemini-cli": domain.TypeGeminiCLI,
	}
	marks := map[string]func(gjson.Result) bool{
		"claude":     func(r gjson.Result) bool { return r.Get("type").Str == "error" },
		"chat":       func(r gjson.Result) bool { return r.Get("error.type").Exists() && !r.Get("type").Exists() },
		"responses":  func(r gjson.Result) bool { return r.Get("error.type").Exists() && !r.Get("type").Exists() },
		"gemini":     func(r gjson.Result) bool { return r.Get("error.status").Exists() },
		"gemini-cli": func(r gjson.Result) bool { return r.Get("error.status").Exists() },
	}
	overrides := []string{
		`{"type":"error","error":{"type":"api_error","message":"told"}}`,
		`{"error":{"message":"told","type":"server_error","code":null}}`,
		`{"error":{"code":400,"message":"told","status":"INVALID_ARGUMENT"}}`,
	}
	for name, kind := range kinds {
		for _, o := range overrides {
			w := newWorld(t, func(w *world) {
				ruled(domain.ErrorOverride{Status: 429, Response: []byte(o)})(w)
				w.config.Providers[0].Type = kind
			}, says(400, "application/json", `{"error":{"message":"secret sauce"}}`))
			path, body := "/v1/messages", plainBody
			if name != "claude" {
				p := wires()[name]
				path, body = as("m", p.plain), as("m", p.unstreamed())
			}
			a := w.callTo("POST", path, body)
			require.Equal(t, http.StatusTooManyRequests, a.status, "%s: %s", name, a.body)
			require.NotEmpty(t, a.header.Get("Retry-After"))
			doc := gjson.Parse(a.body)
			require.Equal(t, "told", doc.Get(paths[name]).Str, "%s: %s", name, a.body)
			require.True(t, marks[name](doc), "%s: %s", name, a.body)
		}
	}
}

// A provider of another protocol is no exception.
func TestOverridesOfConvertedCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		converting(t, domain.TypeGemini)(w)
		ruled(domain.ErrorOverride{Status: 409, Response: []byte(`{"error":{"message":"told","type":"x"}}`)})(w)
	}, says(400, "application/json", `{"error":{"code":400,"message":"secret sauce","status":"INVALID_ARGUMENT"}}`))
	a := w.post(plainBody)
	require.Equal(t, http.StatusConflict, a.status)
	require.Equal(t, "error", gjson.Get(a.body, "type").Str, a.body)
	require.Equal(t, "told", gjson.Get(a.body, "error.message").Str)
}
