package adminapi_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

const upstreamKey = "sk-upstream-0123456789abcd"

func (w *world) provider(extra string) (id int64) {
	w.t.Helper()
	var made struct{ ID int64 }
	w.admin(http.MethodPost, "/api/v1/providers",
		`{"name":"one","type":"claude","url":"https://api.example.com/","key":"`+upstreamKey+`"`+extra+`}`).
		into(w.t, http.StatusCreated, &made)
	return made.ID
}

func TestCreateProviderAsScriptsDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin(http.MethodPost, "/api/v1/providers", `{"name":"full","type":"codex","url":"https://relay.example.com/v1","key":"`+upstreamKey+`",
		"weight":7,"priority":2,"groups":["default","fast"],"groupPriorities":{"fast":1},"costMultiplier":1.25,
		"modelRedirects":[{"matchType":"exact","source":"a","target":"b"}],
		"allowedModels":["gpt-5",{"matchType":"prefix","pattern":"o"}],"acceptFormats":["claude","chat"],"codexInstructions":"force",
		"conversion":{"alwaysStream":true,"autoCache":false,"defaultMaxTokens":9000,"project":"p"},
		"limitConcurrentSessions":4,"circuitBreaker":{"failureThreshold":3,"openDurationMs":60000,"halfOpenSuccessThreshold":1},
		"proxyUrl":"socks5h://user:secret-pass@127.0.0.1:1080","customHeaders":{"X-Team":"value-of-header"},
		"firstByteTimeoutStreamingMs":30000,"maxAttempts":3,"isEnabled":false}`)
	var p map[string]any
	a.into(t, http.StatusCreated, &p)
	for _, secret := range []string{upstreamKey, "secret-pass", "value-of-header"} {
		require.NotContains(t, a.text, secret)
	}
	require.Equal(t, "abcd", p["keyLast4"])
	require.Equal(t, true, p["hasProxy"])
	require.Equal(t, []any{"X-Team"}, p["customHeaderNames"])
	require.Equal(t, []any{"claude", "chat"}, p["acceptFormats"])
	require.Equal(t, []any{
		map[string]any{"matchType": "exact", "pattern": "gpt-5"}, map[string]any{"matchType": "prefix", "pattern": "o"},
	}, p["allowedModels"])
	require.Equal(t, map[string]any{
		"failureThreshold": 3.0, "openDurationMs": 60000.0, "halfOpenSuccessThreshold": 1.0,
		"failureWindowMs": 300000.0, "halfOpenMaxProbes": 1.0,
	}, p["circuitBreaker"])

	require.Equal(t, map[string]any{
		"alwaysStream": true, "developerRole": false, "inlineRemoteMedia": false, "cacheBreakpoints": false, "deriveCacheKey": false, "autoCache": false,
		"maxCompletionTokens": false, "defaultMaxTokens": 9000.0, "project": "p",
	}, p["conversion"])

	got := w.catalog.Current().Provider(1)
	require.Equal(t, domain.ConversionFlags{AlwaysStream: true, NoAutoCache: true, DefaultMaxTokens: 9000, Project: "p"}, got.Conversion.ConversionFlags)
	require.Equal(t, upstreamKey, got.Key.Reveal())
	require.Equal(t, "socks5h://user:secret-pass@127.0.0.1:1080", got.Transport.ProxyURL.Reveal())
	require.Equal(t, domain.Multiplier(12500), got.Routing.CostMultiplier)
	require.Equal(t, 30*time.Second, got.Transport.FirstByteTimeout)
	require.Equal(t, 1, got.GroupPriorities["fast"])
	require.False(t, got.Enabled)
}

func TestProviderDefaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.provider("")
	got := w.catalog.Current().Provider(domain.ProviderID(id))
	require.Equal(t, "https://api.example.com", got.URL, "without the trailing slash")
	require.Equal(t, domain.DefaultBreakerSettings(), got.Breaker)
	require.Equal(t, 1, got.Routing.Weight)
	require.Equal(t, domain.MultiplierOne, got.Routing.CostMultiplier)
	require.Equal(t, []string{"default"}, got.Groups)
	require.True(t, got.Enabled)
	require.False(t, got.Conversion.AcceptAll)
	require.Equal(t, domain.InstructionsAuto, got.Conversion.CodexInstructions)
	var p map[string]any
	w.admin(http.MethodGet, fmt.Sprintf("/api/v1/providers/%d", id), nil).into(t, http.StatusOK, &p)
	require.Equal(t, "native", p["acceptFormats"])
	require.Nil(t, p["health"])
}

func TestProviderValidation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tests := map[string]map[string]string{
		`{}`: {"name": "required", "type": "required", "url": "required", "key": "required"},
		`{"name":"a","type":"other","url":"https://h","key":"k","weight":0}`:                                             {"type": "invalid_choice", "weight": "too_small"},
		`{"name":"a","type":"claude","url":"ftp://h","key":"k"}`:                                                         {"url": "invalid_format"},
		`{"name":"a","type":"claude","url":"https://u:p@h","key":"k"}`:                                                   {"url": "invalid_format"},
		`{"name":"a","type":"claude","url":"https://h?key=1","key":"k"}`:                                                 {"url": "invalid_format"},
		`{"name":"a","type":"claude","url":"https://h","key":"k","proxyUrl":"ftp://p"}`:                                  {"proxyUrl": "invalid_format"},
		`{"name":"a","type":"claude","url":"https://h","key":"k","firstByteTimeoutStreamingMs":5}`:                       {"firstByteTimeoutStreamingMs": "too_small"},
		`{"name":"a","type":"claude","url":"https://h","key":"k","groupPriorities":{"x":1}}`:                             {"groupPriorities.x": "not_allowed"},
		`{"name":"a","type":"claude","url":"https://h","key":"k","customHeaders":{"Host":"x"}}`:                          {"customHeaders.Host": "not_allowed"},
		`{"name":"a","type":"claude","url":"https://h","key":"k","customHeaders":{"X-Cch-A":"x"}}`:                       {"customHeaders.X-Cch-A": "not_allowed"},
		`{"name":"a","type":"claude","url":"https://h","key":"k","customHeaders":{"A b":"x"}}`:                           {"customHeaders.A b": "invalid_format"},
		`{"name":"a","type":"claude","url":"https://h","key":"k","customHeaders":{"A":"x\r\nB: c"}}`:                     {"customHeaders.A": "invalid_format"},
		`{"name":"a","type":"claude","url":"https://h","key":"k","circuitBreaker":{"openDurationMs":1,"extra":2}}`:       {"circuitBreaker.openDurationMs": "too_small", "circuitBreaker.extra": "unknown_field"},
		`{"name":"a","type":"claude","url":"https://h","key":"k","allowedModels":[{"matchType":"regex","pattern":"("}]}`: {"allowedModels.0.pattern": "invalid_format"},
		`{"name":"a","type":"claude","url":"https://h","key":"k","modelRedirects":[{"matchType":"odd","source":"a","target":" "}]}`: {
			"modelRedirects.0": "invalid_choice", "modelRedirects.0.target": "too_short",
		},
	}
	for body, want := range tests {
		p := w.admin(http.MethodPost, "/api/v1/providers", body).refused(t, http.StatusBadRequest, "request.validation_failed")
		require.Equal(t, want, p.fields(), body)
	}
	for _, accept := range []string{`"some"`, `["other"]`, `3`, `{}`} {
		w.admin(http.MethodPost, "/api/v1/providers", `{"name":"a","type":"claude","url":"https://h","key":"k","acceptFormats":`+accept+`}`).
			refused(t, http.StatusBadRequest, "request.validation_failed")
	}
	require.Empty(t, w.catalog.Current().Providers())
}

func TestStoredKeyIsNeverSentToAnotherHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := fmt.Sprintf("/api/v1/providers/%d", w.provider(""))
	key := func() string { return w.catalog.Current().Provider(1).Key.Reveal() }

	require.Equal(t, http.StatusOK, w.admin(http.MethodPatch, path, `{"url":"https://api.example.com/v1"}`).status)
	require.Equal(t, upstreamKey, key(), "left out: unchanged")
	for _, url := range []string{"https://evil.example.com", "http://api.example.com", "https://api.example.com:8443"} {
		p := w.admin(http.MethodPatch, path, `{"url":"`+url+`"}`).refused(t, http.StatusBadRequest, "request.validation_failed")
		require.Equal(t, map[string]string{"key": "required"}, p.fields(), url)
	}
	require.Equal(t, http.StatusOK, w.admin(http.MethodPatch, path, `{"url":"https://other.example.com","key":"sk-new-key-0000"}`).status)
	require.Equal(t, "sk-new-key-0000", key())

	p := w.admin(http.MethodPost, "/api/v1/providers/test", `{"providerId":1,"url":"https://evil.example.com"}`).
		refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, map[string]string{"key": "required"}, p.fields())
	require.Empty(t, w.tester.asked)
}

func TestProviderPatchMerges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := fmt.Sprintf("/api/v1/providers/%d", w.provider(`,"weight":9,"proxyUrl":"http://127.0.0.1:3128","circuitBreaker":{"failureThreshold":2},"acceptFormats":"all"`))
	var p map[string]any
	w.admin(http.MethodPatch, path, `{"priority":3,"circuitBreaker":{"openDurationMs":5000}}`).into(t, http.StatusOK, &p)
	breaker, _ := p["circuitBreaker"].(map[string]any)
	require.InDelta(t, 2, breaker["failureThreshold"], 0)
	require.InDelta(t, 5000, breaker["openDurationMs"], 0)
	require.InDelta(t, 9, p["weight"], 0)
	require.Equal(t, "all", p["acceptFormats"])
	w.admin(http.MethodPatch, path, `{"proxyUrl":null,"weight":null,"acceptFormats":null,"circuitBreaker":{"failureThreshold":null},"costMultiplier":0}`).
		into(t, http.StatusOK, &p)
	require.Equal(t, false, p["hasProxy"])
	require.InDelta(t, 1, p["weight"], 0)
	require.Equal(t, "native", p["acceptFormats"])
	require.InDelta(t, 0, p["costMultiplier"], 0, "free is not the default")
	require.InDelta(t, 5, p["circuitBreaker"].(map[string]any)["failureThreshold"], 0)
	require.Equal(t, http.StatusNoContent, w.admin(http.MethodDelete, path, nil).status)
	require.Nil(t, w.catalog.Current().Provider(1))
}

func TestProviderListFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.provider(`,"groups":["a"],"priority":5`)
	w.provider(`,"groups":["b"],"isEnabled":false`)
	w.actors.health[2] = domain.ProviderHealth{ProviderID: 2, Breaker: domain.BreakerOpen, Failures: 5, LastError: "status 500", At: w.clock()}
	ids := func(query string) (ids []int64) {
		var page struct{ Items []struct{ ID int64 } }
		w.admin(http.MethodGet, "/api/v1/providers?"+query, nil).into(t, http.StatusOK, &page)
		for _, p := range page.Items {
			ids = append(ids, p.ID)
		}
		return ids
	}
	require.Equal(t, []int64{1, 2}, ids(""))
	require.Equal(t, []int64{2, 1}, ids("sort=priority"))
	require.Equal(t, []int64{1}, ids("group=a"))
	require.Equal(t, []int64{2}, ids("enabled=false"))
	require.Equal(t, []int64{2}, ids("breaker=open"))
	require.Equal(t, []int64{1}, ids("breaker=closed"))
	require.Empty(t, ids("type=gemini"))
	require.Equal(t, []int64{1, 2}, ids("q=API.EXAMPLE"))
}

func TestHealthAndBreakers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.provider(`,"limitConcurrentRequests":8`)
	var health struct{ Items []map[string]any }
	w.admin(http.MethodGet, "/api/v1/providers/health", nil).into(t, http.StatusOK, &health)
	require.Len(t, health.Items, 1)
	require.Equal(t, "closed", health.Items[0]["state"])
	require.InDelta(t, 8, health.Items[0]["limit"], 0)
	for _, field := range []string{"providerId", "failures", "retryAt", "inFlight"} {
		require.Contains(t, health.Items[0], field)
	}

	var one map[string]any
	w.admin(http.MethodPost, "/api/v1/providers/1/breaker/open", `{"minutes":30}`).into(t, http.StatusOK, &one)
	require.Equal(t, "open", one["state"])
	require.Equal(t, w.clock().Add(30*time.Minute).Format(time.RFC3339), one["retryAt"])
	w.admin(http.MethodPost, "/api/v1/providers/1/breaker/open", nil).into(t, http.StatusOK, &one)
	w.admin(http.MethodPost, "/api/v1/providers/1/breaker/reset", nil).into(t, http.StatusOK, &one)
	require.Equal(t, "closed", one["state"])
	require.Equal(t, []protocol.BreakerSet{
		{ProviderID: 1, Action: protocol.BreakerTrip, Until: w.clock().Add(30 * time.Minute).UnixMilli(), Actor: "Admin Token"},
		{ProviderID: 1, Action: protocol.BreakerTrip, Actor: "Admin Token"},
		{ProviderID: 1, Action: protocol.BreakerReset, Actor: "Admin Token"},
	}, w.actors.breakers)
	var batch struct {
		Items  []struct{ State string }
		Failed []int64
	}
	w.admin(http.MethodPost, "/api/v1/providers/breaker/open", `{"ids":[1,99],"minutes":5}`).into(t, http.StatusOK, &batch)
	require.Equal(t, []int64{99}, batch.Failed)
	require.Equal(t, "open", batch.Items[0].State)
	w.admin(http.MethodPost, "/api/v1/providers/breaker/reset", `{"ids":[1]}`).into(t, http.StatusOK, &batch)
	require.Equal(t, "closed", batch.Items[0].State)
	w.admin(http.MethodPost, "/api/v1/providers/99/breaker/reset", nil).refused(t, http.StatusNotFound, "resource.not_found")
	w.actors.down = true
	w.admin(http.MethodPost, "/api/v1/providers/1/breaker/reset", nil).refused(t, http.StatusServiceUnavailable, "dependency.unavailable")
}

func TestBreakerEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 5 {
		w.advance(time.Minute)
		require.NoError(t, w.store.BreakerEvents().Add(t.Context(), domain.BreakerEvent{
			At: w.clock(), ProviderID: domain.ProviderID(1 + i%2), From: domain.BreakerClosed, To: domain.BreakerOpen,
			Reason: "failure_threshold", StatusCode: 500 + i,
		}))
	}
	list := func(query string) (codes []int, next *string) {
		var page struct {
			Items      []struct{ StatusCode int }
			NextCursor *string
		}
		w.admin(http.MethodGet, "/api/v1/breaker-events?"+query, nil).into(t, http.StatusOK, &page)
		for _, e := range page.Items {
			codes = append(codes, e.StatusCode)
		}
		return codes, page.NextCursor
	}
	codes, next := list("limit=2")
	require.Equal(t, []int{504, 503}, codes)
	codes, next = list("limit=2&cursor=" + *next)
	require.Equal(t, []int{502, 501}, codes)
	codes, next = list("limit=2&cursor=" + *next)
	require.Equal(t, []int{500}, codes)
	require.Nil(t, next)
	codes, _ = list("scope=provider&scopeId=2")
	require.Equal(t, []int{503, 501}, codes)
	codes, _ = list("from=" + w.clock().Add(-time.Minute).Format(time.RFC3339) + "&to=" + w.clock().Format(time.RFC3339))
	require.Equal(t, []int{503}, codes)
}

func TestProviderTests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.provider("")
	var report map[string]any
	w.admin(http.MethodPost, "/api/v1/providers/1/test", nil).into(t, http.StatusOK, &report)
	require.Equal(t, "green", report["status"])
	require.InDelta(t, 1500, report["latencyMs"], 0)
	require.Len(t, report["attempts"], 1)
	w.admin(http.MethodPost, "/api/v1/providers/1/test", `{"model":"m","expect":"x","timeoutMs":2000,"slowMs":1}`).into(t, http.StatusOK, &report)
	w.admin(http.MethodPost, "/api/v1/providers/test", `{"type":"claude","url":"https://h.example","key":"sk-draft-key-00"}`).into(t, http.StatusOK, &report)
	w.admin(http.MethodPost, "/api/v1/providers/test", `{"providerId":1,"proxyUrl":"http://127.0.0.1:3128"}`).into(t, http.StatusOK, &report)

	require.Len(t, w.tester.asked, 4)
	require.Equal(t, upstreamKey, w.tester.asked[0].Provider.Key.Reveal())
	require.Equal(t, "m", w.tester.asked[1].Model)
	require.Equal(t, 2*time.Second, w.tester.asked[1].Timeout)
	require.Equal(t, "sk-draft-key-00", w.tester.asked[2].Provider.Key.Reveal())
	require.Equal(t, upstreamKey, w.tester.asked[3].Provider.Key.Reveal())
	require.Equal(t, "http://127.0.0.1:3128", w.tester.asked[3].Provider.Transport.ProxyURL.Reveal())

	p := w.admin(http.MethodPost, "/api/v1/providers/test", `{"key":"k"}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, map[string]string{"type": "required", "url": "required"}, p.fields())
	w.admin(http.MethodPost, "/api/v1/providers/9/test", nil).refused(t, http.StatusNotFound, "resource.not_found")
}

func TestGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var g map[string]any
	w.admin(http.MethodPost, "/api/v1/provider-groups", `{"name":"fast","costMultiplier":1.5,"description":"d"}`).into(t, http.StatusCreated, &g)
	path := fmt.Sprintf("/api/v1/provider-groups/%v", g["id"])
	w.admin(http.MethodPost, "/api/v1/provider-groups", `{"name":"fast"}`).refused(t, http.StatusConflict, "resource.conflict")
	w.admin(http.MethodPatch, path, `{"costMultiplier":null,"description":null}`).into(t, http.StatusOK, &g)
	require.InDelta(t, 1, g["costMultiplier"], 0)
	require.Nil(t, g["description"])
	w.provider(`,"groups":["fast"]`)
	w.admin(http.MethodDelete, path, nil).refused(t, http.StatusConflict, "resource.conflict")
	var page struct{ Items []struct{ Name string } }
	w.admin(http.MethodGet, "/api/v1/provider-groups?q=AS", nil).into(t, http.StatusOK, &page)
	require.Len(t, page.Items, 1)
	problem := w.admin(http.MethodPatch, "/api/v1/provider-groups/1", `{"name":"renamed"}`).refused(t, http.StatusConflict, "resource.conflict")
	require.Contains(t, problem.Detail, "built-in")
}

func TestEveryFaultOfAProviderIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.admin(http.MethodPost, "/api/v1/providers",
		`{"name":" ","type":"bogus","url":"not a url","key":" \t","weight":500,"proxyUrl":"ftp://x","extra":1}`).
		refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, map[string]string{
		"name": "too_short", "type": "invalid_choice", "url": "invalid_format", "key": "too_short",
		"weight": "too_big", "proxyUrl": "invalid_format", "extra": "unknown_field",
	}, p.fields())
	for _, url := range []string{"https://u:p@h/", "https://h/?q", "https://h#f", "ftp://h", "https://", "h"} {
		w.admin(http.MethodPost, "/api/v1/providers", `{"name":"n","type":"claude","url":"`+url+`","key":"k"}`).
			refused(t, http.StatusBadRequest, "request.validation_failed")
	}
	var all struct{ Items []any }
	w.admin(http.MethodGet, "/api/v1/providers", nil).into(t, http.StatusOK, &all)
	require.Empty(t, all.Items, "nothing is half written")
}

func TestProviderKeysFitAHeader(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	create := func(key string) answer {
		return w.admin(http.MethodPost, "/api/v1/providers", map[string]any{
			"name": "n", "type": "gemini", "url": "HTTPS://H.example/@v1 ", "key": key,
		})
	}
	for _, key := range []string{"sk-one\r\nsk-two", "sk\x01", "sk-\x7f"} {
		p := create(key).refused(t, http.StatusBadRequest, "request.validation_failed")
		require.Equal(t, []any{"key"}, p.InvalidParams[0].Path, key)
	}
	for _, key := range []string{" sk-spaces-around\n", "{\n \"refresh_token\": \"x\"\n}"} {
		require.Equal(t, http.StatusCreated, create(key).status, key)
	}
	w.admin(http.MethodPatch, "/api/v1/providers/1", `{"key":"a\nb"}`).
		refused(t, http.StatusBadRequest, "request.validation_failed")
}
