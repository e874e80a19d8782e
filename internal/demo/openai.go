package demo

import "fmt"

// chat is OpenAI's Chat Completions API. Its streams always tell their usage.
//
//nolint:gochecknoglobals // read-only table
var chat = wire{
	fault: openaiFault,
	document: func(a *answer) string {
		return fmt.Sprintf(`{"id":"chatcmpl-demo","object":"chat.completion","created":1,"model":%s,"choices":[{"index":0,`+
			`"message":{"role":"assistant","content":%s},"finish_reason":"stop"}],"usage":%s}`, a.model, quoted(a.text()), chatUsage(a))
	},
	opening: func(a *answer) []string {
		return []string{chatChunk(a, `[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]`, "")}
	},
	word: func(a *answer, n int) string {
		return chatChunk(a, `[{"index":0,"delta":{"content":`+quoted(a.words[n])+`},"finish_reason":null}]`, "")
	},
	closing: func(a *answer) []string {
		return []string{
			chatChunk(a, `[{"index":0,"delta":{},"finish_reason":"stop"}]`, ""),
			chatChunk(a, `[]`, `,"usage":`+chatUsage(a)),
			event("", "[DONE]"),
		}
	},
}

func openaiFault(f fault) string {
	kind := "server_error"
	if f.status < 500 {
		kind = f.kind
	}
	return `{"error":{"message":` + quoted(f.message) + `,"type":"` + kind + `","param":null,"code":"` + f.kind + `"}}`
}

func chatChunk(a *answer, choices, rest string) string {
	return event("", `{"id":"chatcmpl-demo","object":"chat.completion.chunk","created":1,"model":%s,"choices":%s%s}`, a.model, choices, rest)
}

func chatUsage(a *answer) string {
	return fmt.Sprintf(`{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}`, a.input, len(a.words), a.input+len(a.words))
}

// responses is OpenAI's Responses API.
//
//nolint:gochecknoglobals // read-only table
var responses = wire{
	fault:    openaiFault,
	document: func(a *answer) string { return response(a, "completed") },
	opening: func(a *answer) []string {
		return []string{
			responsesEvent("response.created", 0, `"response":%s`, response(a, "in_progress")),
			responsesEvent("response.output_item.added", 1, `"output_index":0,"item":%s`, responseItem("in_progress", "")),
			responsesEvent("response.content_part.added", 2, `"item_id":"msg_demo","output_index":0,"content_index":0,"part":%s`, outputText("")),
		}
	},
	word: func(a *answer, n int) string {
		return responsesEvent("response.output_text.delta", 3+n,
			`"item_id":"msg_demo","output_index":0,"content_index":0,"delta":%s`, quoted(a.words[n]))
	},
	closing: func(a *answer) []string {
		n := 3 + len(a.words)
		const at = `"item_id":"msg_demo","output_index":0,"content_index":0,`
		return []string{
			responsesEvent("response.output_text.done", n, at+`"text":%s`, quoted(a.text())),
			responsesEvent("response.content_part.done", n+1, at+`"part":%s`, outputText(a.text())),
			responsesEvent("response.output_item.done", n+2, `"output_index":0,"item":%s`, responseItem("completed", a.text())),
			responsesEvent("response.completed", n+3, `"response":%s`, response(a, "completed")),
		}
	},
}

func responsesEvent(name string, n int, format string, args ...any) string {
	return event(name, `{"type":"%s","sequence_number":%d,%s}`, name, n, fmt.Sprintf(format, args...))
}

func response(a *answer, status string) string {
	output, usage := "[]", "null"
	if status == "completed" {
		output = "[" + responseItem(status, a.text()) + "]"
		usage = fmt.Sprintf(`{"input_tokens":%d,"input_tokens_details":{"cached_tokens":0},"output_tokens":%d,`+
			`"output_tokens_details":{"reasoning_tokens":0},"total_tokens":%d}`, a.input, len(a.words), a.input+len(a.words))
	}
	return fmt.Sprintf(`{"id":"resp_demo","object":"response","created_at":1,"status":"%s","error":null,"incomplete_details":null,`+
		`"model":%s,"output":%s,"parallel_tool_calls":true,"tools":[],"usage":%s}`, status, a.model, output, usage)
}

func responseItem(status, text string) string {
	content := "[]"
	if status == "completed" {
		content = "[" + outputText(text) + "]"
	}
	return `{"type":"message","id":"msg_demo","status":"` + status + `","role":"assistant","content":` + content + `}`
}

func outputText(text string) string {
	return `{"type":"output_text","text":` + quoted(text) + `,"annotations":[]}`
}
