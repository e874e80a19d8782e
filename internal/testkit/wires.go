package testkit

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// Wire is one protocol: how its clients call, and how the fake upstream answers.
// Every answer tells of 25 fresh and 100 cached input tokens and 15 of output.
type Wire struct {
	Name     string // of the protocol
	Provider string // the type of provider that speaks it
	// Call is the path and body of a call; both are complete, so that nothing
	// has to be added to them on the way.
	Call func(model string, stream bool, text string) (path, body string)
	// Asked reads the model of a call, and whether it wants a stream.
	Asked func(path string, body []byte) (model string, stream bool)
	// Frames are the events of an answer, Document the answer as a whole.
	Frames   func(u *Upstream, model string) []string
	Document func(u *Upstream, model string) string
}

// Wires are all protocols.
func Wires() []Wire {
	return []Wire{claudeWire(), chatWire(), responsesWire(), geminiWire(), geminiCLIWire()}
}

// WireOf is the protocol of a path.
func WireOf(path string) Wire {
	switch {
	case strings.HasPrefix(path, "/v1internal"):
		return geminiCLIWire()
	case strings.Contains(path, ":"):
		return geminiWire()
	case strings.HasSuffix(path, "/chat/completions"):
		return chatWire()
	case strings.HasSuffix(path, "/responses"):
		return responsesWire()
	}
	return claudeWire()
}

func inBody(_ string, body []byte) (model string, stream bool) {
	return gjson.GetBytes(body, "model").String(), gjson.GetBytes(body, "stream").Bool()
}

func claudeWire() Wire {
	return Wire{
		Name: "claude", Provider: "claude", Asked: inBody,
		Call: func(model string, stream bool, text string) (string, string) {
			return "/v1/messages", fmt.Sprintf(`{"model":%q,"max_tokens":64,"stream":%t,"metadata":{"user_id":"u"},"messages":[{"role":"user","content":%q}]}`, model, stream, text)
		},
		Frames:   (*Upstream).Frames,
		Document: (*Upstream).Message,
	}
}

// say is the n-th piece of the upstream's text.
func (u *Upstream) say(n int) string { return u.Name + "-" + strconv.Itoa(n) + " " }

func chatWire() Wire {
	const usage = `"usage":{"prompt_tokens":125,"completion_tokens":15,"total_tokens":140,"prompt_tokens_details":{"cached_tokens":100}}`
	return Wire{
		Name: "chat", Provider: "openai-compatible", Asked: inBody,
		Call: func(model string, stream bool, text string) (string, string) {
			return "/v1/chat/completions", fmt.Sprintf(
				`{"model":%q,"stream":%t,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":%q}]}`, model, stream, text)
		},
		Frames: func(u *Upstream, model string) []string {
			chunk := func(rest string) string {
				return `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"` + model + `",` + rest + "}\n\n"
			}
			out := []string{chunk(`"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]`)}
			for i := range int(u.deltas.Load()) {
				out = append(out, chunk(`"choices":[{"index":0,"delta":{"content":"`+u.say(i)+`"},"finish_reason":null}]`))
			}
			return append(out, chunk(`"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]`), chunk(`"choices":[],`+usage), "data: [DONE]\n\n")
		},
		Document: func(u *Upstream, model string) string {
			return `{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"` + model +
				`","choices":[{"index":0,"message":{"role":"assistant","content":"from ` + u.Name + `"},"finish_reason":"stop"}],` + usage + `}`
		},
	}
}

func responsesWire() Wire {
	const usage = `"usage":{"input_tokens":125,"input_tokens_details":{"cached_tokens":100},"output_tokens":15,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":140}`
	response := func(model, status, text string) string {
		output, count := "[]", ""
		if status == "completed" {
			output = `[{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"` + text + `","annotations":[]}]}]`
			count = "," + usage
		}
		return `{"id":"resp_1","object":"response","created_at":1,"status":"` + status + `","model":"` + model + `","output":` + output + count + `}`
	}
	return Wire{
		Name: "responses", Provider: "codex", Asked: inBody,
		Call: func(model string, stream bool, text string) (string, string) {
			return "/v1/responses", fmt.Sprintf(
				`{"model":%q,"stream":%t,"store":false,"prompt_cache_key":"none","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":%q}]}]}`,
				model, stream, text)
		},
		Frames: func(u *Upstream, model string) []string {
			var out []string
			event := func(name, rest string) {
				out = append(out, fmt.Sprintf("event: %s\ndata: {\"type\":%q,\"sequence_number\":%d,%s}\n\n", name, name, len(out), rest))
			}
			event("response.created", `"response":`+response(model, "in_progress", ""))
			event("response.output_item.added", `"output_index":0,"item":{"type":"message","id":"msg_1","status":"in_progress","role":"assistant","content":[]}`)
			var text strings.Builder
			for i := range int(u.deltas.Load()) {
				text.WriteString(u.say(i))
				event("response.output_text.delta", `"item_id":"msg_1","output_index":0,"content_index":0,"delta":"`+u.say(i)+`"`)
			}
			event("response.output_item.done", `"output_index":0,"item":{"type":"message","id":"msg_1","status":"completed","role":"assistant",`+
				`"content":[{"type":"output_text","text":"`+text.String()+`","annotations":[]}]}`)
			event("response.completed", `"response":`+response(model, "completed", text.String()))
			return out
		},
		Document: func(u *Upstream, model string) string { return response(model, "completed", "from "+u.Name) },
	}
}

func geminiWire() Wire {
	return Wire{
		Name: "gemini", Provider: "gemini",
		Call: func(model string, stream bool, text string) (string, string) {
			return "/v1beta/models/" + model + geminiMethod(stream), fmt.Sprintf(`{"contents":[{"role":"user","parts":[{"text":%q}]}]}`, text)
		},
		Asked: func(path string, _ []byte) (string, bool) {
			model, method, _ := strings.Cut(path[strings.LastIndexByte(path, '/')+1:], ":")
			return model, method == "streamGenerateContent"
		},
		Frames: func(u *Upstream, model string) []string {
			return geminiFrames(u, model, func(doc string) string { return doc })
		},
		Document: func(u *Upstream, model string) string { return geminiChunk(model, "from "+u.Name, true) },
	}
}

func geminiCLIWire() Wire {
	wrap := func(doc string) string { return `{"response":` + doc + `}` }
	return Wire{
		Name: "gemini-cli", Provider: "gemini-cli",
		Call: func(model string, stream bool, text string) (string, string) {
			return "/v1internal" + geminiMethod(stream), fmt.Sprintf(
				`{"model":%q,"project":"p","request":{"contents":[{"role":"user","parts":[{"text":%q}]}]}}`, model, text)
		},
		Asked: func(path string, body []byte) (string, bool) {
			return gjson.GetBytes(body, "model").String(), strings.HasSuffix(path, ":streamGenerateContent")
		},
		Frames:   func(u *Upstream, model string) []string { return geminiFrames(u, model, wrap) },
		Document: func(u *Upstream, model string) string { return wrap(geminiChunk(model, "from "+u.Name, true)) },
	}
}

func geminiMethod(stream bool) string {
	if stream {
		return ":streamGenerateContent?alt=sse"
	}
	return ":generateContent"
}

// geminiFrames begin with a chunk that says nothing yet.
func geminiFrames(u *Upstream, model string, wrap func(string) string) []string {
	n := int(u.deltas.Load())
	out := []string{"data: " + wrap(geminiChunk(model, "", false)) + "\n\n"}
	for i := range n {
		out = append(out, "data: "+wrap(geminiChunk(model, u.say(i), i == n-1))+"\n\n")
	}
	return out
}

func geminiChunk(model, text string, last bool) string {
	end := ""
	if last {
		end = `,"finishReason":"STOP"`
	}
	usage := `"usageMetadata":{"promptTokenCount":125,"cachedContentTokenCount":100,"candidatesTokenCount":15,"totalTokenCount":140}`
	return `{"candidates":[{"content":{"parts":[{"text":"` + text + `"}],"role":"model"},"index":0` + end + `}],` + usage +
		`,"modelVersion":"` + model + `","responseId":"r1"}`
}

// Call makes a call of any kind with a key and reads the whole answer.
func (p *Program) Call(t testing.TB, method, path, key, body string, header ...string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, p.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+key)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, resp.Header, string(b)
}
