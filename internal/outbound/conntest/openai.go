package conntest

import (
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	chatModel  = "gpt-4.1-mini"
	codexModel = "gpt-5.5"
)

// chat asks for Chat Completions; few relays refuse to answer in one piece.
func chat() dialect {
	return dialect{
		presets: func(model string) []preset {
			if model == "" {
				model = chatModel
			}
			request := func(limit string) []byte {
				return encode(map[string]any{
					"model": model, limit: 20, "messages": []map[string]string{{"role": "user", "content": prompt}},
				})
			}
			return []preset{
				{name: "chat completions", path: "/v1/chat/completions", body: request("max_tokens")},
				// Newer models know only this name for the bound.
				{name: "chat completions, new bound", path: "/v1/chat/completions", body: request("max_completion_tokens")},
			}
		},
		read: func(contentType string, body []byte) (r reading) {
			eachEvent(contentType, body, func(data []byte) { r.addChat(gjson.ParseBytes(data)) })
			return r
		},
	}
}

// addChat takes in a chunk of a stream, or a whole completion.
func (r *reading) addChat(v gjson.Result) {
	r.named(v.Get("model"))
	r.text += v.Get("choices.0.delta.content").String() + v.Get("choices.0.message.content").String()
	if u := v.Get("usage"); u.IsObject() {
		cached := u.Get("prompt_tokens_details.cached_tokens").Int()
		r.usage = domain.Usage{
			Input: u.Get("prompt_tokens").Int() - cached, Output: u.Get("completion_tokens").Int(), CacheRead: cached,
		}
	}
	r.failed(v.Get("error"))
}

// codex asks for Responses as Codex does: streamed, and kept nowhere.
func codex() dialect {
	return dialect{
		presets: func(model string) []preset {
			if model == "" {
				model = codexModel
			}
			text := []map[string]string{{"type": "input_text", "text": prompt}}
			return []preset{{
				name: "responses", path: "/v1/responses", header: map[string]string{"Accept": "text/event-stream"},
				body: encode(map[string]any{
					"model": model, "stream": true, "store": false, "instructions": "You are a coding agent.",
					"reasoning": map[string]string{"effort": "low"},
					"input":     []map[string]any{{"type": "message", "role": "user", "content": text}},
				}),
			}}
		},
		read: func(contentType string, body []byte) (r reading) {
			eachEvent(contentType, body, func(data []byte) { r.addResponse(gjson.ParseBytes(data)) })
			return r
		},
	}
}

// addResponse takes in an event of a stream, or a whole response.
func (r *reading) addResponse(v gjson.Result) {
	response := v.Get("response")
	if v.Get("object").String() == "response" {
		response = v
	}
	switch v.Get("type").String() {
	case "response.output_text.delta":
		r.text += v.Get("delta").String()
	case "error": // the event carries its message itself in some versions
		r.failed(v)
	}
	r.failed(v.Get("error"))
	r.failed(response.Get("error"))
	r.named(response.Get("model"))
	if u := response.Get("usage"); u.IsObject() {
		cached := u.Get("input_tokens_details.cached_tokens").Int()
		r.usage = domain.Usage{
			Input: u.Get("input_tokens").Int() - cached, Output: u.Get("output_tokens").Int(), CacheRead: cached,
		}
	}
	if r.text != "" {
		return // the end repeats what was streamed
	}
	for _, item := range response.Get("output").Array() {
		for _, part := range item.Get("content").Array() {
			r.text += part.Get("text").String()
		}
	}
}
