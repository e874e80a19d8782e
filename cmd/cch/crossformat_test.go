package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// reader is what a client makes of an answer in its protocol.
type reader struct {
	text  string // of an event, or of a part of it
	whole string // of a document
	end   string // what the last event of a good stream has to say
}

func readers() map[string]reader {
	return map[string]reader{
		"claude":     {"delta.text", "content.#.text", `"type":"message_stop"`},
		"chat":       {"choices.0.delta.content", "choices.#.message.content", "[DONE]"},
		"responses":  {"delta", "output.#.content.0.text", `"type":"response.completed"`},
		"gemini":     {"candidates.0.content.parts.0.text", "candidates.0.content.parts.#.text", `"finishReason":"STOP"`},
		"gemini-cli": {"response.candidates.0.content.parts.0.text", "response.candidates.0.content.parts.#.text", `"finishReason":"STOP"`},
	}
}

// frames are the data of an event stream.
func frames(t testing.TB, body string) []string {
	t.Helper()
	var out []string
	for line := range strings.SplitSeq(body, "\n") {
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			require.True(t, data == "[DONE]" || gjson.Valid(data), data)
			out = append(out, data)
		}
	}
	return out
}

// said is the text of an answer, whole or streamed.
func (r reader) said(t testing.TB, body string, stream bool) string {
	t.Helper()
	var text strings.Builder
	if !stream {
		require.True(t, gjson.Valid(body), body)
		for _, piece := range gjson.Get(body, r.whole).Array() {
			text.WriteString(piece.String())
		}
		return text.String()
	}
	all := frames(t, body)
	for _, data := range all {
		text.WriteString(gjson.Get(data, r.text).String())
	}
	require.NotEmpty(t, all)
	require.Contains(t, all[len(all)-1], r.end)
	return text.String()
}

// Any client is served by any provider, streamed or not, and the row tells
// usage, pair and losses.
func TestAnyClientByAnyProvider(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	up := testkit.NewUpstream(t, "up")
	key := p.NewKey(t, "ann")
	ids := map[string]int64{}
	for _, wire := range testkit.Wires() { // the model tells which one is meant
		ids[wire.Name] = p.AddProvider(t, up, testkit.M{
			"name": wire.Name, "type": wire.Provider, "acceptFormats": "all", "allowedModels": []string{"for-" + wire.Name},
		})
	}
	for _, provider := range testkit.Wires() {
		for _, client := range testkit.Wires() {
			for _, stream := range []bool{true, false} {
				name := client.Name + " by " + provider.Name
				model := "for-" + provider.Name
				path, body := client.Call(model, stream, name)
				status, header, answer := p.Call(t, http.MethodPost, path, key, body)
				require.Equal(t, http.StatusOK, status, "%s: %s", name, answer)
				want := "from up"
				if stream {
					want = "up-0 up-1 up-2 up-3 up-4 "
				}
				require.Equal(t, want, readers()[client.Name].said(t, answer, stream), "%s: %s", name, answer)

				sent := up.Calls()[up.Count()-1]
				asked, streamed := provider.Asked(strings.Split(sent.Path, "?")[0], sent.Body)
				require.Equal(t, model, asked, name)
				require.Equal(t, stream, streamed, name)
				require.Contains(t, string(sent.Body), name, "the prompt arrived")

				row := p.AwaitLogs(t, "requestId="+header.Get("X-Request-Id"), 1)[0]
				require.Equal(t, ids[provider.Name], row.Get("providerId").Int(), name)
				require.EqualValues(t, 25, row.Get("inputTokens").Int(), name)
				require.EqualValues(t, 100, row.Get("cacheReadInputTokens").Int(), name)
				require.EqualValues(t, 15, row.Get("outputTokens").Int(), name)
				conversion := p.Detail(t, row.Get("id").String()).Get(`decisionChain.#(reason=="request_success").conversion`)
				require.Equal(t, client.Name != provider.Name, conversion.Exists(), name)
				if conversion.Exists() {
					require.Equal(t, client.Name, conversion.Get("from").String())
					require.Equal(t, provider.Name, conversion.Get("to").String())
				}
			}
		}
	}
}

// A native provider that fails is replaced by one that converts, which is asked
// only then; without content gone out the client sees nothing of it.
func TestFailoverFromNativeToConverted(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	native, other := testkit.NewUpstream(t, "native"), testkit.NewUpstream(t, "other")
	p.AddProvider(t, native, testkit.M{"type": "claude", "weight": 1, "circuitBreaker": testkit.M{"failureThreshold": 0}})
	otherID := p.AddProvider(t, other, testkit.M{"type": "openai-compatible", "weight": 100, "acceptFormats": []string{"claude"}})
	key := p.NewKey(t, "ann")

	for range 5 {
		status, _, body := p.Messages(t, key, testkit.Prompt(true, "fine"))
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, native.Stream("claude-test"), body, "untouched as long as a native provider serves")
	}
	require.Zero(t, other.Count())

	for _, mode := range []testkit.Mode{testkit.Status500, testkit.Fake200, testkit.CutEarly} {
		native.Set(mode)
		status, header, body := p.Messages(t, key, `{"top_k":5,`+testkit.Prompt(true, "failing "+string(mode))[1:])
		require.Equal(t, http.StatusOK, status, body)
		require.Equal(t, "other-0 other-1 other-2 other-3 other-4 ", readers()["claude"].said(t, body, true))
		row := p.AwaitLogs(t, "requestId="+header.Get("X-Request-Id"), 1)[0]
		require.Equal(t, otherID, row.Get("providerId").Int())
		won := p.Detail(t, row.Get("id").String()).Get(`decisionChain.#(reason=="retry_success").conversion`)
		require.JSONEq(t, `{"from":"claude","to":"chat","drops":["top_k"]}`, won.Raw)
	}
}

// And the other way round: a converting provider that fails before it has said
// anything is left, whatever its way of failing.
func TestFailoverFromConverted(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	bad, good := testkit.NewUpstream(t, "bad"), testkit.NewUpstream(t, "good")
	p.AddProvider(t, bad, testkit.M{
		"type": "gemini", "priority": 0, "acceptFormats": "all", "circuitBreaker": testkit.M{"failureThreshold": 0},
	})
	p.AddProvider(t, good, testkit.M{"type": "claude", "priority": 1})
	key := p.NewKey(t, "ann")
	for _, mode := range []testkit.Mode{testkit.Status500, testkit.Reset, testkit.CutEarly, testkit.Fake200, testkit.Empty200, testkit.Status400} {
		for _, stream := range []bool{true, false} {
			bad.Set(mode)
			before := bad.Count()
			status, _, body := p.Messages(t, key, testkit.Prompt(stream, "bad "+string(mode)))
			require.Equal(t, http.StatusOK, status, "%s: %s", mode, body)
			if stream {
				require.Equal(t, good.Stream("claude-test"), body, mode)
			}
			if stream || mode != testkit.CutEarly { // a document has no middle
				require.Greater(t, bad.Count(), before)
			}
		}
	}
}

// What a provider refuses, and what breaks off, reaches the client in words of
// its own protocol.
func TestErrorsOfAConvertedProvider(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	up := testkit.NewUpstream(t, "up")
	p.AddProvider(t, up, testkit.M{"type": "openai-compatible", "acceptFormats": "all", "circuitBreaker": testkit.M{"failureThreshold": 0}})
	key := p.NewKey(t, "ann")
	refused := map[string]string{
		"claude": "error.type=invalid_request_error", "responses": "error.type=invalid_request_error", "gemini": "error.status=INVALID_ARGUMENT",
		"gemini-cli": "error.status=INVALID_ARGUMENT",
	}
	broken := map[string]string{
		"claude": `"type":"error"`, "responses": `"type":"response.failed"`, "gemini": `{"error":{`, "gemini-cli": `{"error":{`,
	}
	for _, client := range testkit.Wires() {
		if client.Name == "chat" {
			continue
		}
		up.Set(testkit.Status400)
		path, body := client.Call("m", true, "odd")
		status, _, answer := p.Call(t, http.MethodPost, path, key, body)
		require.Equal(t, http.StatusBadRequest, status, answer)
		where, want, _ := strings.Cut(refused[client.Name], "=")
		require.Equal(t, want, gjson.Get(answer, where).String(), answer)
		require.Equal(t, "odd request", gjson.Get(answer, "error.message").String(), answer)

		up.Set(testkit.CutLate)
		path, body = client.Call("m", true, "cut")
		status, header, answer := p.Call(t, http.MethodPost, path, key, body)
		require.Equal(t, http.StatusOK, status)
		all := frames(t, answer)
		require.Contains(t, answer, "up-0 ")
		require.Contains(t, all[len(all)-1], broken[client.Name], answer)
		row := p.AwaitLogs(t, "requestId="+header.Get("X-Request-Id"), 1)[0]
		require.EqualValues(t, 502, row.Get("statusCode").Int())
	}
}

// A capability that no provider can carry is the client's business, not the
// providers'; a native provider carries everything.
func TestUnconvertibleRequests(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	up := testkit.NewUpstream(t, "up")
	id := p.AddProvider(t, up, testkit.M{"type": "claude", "acceptFormats": "all", "circuitBreaker": testkit.M{"failureThreshold": 1}})
	key := p.NewKey(t, "ann")
	const body = `{"model":"m","n":2,"messages":[{"role":"user","content":"hi"}]}`
	for range 3 {
		status, _, answer := p.Call(t, http.MethodPost, "/v1/chat/completions", key, body)
		require.Equal(t, http.StatusBadRequest, status, answer)
		require.Equal(t, "unconvertible", gjson.Get(answer, "error.code").String(), answer)
		require.Equal(t, "n cannot be converted to the format of any available provider", gjson.Get(answer, "error.message").String())
	}
	row := p.AwaitLogs(t, "", 3)[0]
	require.EqualValues(t, 400, row.Get("statusCode").Int())
	chain := p.Detail(t, row.Get("id").String()).Get("decisionChain")
	require.Equal(t, "unconvertible:n", chain.Get("0.decisionContext.filteredProviders.0.reason").String(), chain.Raw)
	require.Zero(t, up.Count())
	require.NotEqual(t, "open", breaker(t, p, id))

	status, _, answer := p.Call(t, http.MethodPost, "/v1/chat/completions", key, `{"model":"m","messages":[]}`)
	require.Equal(t, http.StatusBadRequest, status, answer)
	require.Equal(t, "invalid_request_error", gjson.Get(answer, "error.type").String(), answer)
	require.NotEqual(t, "open", breaker(t, p, id), "nor is an empty request a failure of the provider")

	native := testkit.NewUpstream(t, "native")
	p.AddProvider(t, native, testkit.M{"type": "openai-compatible", "priority": 5})
	status, _, answer = p.Call(t, http.MethodPost, "/v1/chat/completions", key, body)
	require.Equal(t, http.StatusOK, status, answer)
	require.True(t, body == string(native.Calls()[0].Body), "untouched") //nolint:testifylint // byte by byte
}

// Calls that are no conversation go to providers of their own protocol alone.
func TestOnlyConversationsAreConverted(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	up := testkit.NewUpstream(t, "up")
	p.AddProvider(t, up, testkit.M{"type": "gemini", "acceptFormats": "all"})
	key := p.NewKey(t, "ann")
	for path, body := range map[string]string{
		"/v1/embeddings":        `{"model":"m","input":"x"}`,
		"/v1/responses/compact": `{"model":"m","input":[]}`,
	} {
		status, _, answer := p.Call(t, http.MethodPost, path, key, body)
		require.Equal(t, http.StatusServiceUnavailable, status, "%s: %s", path, answer)
	}
	require.Zero(t, up.Count())
}

// toolServer answers every call with what a provider streams, whatever the
// request; it keeps the last body.
func toolServer(t *testing.T, answers ...string) (*httptest.Server, func() []string) {
	t.Helper()
	bodies := make(chan string, 16)
	n := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bodies <- r.URL.Path + " " + readAll(t, r)
		w.Header().Set("Content-Type", "text/event-stream")
		flush := http.NewResponseController(w)
		for piece := range strings.SplitAfterSeq(answers[min(n, len(answers)-1)], "\n\n") {
			_, _ = w.Write([]byte(piece))
			_ = flush.Flush()
		}
		n++
	}))
	t.Cleanup(srv.Close)
	return srv, func() []string {
		var out []string
		for len(bodies) > 0 {
			out = append(out, <-bodies)
		}
		return out
	}
}

func readAll(t testing.TB, r *http.Request) string {
	t.Helper()
	var b strings.Builder
	buf := make([]byte, 4096)
	for {
		n, err := r.Body.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			return b.String()
		}
	}
}

// assembled are the content blocks of a streamed Claude answer, as a client puts
// them into the history.
func assembled(t testing.TB, body string) []testkit.M {
	t.Helper()
	var blocks []testkit.M
	var input strings.Builder
	for _, data := range frames(t, body) {
		e := gjson.Parse(data)
		switch e.Get("type").String() {
		case "content_block_start":
			block := testkit.M{}
			e.Get("content_block").ForEach(func(k, v gjson.Result) bool {
				block[k.String()] = v.Value()
				return true
			})
			blocks = append(blocks, block)
			input.Reset()
		case "content_block_delta":
			last := blocks[len(blocks)-1]
			for _, field := range []string{"text", "thinking", "signature"} {
				if piece := e.Get("delta." + field); piece.Exists() {
					had, _ := last[field].(string)
					last[field] = had + piece.String()
				}
			}
			input.WriteString(e.Get("delta.partial_json").String())
		case "content_block_stop":
			if last := blocks[len(blocks)-1]; last["type"] == "tool_use" {
				require.True(t, gjson.Valid(input.String()), input.String())
				last["input"] = gjson.Parse(input.String()).Value()
			}
		}
	}
	return blocks
}

const geminiToolTurn = `data: {"candidates":[{"content":{"role":"model","parts":[{"thought":true,"text":"I shall look."}]},"index":0}],"modelVersion":"gemini-3-pro","responseId":"r1"}

data: {"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"id":"fc-1","name":"weather","args":{"city":"Örebro"}},"thoughtSignature":"c2lnbmVkIGJ5IGdvb2dsZQ=="}]},"index":0}],"modelVersion":"gemini-3-pro","responseId":"r1"}

data: {"candidates":[{"content":{"role":"model","parts":[]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":20,"candidatesTokenCount":7,"thoughtsTokenCount":3,"totalTokenCount":30},"modelVersion":"gemini-3-pro","responseId":"r1"}

`

const geminiLastTurn = `data: {"candidates":[{"content":{"role":"model","parts":[{"text":"It rains."}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":40,"candidatesTokenCount":4,"totalTokenCount":44},"modelVersion":"gemini-3-pro","responseId":"r2"}

`

// A Claude client's tool turn by Gemini: call and arguments arrive, and what
// Google signed comes back to it with the result. The same history is clean
// when a native provider takes over.
func TestToolTurnOfAClaudeClientByGemini(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	srv, sent := toolServer(t, geminiToolTurn, geminiLastTurn)
	status, created := p.Admin(t, http.MethodPost, "/providers", testkit.M{
		"name": "g", "type": "gemini", "url": srv.URL, "key": "k", "acceptFormats": []string{"claude"},
		"modelRedirects": []testkit.M{{"matchType": "prefix", "source": "claude-", "target": "gemini-3-pro"}},
	})
	require.Equal(t, http.StatusCreated, status, created.Raw)
	key := p.NewKey(t, "ann")

	history := []testkit.M{{"role": "user", "content": "What is the weather in Örebro?"}}
	request := func() string {
		return mustJSON(t, testkit.M{
			"model": "claude-sonnet-4-5", "max_tokens": 2048, "stream": true, "messages": history,
			"thinking": testkit.M{"type": "enabled", "budget_tokens": 1024},
			"tools":    []testkit.M{{"name": "weather", "input_schema": testkit.M{"type": "object", "properties": testkit.M{"city": testkit.M{"type": "string"}}}}},
		})
	}
	status, header, answer := p.Messages(t, key, request())
	require.Equal(t, http.StatusOK, status, answer)
	require.Equal(t, "text/event-stream; charset=utf-8", header.Get("Content-Type"))
	require.Contains(t, answer, `"stop_reason":"tool_use"`)
	require.Contains(t, answer, `"model":"claude-sonnet-4-5"`, "the model is called as the client called it")
	blocks := assembled(t, answer)
	call := blocks[len(blocks)-1]
	require.Equal(t, "tool_use", call["type"], answer)
	require.Equal(t, "weather", call["name"])
	require.Equal(t, map[string]any{"city": "Örebro"}, call["input"])
	require.Equal(t, "I shall look.", blocks[0]["thinking"])
	require.Contains(t, answer, "gwr1.google.", "the signature travels with the client")

	history = append(history,
		testkit.M{"role": "assistant", "content": blocks},
		testkit.M{"role": "user", "content": []testkit.M{{"type": "tool_result", "tool_use_id": call["id"], "content": "rain"}}})
	status, _, answer = p.Messages(t, key, request())
	require.Equal(t, http.StatusOK, status, answer)
	require.Equal(t, "It rains.", readers()["claude"].said(t, answer, true))

	turns := sent()
	require.Len(t, turns, 2)
	path, body, _ := strings.Cut(turns[1], " ")
	require.Equal(t, "/v1beta/models/gemini-3-pro:streamGenerateContent", path)
	require.Equal(t, "weather", gjson.Get(body, "contents.1.parts.#.functionCall.name").Array()[0].String(), body)
	require.Contains(t, body, `"thoughtSignature":"c2lnbmVkIGJ5IGdvb2dsZQ=="`, "signed by Google, given back to Google")
	require.Equal(t, "rain", gjson.Get(body, "contents.2.parts.0.functionResponse.response.output").String(), body)
	require.NotContains(t, body, "gwr1.")

	native := testkit.NewUpstream(t, "native")
	p.AddProvider(t, native, testkit.M{"type": "claude", "modelRedirects": []testkit.M{
		{"matchType": "exact", "source": "claude-sonnet-4-5", "target": "claude-opus-4-8"},
	}})
	other := p.NewKey(t, "bob") // a session of its own
	status, _, answer = p.Messages(t, other, request())
	require.Equal(t, http.StatusOK, status, answer)
	body = string(native.Calls()[0].Body)
	require.NotContains(t, body, "gwr1.", "Anthropic would refuse what it did not sign")
	require.Equal(t, "claude-opus-4-8", gjson.Get(body, "model").String())
	require.Equal(t, "rain", gjson.Get(body, "messages.2.content.0.content").String())
	require.Equal(t, "weather", gjson.Get(body, "messages.1.content.#(type==\"tool_use\").name").String(), body)
}

const chatToolTurn = `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"shell","arguments":""}}]},"finish_reason":null}]}

data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"cmd\":"}}]},"finish_reason":null}]}

data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"ls\"}"}}]},"finish_reason":null}]}

data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

data: [DONE]

`

// A streamed tool call of a Chat provider as the clients of the other protocols
// see it.
func TestToolCallOfAChatProvider(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	srv, _ := toolServer(t, chatToolTurn)
	status, created := p.Admin(t, http.MethodPost, "/providers", testkit.M{
		"name": "c", "type": "openai-compatible", "url": srv.URL, "key": "k", "acceptFormats": "all",
	})
	require.Equal(t, http.StatusCreated, status, created.Raw)
	key := p.NewKey(t, "ann")

	_, _, answer := p.Call(t, http.MethodPost, "/v1/responses", key,
		`{"model":"m","stream":true,"input":"list","tools":[{"type":"function","name":"shell","parameters":{"type":"object"}}]}`)
	var item gjson.Result
	for _, data := range frames(t, answer) {
		if gjson.Get(data, "type").String() == "response.output_item.done" {
			item = gjson.Get(data, "item")
		}
	}
	require.Equal(t, "function_call", item.Get("type").String(), answer)
	require.Equal(t, "shell", item.Get("name").String())
	require.JSONEq(t, `{"cmd":"ls"}`, item.Get("arguments").String())
	require.Equal(t, "call_1", item.Get("call_id").String())

	_, _, answer = p.Call(t, http.MethodPost, "/v1beta/models/m:streamGenerateContent", key,
		`{"contents":[{"role":"user","parts":[{"text":"list"}]}],"tools":[{"functionDeclarations":[{"name":"shell"}]}]}`)
	require.True(t, gjson.Valid(answer), "without alt=sse Gemini streams one array: %s", answer)
	require.Equal(t, "ls", gjson.Get(answer, "#.candidates.0.content.parts.0.functionCall.args.cmd").Array()[0].String(), answer)

	_, _, answer = p.Messages(t, key, testkit.Prompt(false, "not streamed, though the provider streams"))
	require.Equal(t, "tool_use", gjson.Get(answer, "stop_reason").String(), answer)
	require.Equal(t, "ls", gjson.Get(answer, "content.0.input.cmd").String(), answer)
}

func mustJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}
