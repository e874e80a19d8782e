package gateway_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/domain"
)

// filtering configures request filters.
func filtering(filters ...*domain.RequestFilter) func(*world) {
	return func(w *world) {
		for i, f := range filters {
			f.ID, f.Enabled = domain.RequestFilterID(i+1), true
			if f.Binding == "" {
				f.Binding = domain.FilterGlobal
			}
			if f.Phase == "" {
				f.Phase = domain.FilterGuard
			}
		}
		w.config.Filters = filters
	}
}

func mask(text, with string) *domain.RequestFilter {
	return &domain.RequestFilter{
		Name: "mask " + text, Mode: domain.FilterSimple, Scope: domain.FilterBody, Action: domain.FilterTextReplace,
		MatchType: domain.MatchContains, Target: text, Replacement: json.RawMessage(`"` + with + `"`),
	}
}

func doing(t testing.TB, name string, phase domain.FilterPhase, operations string) *domain.RequestFilter {
	t.Helper()
	f := &domain.RequestFilter{Name: name, Phase: phase, Mode: domain.FilterAdvanced}
	require.NoError(t, json.Unmarshal([]byte(operations), &f.Operations))
	return f
}

// boundTo binds a filter to providers.
func boundTo(f *domain.RequestFilter, ids ...domain.ProviderID) *domain.RequestFilter {
	f.Binding, f.Providers = domain.FilterProviders, ids
	return f
}

const oddBody = `{ "unknown":[1.50,{"x":null}] , "model":"claude-5","metadata":{"user_id":"me"},` +
	`"messages":[{"role":"user","content":"h\u00e9llo Bob"}]}  `

// seen is what a provider got.
type seen struct {
	body   string
	header http.Header
}

// spied answers as h does and tells what it was sent.
func spied(h http.HandlerFunc) (http.HandlerFunc, <-chan seen) {
	calls := make(chan seen, 8)
	recorded, bodies := recording(h)
	return func(w http.ResponseWriter, r *http.Request) {
		header := r.Header.Clone()
		recorded(w, r)
		_, body, _ := strings.Cut(<-bodies, " ")
		calls <- seen{body, header}
	}, calls
}

func TestFiltersThatMeanNothingLeaveEveryByte(t *testing.T) {
	t.Parallel()
	h, calls := spied(says(200, "application/json", message))
	w := newWorld(t, filtering(
		mask("not there", "x"), boundTo(mask("Bob", "x"), 2), boundTo(doing(t, "final", domain.FilterFinal, `[{"op":"set","path":"a","value":1}]`), 2),
		doing(t, "header", domain.FilterFinal, `[{"op":"remove","scope":"header","path":"x-none"}]`),
	), h)
	require.Equal(t, 200, w.post(oddBody).status)
	requireSame(t, oddBody, (<-calls).body)
	require.Empty(t, w.actor.only(t).Special)
}

func TestFiltersSpliceTheBody(t *testing.T) {
	t.Parallel()
	h, calls := spied(says(200, "application/json", message))
	w := newWorld(t, filtering(
		mask("llo Bob", "***"),
		boundTo(doing(t, "bound", domain.FilterGuard, `[{"op":"set","path":"unknown[1].x","value":true},{"op":"set","scope":"header","path":"x-team","value":"red"}]`), 1),
		doing(t, "final", domain.FilterFinal, `[{"op":"remove","path":"metadata"},{"op":"set","scope":"header","path":"user-agent","value":"agent/1"},{"op":"remove","scope":"header","path":"x-app"}]`),
	), h)
	r := w.request(t.Context(), oddBody)
	r.Header.Set("X-App", "cli")
	require.Equal(t, 200, w.do(r).status)
	got := <-calls
	requireSame(t, `{ "unknown":[1.50,{"x":true}] , "model":"claude-5",`+`"messages":[{"role":"user","content":"hé***"}]}  `, got.body)
	require.Equal(t, "red", got.header.Get("X-Team"))
	require.Equal(t, "agent/1", got.header.Get("User-Agent"))
	require.Empty(t, got.header.Values("X-App"))
	require.Equal(t, "Bearer sk-upstream", got.header.Get("Authorization"))
	require.Equal(t, []domain.SpecialSetting{
		{Type: domain.SpecialRequestFilter, ProviderID: 1, Attempt: 1, Mode: "guard", Filters: []string{"mask llo Bob", "bound"}},
		{Type: domain.SpecialRequestFilter, ProviderID: 1, Attempt: 1, Mode: "final", Filters: []string{"final"}},
	}, w.actor.only(t).Special)
	require.Zero(t, w.gateway.Stats().BodyBytes)
}

// What is bound to one provider never shows at another, which gets the client's
// body again.
func TestBoundFiltersBeginAnewWithEveryAttempt(t *testing.T) {
	t.Parallel()
	first, calls1 := spied(says(503, "application/json", `{"error":"busy"}`))
	second, calls2 := spied(says(200, "application/json", message))
	w := newWorld(t, filtering(
		mask("Bob", "***"), boundTo(doing(t, "one", domain.FilterGuard, `[{"op":"set","path":"temperature","value":0.5},{"op":"set","scope":"header","path":"x-only","value":"1"}]`), 1),
		boundTo(doing(t, "two", domain.FilterFinal, `[{"op":"set","path":"top_p","value":0.1}]`), 2),
	), first, second)
	require.Equal(t, 200, w.post(plainBody[:len(plainBody)-1]+`,"who":"Bob"}`).status)
	one, two := <-calls1, <-calls2
	requireSame(t, plainBody[:len(plainBody)-1]+`,"who":"***","temperature":0.5}`, one.body)
	requireSame(t, plainBody[:len(plainBody)-1]+`,"who":"***","top_p":0.1}`, two.body)
	require.Equal(t, "1", one.header.Get("X-Only"))
	require.Empty(t, two.header.Values("X-Only"))
	results := w.actor.wait(t, 2)
	require.Equal(t, []string{"mask Bob", "one"}, results[0].Special[0].Filters)
	require.Equal(t, []string{"mask Bob"}, results[1].Special[0].Filters)
	require.Equal(t, []string{"two"}, results[1].Special[1].Filters)
	require.Eventually(t, func() bool { return w.gateway.Stats().BodyBytes == 0 }, 5*time.Second, time.Millisecond)
}

// A redirected model and completions are spliced into what filters left.
func TestFiltersGoBeforeOtherEdits(t *testing.T) {
	t.Parallel()
	h, calls := spied(streams(wholeStream("glm-5")))
	set := filtering(
		boundTo(doing(t, "longer", domain.FilterGuard, `[{"op":"merge","path":"","value":{"metadata":null,"system":"be brief"}}]`), 1),
		doing(t, "last", domain.FilterFinal, `[{"op":"set","path":"model","value":"glm-6"}]`),
	)
	w := newWorld(t, func(w *world) {
		set(w)
		w.actor.model = "glm-5"
	}, h)
	a := w.post(streamBody)
	require.Equal(t, wholeStream("claude-5"), a.body, "the client still reads the name that it asked for")
	got := (<-calls).body
	user := gjson.Get(got, "metadata.user_id").Raw
	require.NotEqual(t, `"u"`, user)
	requireSame(t, `{"model":"glm-6","stream":true,"max_tokens":64,"messages":[{"role":"user","content":"hi"}],"system":"be brief","metadata":{"user_id":`+user+`}}`, got)
}

// A model that a filter sets for everybody is the one that is routed.
func TestAGlobalFilterMayChangeTheModel(t *testing.T) {
	t.Parallel()
	h, calls := spied(says(200, "application/json", message))
	w := newWorld(t, filtering(doing(t, "model", domain.FilterGuard, `[{"op":"set","path":"model","value":"claude-6"}]`)), h)
	require.Equal(t, 200, w.post(plainBody).status)
	requireSame(t, strings.Replace(plainBody, "claude-5", "claude-6", 1), (<-calls).body)
	require.Equal(t, "claude-6", w.actor.lastAdmit(t).Model)
}

func TestFiltersThatBreakTheRequestAreLeftOut(t *testing.T) {
	t.Parallel()
	h, calls := spied(says(200, "application/json", message))
	w := newWorld(t, filtering(
		doing(t, "no model", domain.FilterGuard, `[{"op":"remove","path":"model"}]`),
		boundTo(doing(t, "no place", domain.FilterGuard, `[{"op":"set","path":"model.name","value":1}]`), 1),
	), h)
	require.Equal(t, 200, w.post(plainBody).status)
	requireSame(t, plainBody, (<-calls).body)
	require.Equal(t, []domain.SpecialSetting{{
		Type: domain.SpecialRequestFilter, ProviderID: 1, Attempt: 1, Mode: "guard", Trigger: "failed", Filters: []string{"no model", "no place"},
	}}, w.actor.only(t).Special)
}

// Converted requests are filtered in the client's form first, in the provider's
// at last.
func TestFiltersAroundAConversion(t *testing.T) {
	t.Parallel()
	h, calls := spied(streams(chatStream(t)))
	convert := converting(t, domain.TypeOpenAICompatible)
	set := filtering(
		boundTo(doing(t, "claude form", domain.FilterGuard, `[{"op":"set","path":"system","value":"be brief"}]`), 1),
		doing(t, "chat form", domain.FilterFinal, `[{"op":"set","path":"messages[0].content","value":"be very brief"},{"op":"set","path":"seed","value":7}]`),
	)
	w := newWorld(t, func(w *world) {
		convert(w)
		set(w)
	}, h)
	require.Equal(t, 200, w.post(streamBody).status)
	got := (<-calls).body
	require.Equal(t, "system", gjson.Get(got, "messages.0.role").Str, got)
	require.Equal(t, "be very brief", gjson.Get(got, "messages.0.content").Str)
	require.Equal(t, int64(7), gjson.Get(got, "seed").Int())
}

func TestCountsAndResourcesAreNotFiltered(t *testing.T) {
	t.Parallel()
	h, calls := spied(says(200, "application/json", `{"input_tokens":3}`))
	w := newWorld(t, filtering(mask("hi", "***"), doing(t, "final", domain.FilterFinal, `[{"op":"set","path":"a","value":1}]`)), h)
	r := w.request(t.Context(), plainBody)
	r.URL.Path = "/v1/messages/count_tokens"
	require.Equal(t, 200, w.do(r).status)
	requireSame(t, plainBody, (<-calls).body)
}

// A hedge's two calls have copies of their own.
func TestFiltersInARace(t *testing.T) {
	t.Parallel()
	slow := make(chan string)
	h, calls := spied(says(200, "application/json", message))
	w := newWorld(t, func(w *world) {
		filtering(boundTo(mask("hi", "one"), 1), boundTo(mask("hi", "two"), 2))(w)
		w.actor.hedgeAfter = time.Millisecond
	}, paced(slow), h)
	a := w.post(plainBody)
	close(slow)
	requireSame(t, message, a.body)
	requireSame(t, strings.Replace(plainBody, `"hi"`, `"two"`, 1), (<-calls).body)
	require.Eventually(t, func() bool { return w.gateway.Stats().BodyBytes == 0 }, 5*time.Second, time.Millisecond)
}

// BenchmarkFilters compares calls without filters, with one that finds nothing
// and with one that changes the body.
func BenchmarkFilters(b *testing.B) {
	body := tenKB()
	for name, filters := range map[string][]*domain.RequestFilter{
		"none": nil, "nothing found": {mask("not there", "x")}, "one change": {mask("user", "x"), doing(b, "set", domain.FilterFinal, `[{"op":"set","path":"top_k","value":1}]`)},
	} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, filtering(filters...), says(200, "application/json", message))
			benchmarkCalls(b, w.gateway, func() *http.Request { return w.request(b.Context(), body) })
		})
	}
}
