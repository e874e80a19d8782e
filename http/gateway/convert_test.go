package gateway_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/capability"
	"github.com/claude-code-hub/cch/internal/domain"
)

// converting makes every provider of the world one of kind that accepts all
// clients, and has the actor say so.
func converting(t testing.TB, kind domain.ProviderType) func(*world) {
	t.Helper()
	table, err := capability.Builtin()
	require.NoError(t, err)
	return func(w *world) {
		w.opts.Capabilities = table
		w.actor.convert = kind.Protocol()
		for _, p := range w.config.Providers {
			p.Type, p.Conversion.AcceptAll = kind, true
		}
	}
}

func chatStream(t testing.TB) string {
	t.Helper()
	p := wires()["chat"]
	return p.stream("gpt-5")
}

func TestConvertedCallAsTheProviderSeesIt(t *testing.T) {
	t.Parallel()
	headers := make(chan http.Header, 1)
	h, bodies := recording(streams(chatStream(t)))
	w := newWorld(t, converting(t, domain.TypeOpenAICompatible), func(rw http.ResponseWriter, r *http.Request) {
		headers <- r.Header.Clone()
		h(rw, r)
	})
	req := w.request(t.Context(), strings.Replace(streamBody, `"stream"`, `"top_k":3,"stream"`, 1))
	for name, value := range map[string]string{
		"Anthropic-Version": "2023-06-01", "Anthropic-Beta": "x", "X-Stainless-Lang": "js", "Content-Type": "application/json; charset=utf-8",
	} {
		req.Header.Set(name, value)
	}
	a := w.do(req)
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.Equal(t, "text/event-stream; charset=utf-8", a.header.Get("Content-Type"))
	require.Contains(t, a.body, `"text":"Hello"`)
	require.Contains(t, a.body, `"model":"claude-5"`)

	path, body, _ := strings.Cut(<-bodies, " ")
	require.Equal(t, "/v1/chat/completions", path, "without the client's query")
	require.Equal(t, "hi", gjson.Get(body, "messages.0.content").String(), body)
	got := <-headers
	require.Equal(t, "application/json", got.Get("Content-Type"))
	require.Equal(t, "Bearer sk-upstream", got.Get("Authorization"))
	require.Equal(t, "claude-cli/2.1.197 (external, sdk-cli)", got.Get("User-Agent"))
	for _, name := range []string{"Anthropic-Version", "Anthropic-Beta", "X-Stainless-Lang", "X-Api-Key"} {
		require.Empty(t, got.Values(name), name)
	}

	res := w.actor.only(t)
	require.Equal(t, domain.ClassOK, res.Class)
	require.True(t, res.Complete)
	require.Equal(t, wires()["chat"].usage, res.Usage, "what the upstream counts")
	require.Equal(t, "gpt-5", res.ModelReturned)
	require.Contains(t, res.Drops, "top_k")
}

func TestConvertedToClaude(t *testing.T) {
	t.Parallel()
	headers := make(chan http.Header, 1)
	w := newWorld(t, converting(t, domain.TypeClaude), func(rw http.ResponseWriter, r *http.Request) {
		headers <- r.Header.Clone()
		streams(messageStart("claude-5")+
			event("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`)+
			textDelta("Hel")+textDelta("lo")+event("content_block_stop", `{"type":"content_block_stop","index":0}`)+messageEnd())(rw, r)
	})
	for name, p := range wires() {
		path, body := as("claude-5", p.path), as("claude-5", p.body)
		a := w.callTo("POST", path, body, "Openai-Organization", "o", "X-Goog-Api-Client", "c", "Originator", "codex_cli_rs")
		require.Equal(t, http.StatusOK, a.status, "%s: %s", name, a.body)
		require.Contains(t, a.body, "Hel", name)
		got := <-headers
		require.Equal(t, "2023-06-01", got.Get("Anthropic-Version"), name)
		for _, vendor := range []string{"Openai-Organization", "X-Goog-Api-Client", "Originator"} {
			require.Empty(t, got.Values(vendor), vendor)
		}
	}
}

// Claude caches nothing without a breakpoint, which clients of other vendors
// do not set.
func TestConvertedToClaudeCaches(t *testing.T) {
	t.Parallel()
	h, bodies := recording(says(200, "application/json", message))
	w := newWorld(t, converting(t, domain.TypeClaude), h)
	a := w.callTo("POST", "/v1/chat/completions",
		`{"model":"claude-5","messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hi"}]}`)
	require.Equal(t, "Hello", gjson.Get(a.body, "choices.0.message.content").String(), a.body)
	path, body, _ := strings.Cut(<-bodies, " ")
	require.Equal(t, "/v1/messages", path)
	require.Equal(t, "ephemeral", gjson.Get(body, "system.0.cache_control.type").String(), body)
}

// An answer may come in another framing than was asked for.
func TestConversionAcrossFramings(t *testing.T) {
	t.Parallel()
	p := wires()["chat"]
	w := newWorld(t, converting(t, domain.TypeOpenAICompatible), says(200, "application/json", as("m", p.document)))
	a := w.post(streamBody)
	require.Equal(t, "text/event-stream; charset=utf-8", a.header.Get("Content-Type"), a.body)
	require.Contains(t, a.body, `"text":"Hello"`)
	require.Contains(t, a.body, "event: message_stop")
	require.Equal(t, p.usage, w.actor.only(t).Usage)

	w = newWorld(t, converting(t, domain.TypeOpenAICompatible), streams(chatStream(t)))
	a = w.post(plainBody)
	require.Equal(t, "application/json", a.header.Get("Content-Type"), a.body)
	require.Equal(t, "Hello", gjson.Get(a.body, "content.0.text").String(), a.body)
	require.Equal(t, p.usage, w.actor.only(t).Usage)
}

// Nothing of an answer that turns out to be none reaches the client.
func TestNoConvertedAnswer(t *testing.T) {
	t.Parallel()
	p := wires()["chat"]
	for name, bad := range map[string]http.HandlerFunc{
		"an error event":         streams(p.broken),
		"an error after a start": streams(as("m", p.events[0]) + p.broken),
		"an error at once":       streams(as("m", p.events[0]+p.events[1]) + p.broken),
		"an empty stream":        streams(p.empty),
		"a stream cut off":       streams(as("m", p.events[0])),
		"no JSON":                streams("data: oops\n\n"),
		"a page":                 says(200, "text/html", "<html>"),
		"an error document":      says(200, "application/json", `{"error":{"message":"Overloaded"}}`),
		"a refusal":              says(503, "application/json", `{"error":{"message":"Overloaded"}}`),
	} {
		for _, mode := range []domain.GateMode{domain.GateEnforce, domain.GateOff} {
			t.Run(name+", gate "+string(mode), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, func(w *world) {
					converting(t, domain.TypeOpenAICompatible)(w)
					w.config.Settings.StreamGate = mode
				}, bad, streams(chatStream(t)))
				a := w.post(streamBody)
				if mode == domain.GateOff && name == "an empty stream" {
					require.Contains(t, a.body, "message_stop", "nobody asked for more")
					return
				}
				require.Equal(t, 1, strings.Count(a.body, "event: message_start"), a.body)
				require.Contains(t, a.body, `"text":"Hello"`)
				all := w.actor.wait(t, 2)
				require.NotEqual(t, domain.ClassOK, all[0].Class)
				require.False(t, all[0].Committed)
			})
		}
	}
}

// A converted stream that breaks in the middle ends in the client's protocol.
func TestConvertedStreamBreaks(t *testing.T) {
	t.Parallel()
	p := wires()["chat"]
	for name, after := range map[string]func(http.ResponseWriter){
		"by an error event": func(w http.ResponseWriter) { _, _ = io.WriteString(w, p.broken) },
		"by its end":        func(http.ResponseWriter) {},
		"by a reset":        func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := make(chan struct{})
			w := newWorld(t, converting(t, domain.TypeOpenAICompatible), func(w http.ResponseWriter, r *http.Request) {
				streams(as("m", p.events[0]+p.events[1]))(w, r)
				_ = http.NewResponseController(w).Flush()
				<-seen
				after(w)
			})
			_, answers := w.leaver(streamBody)
			res := <-answers
			defer res.Body.Close()
			close(seen)
			b, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			body := string(b)
			require.Contains(t, body, `"text":"Hello"`)
			tail := body[strings.LastIndex(body, "event: "):]
			require.True(t, strings.HasPrefix(tail, "event: error\ndata: {\"type\":\"error\""), tail)
			got := w.actor.only(t)
			require.Equal(t, domain.FailStreamBroken, got.Failure)
			require.True(t, got.Committed)
			require.Equal(t, domain.UsageEstimated, got.UsageSource)
		})
	}
}

// Keep-alives in the client's protocol go out while the provider is silent.
func TestKeepAliveBeforeConvertedContent(t *testing.T) {
	t.Parallel()
	next := make(chan string)
	w := newWorld(t, func(w *world) {
		converting(t, domain.TypeOpenAICompatible)(w)
		w.config.Settings.GateKeepaliveAfter = 20 * time.Millisecond
	}, paced(next))
	_, answers := w.leaver(streamBody)
	res := <-answers
	defer res.Body.Close()
	buf := make([]byte, 256)
	n, err := res.Body.Read(buf)
	require.NoError(t, err)
	require.Contains(t, string(buf[:n]), "event: ping")
	next <- chatStream(t)
	close(next)
	require.Equal(t, domain.ClassOK, w.actor.only(t).Class)
}

// And while it is silent in the middle, between whole frames.
func TestKeepAliveWithinConvertedContent(t *testing.T) {
	t.Parallel()
	p := wires()["chat"]
	next := make(chan string, 1)
	w := newWorld(t, func(w *world) {
		converting(t, domain.TypeOpenAICompatible)(w)
		w.config.Settings.GateKeepaliveAfter = 20 * time.Millisecond
	}, paced(next))
	next <- as("m", p.events[0]+p.events[1])
	_, answers := w.leaver(streamBody)
	res := <-answers
	defer res.Body.Close()
	var heard strings.Builder
	buf := make([]byte, 512)
	for strings.Count(heard.String(), "event: ping") < 2 {
		n, err := res.Body.Read(buf)
		require.NoError(t, err)
		heard.Write(buf[:n])
	}
	next <- as("m", p.events[2]+p.events[3]+p.events[4])
	close(next)
	rest, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	heard.Write(rest)
	require.Contains(t, heard.String(), `"text":"Hello"`)
	require.True(t, strings.HasSuffix(heard.String(), "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"), heard.String())
	require.Equal(t, domain.ClassOK, w.actor.only(t).Class)
}

// Only where somebody could take the call by conversion is the body read for it.
func TestOnlyConvertibleCallsSayWhatTheyNeed(t *testing.T) {
	t.Parallel()
	const audio = `{"model":"m","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}]}]}`
	lacks := func(change func(*world), path, body string) func(*domain.Provider, string) string {
		w := newWorld(t, change, says(500, "application/json", "{}"))
		w.actor.refuse = domain.NewFault(domain.KindNoProvider, domain.CodeNoAvailableProviders, "none")
		w.callTo("POST", path, body)
		return w.actor.lastAdmit(t).Lacks
	}
	gemini := converting(t, domain.TypeGemini)
	require.Nil(t, lacks(nil, "/v1/messages", plainBody), "no provider converts")
	require.Nil(t, lacks(converting(t, domain.TypeClaude), "/v1/messages", plainBody), "they speak it anyway")
	require.Nil(t, lacks(gemini, "/v1/embeddings", `{"model":"m","input":"x"}`), "no conversation")
	count := lacks(gemini, "/v1/messages/count_tokens", plainBody)
	require.Empty(t, count(&domain.Provider{Type: domain.TypeGemini}, "gemini-3-pro"))
	require.Equal(t, "token_count", count(&domain.Provider{Type: domain.TypeOpenAICompatible}, "gpt-5"))
	require.Nil(t, lacks(gemini, "/v1/responses/compact", `{"model":"m","input":[]}`), "never converted")
	require.Nil(t, lacks(func(w *world) {
		gemini(w)
		w.config.Providers[0].Enabled = false
	}, "/v1/messages", plainBody))

	ask := lacks(gemini, "/v1/chat/completions", audio)
	require.NotNil(t, ask)
	require.Empty(t, ask(&domain.Provider{Type: domain.TypeGemini}, "gemini-3-pro"))
	require.Equal(t, "audio", ask(&domain.Provider{Type: domain.TypeClaude}, "claude-opus-4-1"))
	require.Empty(t, lacks(gemini, "/v1/messages", plainBody)(&domain.Provider{Type: domain.TypeCodex}, "gpt-5"))
}

// What conversions hid in a history is cut out for a provider of the client's
// own protocol, together with the usual edits; all other bytes stay.
func TestCarriersDoNotReachNativeProviders(t *testing.T) {
	t.Parallel()
	table, err := capability.Builtin()
	require.NoError(t, err)
	const carrier = `{"type":"thinking","thinking":"hm","signature":"gwr1.google.call.AAAA"},`
	const history = `{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[$ {"type":"text", "text":"y\u00e9s"}]},` +
		`{"role":"user","content":"and?"}], "model":"claude-5","max_tokens":64}`
	body, clean := strings.Replace(history, "$", carrier, 1), strings.Replace(history, "$", "", 1)
	h, bodies := recording(says(200, "application/json", message))
	w := newWorld(t, func(w *world) {
		w.opts.Capabilities = table
		w.actor.model = "claude-6"
	}, h)
	require.Equal(t, http.StatusOK, w.post(body).status)
	_, sent, _ := strings.Cut(<-bodies, " ")
	require.True(t, gjson.Valid(sent), sent)
	require.NotContains(t, sent, "gwr1.")
	require.Equal(t, "claude-6", gjson.Get(sent, "model").String())
	require.NotEmpty(t, gjson.Get(sent, "metadata.user_id").String())
	require.Equal(t, gjson.Get(clean, "messages.1.content.#.text").Raw, gjson.Get(sent, "messages.1.content.#.text").Raw)
	require.Equal(t, 2, strings.Count(sent, `"role":"user"`))
}

// Cache writes that Claude does not divide by lifetime have the one that the
// converted request asks for.
func TestConvertedCacheWritesHaveTheLifetimeAskedFor(t *testing.T) {
	t.Parallel()
	answer := strings.Replace(message, `"usage":{`, `"usage":{"cache_creation_input_tokens":9,`, 1)
	require.NotEqual(t, message, answer)
	for mark, want := range map[string]domain.Usage{
		`{"type":"ephemeral","ttl":"1h"}`: {CacheWrite1h: 9},
		`{"type":"ephemeral"}`:            {CacheWrite5m: 9},
	} {
		w := newWorld(t, converting(t, domain.TypeClaude), says(200, "application/json", answer))
		a := w.callTo("POST", "/v1/chat/completions", `{"model":"claude-5","messages":[{"role":"user","content":[{"type":"text","text":"hi","cache_control":`+mark+`}]}]}`)
		require.Equal(t, http.StatusOK, a.status, a.body)
		got := w.actor.only(t).Usage
		require.Equal(t, want, domain.Usage{CacheWrite5m: got.CacheWrite5m, CacheWrite1h: got.CacheWrite1h}, mark)
	}
}
