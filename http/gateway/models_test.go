package gateway_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/domain"
)

// modelWorld has a provider of every kind; asked counts the calls to those that
// list their own models.
func modelWorld(t *testing.T, change func(*world)) (w *world, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	lists := func(body string) http.HandlerFunc {
		return func(rw http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			says(200, "application/json", body)(rw, r)
		}
	}
	w = newWorld(t, func(w *world) {
		p := w.config.Providers
		for i, typ := range []domain.ProviderType{domain.TypeClaude, domain.TypeClaude, domain.TypeOpenAICompatible, domain.TypeCodex, domain.TypeGemini} {
			p[i].Type = typ
		}
		p[0].Routing.AllowedModels = []domain.ModelRule{{MatchType: domain.MatchExact, Pattern: "claude-a"}, {MatchType: domain.MatchExact, Pattern: "alias"}}
		p[0].Routing.ModelRedirects = []domain.ModelRedirect{
			{MatchType: domain.MatchExact, Source: "alias", Target: "claude-a"}, {MatchType: domain.MatchExact, Source: "not-allowed", Target: "claude-a"},
		}
		p[1].Routing.AllowedModels = []domain.ModelRule{{MatchType: domain.MatchPrefix, Pattern: "claude-"}}
		if change != nil {
			change(w)
		}
	},
		lists(`{}`), lists(`{"data":[{"id":"claude-b"},{"id":"claude-a"},{"id":"other"}]}`),
		lists(`{"object":"list","data":[{"id":"gpt-chat"}]}`), lists(`{"data":[{"id":"gpt-codex"}]}`),
		lists(`{"models":[{"name":"models/gemini-x"}]}`))
	return w, asked
}

func ids(body, path string) []string {
	out := []string{}
	for _, id := range gjson.Get(body, path).Array() {
		out = append(out, id.Str)
	}
	return out
}

func TestModelsInTheShapeOfTheClient(t *testing.T) {
	t.Parallel()
	w, _ := modelWorld(t, nil)
	for call, c := range map[string]struct {
		header []string
		ids    string
		want   []string
	}{
		"/v1/models":                        {nil, "data.#.id", []string{"gpt-chat", "gpt-codex"}},
		"/v1/chat/models":                   {nil, "data.#.id", []string{"gpt-chat"}},
		"/v1/chat/completions/models":       {nil, "data.#.id", []string{"gpt-chat"}},
		"/v1/responses/models":              {nil, "data.#.id", []string{"gpt-codex"}},
		"/v1/models?x=1":                    {[]string{"Anthropic-Version", "2023-06-01"}, "data.#.id", []string{"alias", "claude-a", "claude-b"}},
		"/v1beta/models":                    {nil, "models.#.name", []string{"models/gemini-x"}},
		"/v1/models?x=2":                    {[]string{"X-Goog-Api-Key", clientKey}, "models.#.name", []string{"models/gemini-x"}},
		"/v1/models?api_type=claude":        {nil, "data.#.id", []string{"alias", "claude-a", "claude-b"}},
		"/v1/models?format=gemini":          {nil, "models.#.name", []string{"models/gemini-x"}},
		"/v1/models?x=3":                    {[]string{"X-Openai-Api-Type", "responses"}, "data.#.id", []string{"gpt-codex"}},
		"/v1/models?format=openai&api_type": {[]string{"Anthropic-Version", "1"}, "data.#.id", []string{"gpt-chat", "gpt-codex"}},
	} {
		a := w.callTo("GET", call, "", c.header...)
		require.Equal(t, 200, a.status, a.body)
		require.Equal(t, c.want, ids(a.body, c.ids), call)
	}
	claude := w.callTo("GET", "/v1/models?format=claude", "")
	requireSame(t, `{"id":"alias","type":"model","display_name":"alias","created_at":"1970-01-01T00:00:00Z"}`, gjson.Get(claude.body, "data.0").Raw)
	require.False(t, gjson.Get(claude.body, "has_more").Bool())
	openai := w.callTo("GET", "/v1/models", "")
	require.Equal(t, "list", gjson.Get(openai.body, "object").Str)
	require.Equal(t, "model", gjson.Get(openai.body, "data.0.object").Str)

	require.Equal(t, 401, w.callTo("GET", "/v1/models", "", "Authorization", "Bearer sk-no").status)
	started, finished := w.records.rows()
	require.Empty(t, started)
	require.Empty(t, finished)
	require.Empty(t, w.actor.admits)
}

func TestModelsAreThoseTheCallerMayUse(t *testing.T) {
	t.Parallel()
	w, _ := modelWorld(t, func(w *world) {
		w.config.Users[0].AllowedModels = []string{"GPT-chat", "claude-a", "gpt-foreign"}
		w.config.Providers[3].Groups = []string{"others"}
		w.config.Providers[4].Enabled = false
	})
	require.Equal(t, []string{"gpt-chat"}, ids(w.callTo("GET", "/v1/models", "").body, "data.#.id"))
	require.Equal(t, []string{"claude-a"}, ids(w.callTo("GET", "/v1/models?format=claude", "").body, "data.#.id"))
	require.JSONEq(t, `{"models":[]}`, w.callTo("GET", "/v1beta/models", "").body)
}

func TestUsableModelsNameTheirProtocols(t *testing.T) {
	t.Parallel()
	w, _ := modelWorld(t, func(w *world) {
		w.config.Providers[3].Groups = []string{"others"}
	})
	user, key := w.config.Users[0], w.config.Keys[0]
	claude, gemini := []domain.Protocol{domain.ProtocolClaude}, []domain.Protocol{domain.ProtocolGemini}
	require.Equal(t, []domain.UsableModel{
		{Name: "alias", Protocols: claude},
		{Name: "claude-a", Protocols: claude},
		{Name: "claude-b", Protocols: claude},
		{Name: "gemini-x", Protocols: gemini},
		{Name: "gpt-chat", Protocols: []domain.Protocol{domain.ProtocolChat}},
	}, w.gateway.Usable(t.Context(), key, user))
	limited := *user
	limited.AllowedModels = []string{"CLAUDE-A"}
	require.Equal(t, []domain.UsableModel{{Name: "claude-a", Protocols: claude}}, w.gateway.Usable(t.Context(), key, &limited))
	stranger := *key
	stranger.Groups = []string{"nobody's"}
	require.Empty(t, w.gateway.Usable(t.Context(), &stranger, user))
}

func TestUpstreamsAreAskedForTheirModelsOnce(t *testing.T) {
	t.Parallel()
	var now atomic.Int64
	w, asked := modelWorld(t, func(w *world) {
		w.opts.Now = func() time.Time { return time.Unix(1_800_000_000+now.Load(), 0) }
	})
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() { w.callTo("GET", "/v1/chat/models", "") })
	}
	clients.Wait()
	require.EqualValues(t, 1, asked.Load())
	now.Add(599)
	w.callTo("GET", "/v1/chat/models", "")
	require.EqualValues(t, 1, asked.Load())
	now.Add(2)
	w.callTo("GET", "/v1/chat/models", "")
	require.EqualValues(t, 2, asked.Load())
}

func TestAnUpstreamThatFailsKeepsItsModels(t *testing.T) {
	t.Parallel()
	var now atomic.Int64
	var broken atomic.Bool
	w := newWorld(t, func(w *world) {
		w.config.Providers[0].Type = domain.TypeOpenAICompatible
		w.opts.Now = func() time.Time { return time.Unix(1_800_000_000+now.Load(), 0) }
	}, func(rw http.ResponseWriter, r *http.Request) {
		if broken.Load() {
			says(500, "text/plain", "no")(rw, r)
			return
		}
		says(200, "application/json", `{"data":[{"id":"a"}]}`)(rw, r)
	})
	list := func() []string { return ids(w.callTo("GET", "/v1/models", "").body, "data.#.id") }
	broken.Store(true)
	require.Empty(t, list())
	broken.Store(false)
	require.Empty(t, list(), "it is not asked again at once")
	now.Add(31)
	require.Equal(t, []string{"a"}, list())
	broken.Store(true)
	now.Add(601)
	require.Equal(t, []string{"a"}, list())
}

func TestCodexGetsAListOfItsOwn(t *testing.T) {
	t.Parallel()
	w, _ := modelWorld(t, nil)
	a := w.callTo("GET", "/v1/models?client_version=0.169.0", "")
	require.JSONEq(t, `{"models":[]}`, a.body)
	tag := a.header.Get("Etag")
	require.Regexp(t, `^W/"[0-9a-f]+"$`, tag)
	again := w.callTo("GET", "/v1/models?client_version=0.169.0", "", "If-None-Match", tag)
	require.Equal(t, 304, again.status)
	require.Empty(t, again.body)
}
