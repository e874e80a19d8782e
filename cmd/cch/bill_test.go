package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/pricelist/pricelisttest"
	"github.com/claude-code-hub/cch/internal/testkit"
)

// streamed is a provider that answers every call with one stream.
func streamed(t *testing.T, name string, frames ...string) *testkit.Upstream {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, strings.Join(frames, ""))
	}))
	t.Cleanup(server.Close)
	return &testkit.Upstream{Server: server, Name: name}
}

// event is a frame whose event is called as its type.
func event(data string) string {
	return "event: " + gjson.Get(data, "type").String() + "\ndata: " + data + "\n\n"
}

func claudeStream(start, end string) []string {
	return []string{
		event(`{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":` + start + `}}`),
		event(`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`),
		event(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hello"}}`),
		event(`{"type":"content_block_stop","index":0}`),
		event(`{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":` + end + `}`),
		event(`{"type":"message_stop"}`),
	}
}

func chatStream(tier, usage string) []string {
	chunk := func(rest string) string {
		return `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","service_tier":"` + tier + `",` + rest + "}\n\n"
	}
	return []string{
		chunk(`"choices":[{"index":0,"delta":{"role":"assistant","content":"hello"},"finish_reason":null}]`),
		chunk(`"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]`),
		chunk(`"choices":[],"usage":` + usage), "data: [DONE]\n\n",
	}
}

func responsesStream(tier, items, usage string) []string {
	return []string{
		event(`{"type":"response.created","sequence_number":0,"response":{"id":"r","object":"response","status":"in_progress","model":"m","service_tier":"auto","output":[]}}`),
		event(`{"type":"response.output_text.delta","sequence_number":1,"item_id":"i","output_index":0,"content_index":0,"delta":"hello"}`),
		event(`{"type":"response.completed","sequence_number":2,"response":{"id":"r","object":"response","status":"completed","model":"m","service_tier":"` +
			tier + `","output":[` + items + `{"type":"message","id":"i","status":"completed","role":"assistant","content":[{"type":"output_text","text":"hello","annotations":[]}]}],"usage":` + usage + `}}`),
	}
}

func geminiStream(wrap, grounding, usage string) []string {
	chunk := func(text, rest string) string {
		return "data: " + fmt.Sprintf(wrap, `{"candidates":[{"content":{"parts":[{"text":"`+text+`"}],"role":"model"},"index":0`+rest+`}],"usageMetadata":`+
			usage+`,"modelVersion":"m","responseId":"r"}`) + "\n\n"
	}
	return []string{chunk("hel", ""), chunk("lo", grounding+`,"finishReason":"STOP"`)}
}

// wire is a protocol by its name.
func wire(t *testing.T, name string) testkit.Wire {
	t.Helper()
	wires := testkit.Wires()
	i := slices.IndexFunc(wires, func(w testkit.Wire) bool { return w.Name == name })
	require.GreaterOrEqual(t, i, 0)
	return wires[i]
}

// Everything that makes an answer dearer or cheaper reaches the bill of a
// streamed call, in each protocol. The amounts are those of the published cases.
func TestStreamsAreBilledInFull(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	searches := `{"type":"web_search_call","id":"w1","status":"completed","action":{"type":"search"}},` +
		`{"type":"web_search_call","id":"w2","status":"completed","action":{"type":"search"}},` +
		`{"type":"web_search_call","id":"w3","status":"completed","action":{"type":"open_page"}},{"type":"file_search_call","id":"f","status":"completed"},`
	const gemini25 = `{"promptTokenCount":120000,"cachedContentTokenCount":100000,"candidatesTokenCount":1500,"thoughtsTokenCount":1000}`
	for name, tc := range map[string]struct {
		wire   testkit.Wire
		model  string
		frames []string
		nano   float64
		lines  string
	}{
		"fast, with searches": {
			wire(t, "claude"), "claude-opus-4-6", claudeStream(`{"input_tokens":2000,"output_tokens":1,"speed":"fast"}`,
				`{"output_tokens":400,"server_tool_use":{"web_search_requests":3}}`),
			150_000_000, `["input","output","web_search_call"]`,
		},
		"fast, which its client asked for": {
			wire(t, "claude"), "claude-opus-4-8", claudeStream(`{"input_tokens":1000,"output_tokens":1}`, `{"output_tokens":1000}`),
			60_000_000, `["input","output"]`,
		},
		"kept in the United States": {
			wire(t, "claude"), "claude-opus-4-7", claudeStream(`{"input_tokens":10000,"output_tokens":1,"inference_geo":"us"}`, `{"output_tokens":2000}`),
			110_000_000, `["input","output"]`,
		},
		"in passes, one by another model": {
			wire(t, "claude"), "claude-sonnet-4-5", claudeStream(`{"input_tokens":23000,"output_tokens":1}`, `{"output_tokens":1000,"iterations":[`+
				`{"type":"message","input_tokens":180000,"output_tokens":3500},`+
				`{"type":"advisor","model":"claude-opus-4-6","input_tokens":5000,"output_tokens":200},`+
				`{"type":"message","input_tokens":23000,"output_tokens":1000}]}`),
			706_500_000, `["input","input","output","output"]`,
		},
		"flex": {
			wire(t, "chat"), "gpt-5.4", chatStream("flex", `{"prompt_tokens":100000,"completion_tokens":10000,"total_tokens":110000}`),
			200_000_000, `["input","output"]`,
		},
		"priority": {
			wire(t, "responses"), "gpt-5.3-codex", responsesStream("priority", "",
				`{"input_tokens":32000,"input_tokens_details":{"cached_tokens":24000},"output_tokens":3000,"total_tokens":35000}`),
			120_400_000, `["input","cache_read","output"]`,
		},
		"searches of webs and files": {
			wire(t, "responses"), "gpt-5.6-sol", responsesStream("default", searches, `{"input_tokens":3000,"output_tokens":500,"total_tokens":3500}`),
			52_500_000, `["input","output","web_search_call","file_search_call"]`,
		},
		"grounded": {
			wire(t, "gemini"), "gemini-3.1-pro-preview", geminiStream("%s", `,"groundingMetadata":{"webSearchQueries":["a","b","c","d"]}`,
				`{"promptTokenCount":5000,"candidatesTokenCount":1000}`),
			78_000_000, `["input","output","web_search_call"]`,
		},
		"cached, with thoughts, in an envelope": {
			wire(t, "gemini-cli"), "gemini-2.5-pro", geminiStream(`{"response":%s}`, "", gemini25),
			62_500_000, `["input","cache_read","output"]`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			group := "g" + strings.ReplaceAll(name, " ", "-")
			p.AddProvider(t, streamed(t, name, tc.frames...), testkit.M{"type": tc.wire.Provider, "groups": []string{group}})
			own := p.AddKey(t, p.AddUser(t, name, testkit.M{"groups": []string{group}, "costMultiplier": 2}), "key")
			path, body := tc.wire.Call(tc.model, true, "hello")
			header := []string{"Anthropic-Version", "2023-06-01"}
			if strings.Contains(name, "client asked") {
				body = strings.Replace(body, `{`, `{"speed":"fast",`, 1)
				header = append(header, "Anthropic-Beta", "context-1m-2025-08-07,fast-mode-2026-02-01")
			}
			status, answer, text := p.Call(t, http.MethodPost, path, own, body, header...)
			require.Equal(t, http.StatusOK, status, text)
			id := answer.Get("X-Request-Id")
			p.AwaitLogs(t, "requestId="+id, 1)
			row := p.Detail(t, id)
			require.Equal(t, "billed", row.Get("costBreakdown.state").String(), row.Raw)
			require.Equal(t, tc.lines, row.Get("costBreakdown.lines.#.name").Raw)
			require.Positive(t, row.Get("costBreakdown.priceId").Int(), "prices of the built-in list have rows too")
			require.InDelta(t, tc.nano, nano(row.Get("costBreakdown.providerCostUsd")), 1e-3, row.Raw)
			require.InDelta(t, 2*tc.nano, nano(row.Get("costUsd")), 1e-3, "the user's factor")
		})
	}
}

// The running program bills by the list of its server from the moment it took it
// over, keeps it over a restart, and goes on when the server is gone.
func TestTheCloudListReachesTheBill(t *testing.T) {
	t.Parallel()
	cloud := pricelisttest.New(t)
	cloud.List(`"1"`, pricelisttest.CPT("1", map[string]string{"claude-test": "3"}))
	p := testkit.StartProgram(t, "PRICE_SYNC_URL="+cloud.URL+"/models.json", "PRICE_SYNC_ALLOW_PRIVATE=true")
	p.AddProvider(t, testkit.NewUpstream(t, "acme"), nil)
	key := p.NewKey(t, "ann")
	charge := func() float64 {
		status, header, body := p.Messages(t, key, testkit.Prompt(true, "hello"))
		require.Equal(t, http.StatusOK, status, body)
		p.AwaitLogs(t, "requestId="+header.Get("X-Request-Id"), 1)
		return nano(p.Detail(t, header.Get("X-Request-Id")).Get("costUsd"))
	}
	require.Zero(t, charge(), "it has no price yet")
	_, unpriced := p.Admin(t, http.MethodGet, "/model-prices/unpriced", nil)
	require.Equal(t, "claude-test", unpriced.Get("items.0.name").String())

	status, report := p.Admin(t, http.MethodPost, "/model-prices/sync", testkit.M{})
	require.Equal(t, http.StatusOK, status, report.Raw)
	// 25 and, without a rate of its own, 100 cached at 3 a million; 15 at 5.
	require.InDelta(t, 125*3000+15*5000, charge(), 1e-3)
	_, unpriced = p.Admin(t, http.MethodGet, "/model-prices/unpriced", nil)
	require.Empty(t, unpriced.Get("items").Array())

	// It is in use now: a leap waits.
	cloud.List(`"2"`, pricelisttest.CPT("2", map[string]string{"claude-test": "300"}))
	status, report = p.Admin(t, http.MethodPost, "/model-prices/sync", testkit.M{})
	require.Equal(t, http.StatusOK, status)
	require.EqualValues(t, 1, report.Get("held").Int())
	require.InDelta(t, 125*3000+15*5000, charge(), 1e-3)

	cloud.Close()
	p.Kill()
	p.Start()
	require.InDelta(t, 125*3000+15*5000, charge(), 1e-3)
	status, _ = p.Admin(t, http.MethodPost, "/model-prices/sync", testkit.M{})
	require.Equal(t, http.StatusServiceUnavailable, status)
	status, decided := p.Admin(t, http.MethodPost, "/model-prices/held", testkit.M{"models": []string{"claude-test"}, "approve": true})
	require.Equal(t, http.StatusOK, status, decided.Raw)
	require.InDelta(t, 125*300_000+15*5000, charge(), 1e-3)
}
