package demo

import "fmt"

// claude is Anthropic's Messages API.
//
//nolint:gochecknoglobals // read-only table
var claude = wire{
	fault: func(f fault) string {
		return `{"type":"error","error":{"type":"` + f.kind + `","message":` + quoted(f.message) + `}}`
	},
	document: func(a *answer) string {
		return fmt.Sprintf(`{"id":"msg_demo","type":"message","role":"assistant","model":%s,"content":[{"type":"text","text":%s}],`+
			`"stop_reason":"end_turn","stop_sequence":null,"usage":%s}`, a.model, quoted(a.text()), claudeUsage(a, len(a.words)))
	},
	opening: func(a *answer) []string {
		return []string{
			event("message_start", `{"type":"message_start","message":{"id":"msg_demo","type":"message","role":"assistant","model":%s,`+
				`"content":[],"stop_reason":null,"stop_sequence":null,"usage":%s}}`, a.model, claudeUsage(a, 1)),
			event("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`),
		}
	},
	word: func(a *answer, n int) string {
		return event("content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":%s}}`, quoted(a.words[n]))
	},
	closing: func(a *answer) []string {
		return []string{
			event("content_block_stop", `{"type":"content_block_stop","index":0}`),
			event("message_delta", `{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":%d}}`, len(a.words)),
			event("message_stop", `{"type":"message_stop"}`),
		}
	},
}

func claudeUsage(a *answer, output int) string {
	return fmt.Sprintf(`{"input_tokens":%d,"cache_read_input_tokens":0,"cache_creation_input_tokens":0,"output_tokens":%d}`, a.input, output)
}
