package gateway_test

import (
	"net/http"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

// wire is how the clients of one protocol call, and what they are answered.
type wire struct {
	protocol domain.Protocol
	path     string // of a streamed call
	plain    string // path of a call that is not
	body     string // $ stands for the model; complete, so that nothing has to be added
	events   []string
	document string
	usage    domain.Usage
	broken   string // event of an error in the stream
	cut      string // part of the event that tells of a break in the middle
	empty    string // stream that ends well and says nothing
}

const codexID = "0199a213-81c0-7800-8aa1-bbab2a035a53"

// wires are all protocols but Claude's, which has tests of its own.
func wires() map[string]wire {
	data := func(docs ...string) []string {
		for i := range docs {
			docs[i] = "data: " + docs[i] + "\n\n"
		}
		return docs
	}
	named := func(docs ...string) []string {
		for i, d := range docs {
			name, _, _ := strings.Cut(strings.TrimPrefix(d, `{"type":"`), `"`)
			docs[i] = event(name, d)
		}
		return docs
	}
	geminiText := `{"candidates":[{"content":{"parts":[{"text":"Hel"}],"role":"model"}}],"modelVersion":"$"}`
	geminiLast := `{"candidates":[{"content":{"parts":[{"text":"lo"}],"role":"model"},"finishReason":"STOP"}],` +
		`"usageMetadata":{"promptTokenCount":125,"cachedContentTokenCount":100,"candidatesTokenCount":10,"thoughtsTokenCount":5},"modelVersion":"$","responseId":"r1"}`
	enveloped := func(doc string) string { return `{"response":` + doc + `,"traceId":"t"}` }
	return map[string]wire{
		"chat": {
			protocol: domain.ProtocolChat, path: "/v1/chat/completions", plain: "/v1/chat/completions",
			body: `{ "model":"$","stream":true, "stream_options":{"include_usage":true},"unknown":[1.50],"messages":[{"role":"user","content":"h\u00e9"}]} `,
			events: data(
				`{"id":"c1","object":"chat.completion.chunk","model":"$","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}`,
				`{"id":"c1","object":"chat.completion.chunk","model":"$","choices":[{"index":0,"delta":{"content":"Hello"}}]}`,
				`{"id":"c1","object":"chat.completion.chunk","model":"$","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`,
				`{"id":"c1","object":"chat.completion.chunk","model":"$","choices":[],"usage":{"prompt_tokens":125,"completion_tokens":15,"prompt_tokens_details":{"cached_tokens":100}}}`,
				`[DONE]`),
			document: `{"id":"c1","object":"chat.completion", "model":"$","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],` +
				`"usage":{"prompt_tokens":125,"completion_tokens":15,"prompt_tokens_details":{"cached_tokens":100}}}`,
			usage:  domain.Usage{Input: 25, CacheRead: 100, Output: 15},
			broken: "data: {\"error\":{\"message\":\"Overloaded\",\"type\":\"server_error\"}}\n\n",
			cut:    "data: {\"error\":{\"message\":\"the provider broke the answer off\",\"type\":\"server_error\",\"param\":null,\"code\":\"stream_aborted\"}}\n\n",
			empty:  "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
		},
		"responses": {
			protocol: domain.ProtocolResponses, path: "/v1/responses", plain: "/v1/responses",
			body: `{ "model":"$","stream":true, "store":false,"prompt_cache_key":"` + codexID + `","unknown":{"model":"x"},"input":[{"role":"user","content":"h\u00e9"}]} `,
			events: named(
				`{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","model":"$","status":"in_progress","output":[]}}`,
				`{"type":"response.output_text.delta","sequence_number":1,"delta":"Hel"}`,
				`{"type":"response.output_text.delta","sequence_number":2,"delta":"lo"}`,
				`{"type":"response.completed","sequence_number":3,"response":{"id":"resp_1","model":"$","status":"completed",`+
					`"output":[{"type":"message","content":[{"type":"output_text","text":"Hello"}]}],`+
					`"usage":{"input_tokens":125,"input_tokens_details":{"cached_tokens":100},"output_tokens":15,"output_tokens_details":{"reasoning_tokens":5}}}}`),
			document: `{"id":"resp_1","object":"response", "model":"$","status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"Hello"}]}],` +
				`"usage":{"input_tokens":125,"input_tokens_details":{"cached_tokens":100},"output_tokens":15,"output_tokens_details":{"reasoning_tokens":5}}}`,
			usage:  domain.Usage{Input: 25, CacheRead: 100, Output: 15, Reasoning: 5},
			broken: event("response.failed", `{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"Overloaded"}}}`),
			cut: "event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":2,\"response\":{\"id\":\"resp_1\",\"object\":\"response\"," +
				"\"status\":\"failed\",\"error\":{\"code\":\"server_error\",\"message\":\"the provider broke the answer off\"}}}\n\n",
			empty: event("response.completed", `{"type":"response.completed","response":{"status":"completed","output":[]}}`),
		},
		"gemini": {
			protocol: domain.ProtocolGemini, path: "/v1beta/models/$:streamGenerateContent?alt=sse", plain: "/v1beta/models/$:generateContent",
			body:     `{ "unknown":[1.50], "contents":[{"role":"user","parts":[{"text":"h\u00e9"}]}]} `,
			events:   data(geminiText, geminiLast),
			document: geminiLast,
			usage:    domain.Usage{Input: 25, CacheRead: 100, Output: 15, Reasoning: 5},
			broken:   "data: {\"error\":{\"code\":503,\"message\":\"Overloaded\",\"status\":\"UNAVAILABLE\"}}\n\n",
			cut:      "data: {\"error\":{\"code\":502,\"message\":\"the provider broke the answer off\",\"status\":\"UNAVAILABLE\"",
			empty:    "data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\n\n",
		},
		"gemini-cli": {
			protocol: domain.ProtocolGeminiCLI, path: "/v1internal:streamGenerateContent?alt=sse", plain: "/v1internal:generateContent",
			body:     `{ "model":"$", "project":"p","user_prompt_id":"abc########0","request":{"contents":[{"role":"user","parts":[{"text":"h\u00e9"}]}]}} `,
			events:   data(enveloped(geminiText), enveloped(geminiLast)),
			document: enveloped(geminiLast),
			usage:    domain.Usage{Input: 25, CacheRead: 100, Output: 15, Reasoning: 5},
			broken:   "data: {\"error\":{\"code\":503,\"message\":\"Overloaded\",\"status\":\"UNAVAILABLE\"}}\n\n",
			cut:      "data: {\"error\":{\"code\":502,\"message\":\"the provider broke the answer off\",\"status\":\"UNAVAILABLE\"",
			empty:    "data: {\"response\":{\"candidates\":[{\"finishReason\":\"STOP\"}]}}\n\n",
		},
	}
}

func as(model, text string) string { return strings.ReplaceAll(text, "$", model) }

// stream is the whole answer of a model.
func (p *wire) stream(model string) string { return as(model, strings.Join(p.events, "")) }

// unstreamed is the body of a call that asks for one document.
func (p *wire) unstreamed() string { return strings.Replace(p.body, `"stream":true, `, "", 1) }

// callTo makes a call to any path.
func (w *world) callTo(method, path, body string, header ...string) answer {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+path, strings.NewReader(body))
	require.NoError(w.t, err)
	r.Header.Set("Authorization", "Bearer "+clientKey)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return w.do(r)
}
