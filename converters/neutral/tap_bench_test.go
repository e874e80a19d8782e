package neutral_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/converters/neutral"
)

// answerText is the inside of a JSON string as coding agents get it: prose and
// code, with line ends and quotes escaped.
const answerText = `I found the cause: \"parse\" returns early when the header is missing, so the body is never read.\n\n` +
	"```go" + `\nfunc parse(r *http.Request) (*Body, error) {\n\tif r.Header.Get(\"Content-Type\") == \"\" {\n\t\treturn nil, ` +
	`fmt.Errorf(\"no content type: %w\", ErrHeader)\n\t}\n\treturn decode(r.Body)\n}\n` + "```" + `\n\nThe test — it ran green ` +
	`before — only covered requests with a header, which is why nobody noticed. `

// answers are whole answers of some 2.7 KB, one of each format.
func answers() map[neutral.Format]string {
	text := strings.Repeat(answerText, 5)
	return map[neutral.Format]string{
		neutral.Claude: `{"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[` +
			`{"type":"thinking","thinking":"The user asks about \"parse\".\nI should look at the header first.","signature":"EqQBCkYIARgCKkAxMjM0NTY3ODkwYWJjZGVm"},` +
			`{"type":"text","text":"` + text + `"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":2095,"cache_creation_input_tokens":512,` +
			`"cache_read_input_tokens":10240,"cache_creation":{"ephemeral_5m_input_tokens":512,"ephemeral_1h_input_tokens":0},"output_tokens":503,"service_tier":"standard"}}`,
		neutral.Chat: `{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion","created":1741569952,"model":"gpt-4.1-2025-04-14","choices":[{"index":0,` +
			`"message":{"role":"assistant","content":"` + text + `","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],` +
			`"usage":{"prompt_tokens":2095,"completion_tokens":503,"total_tokens":2598,"prompt_tokens_details":{"cached_tokens":1024,"audio_tokens":0},` +
			`"completion_tokens_details":{"reasoning_tokens":128,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},"service_tier":"default","system_fingerprint":"fp_44709d6fcb"}`,
		neutral.Responses: `{"id":"resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b","object":"response","created_at":1741476542,"status":"completed","error":null,` +
			`"incomplete_details":null,"instructions":null,"max_output_tokens":null,"model":"gpt-4.1-2025-04-14","output":[{"type":"message",` +
			`"id":"msg_67ccd2bf17f0819081ff3bb2cf6508e60bb6a6b452d3795b","status":"completed","role":"assistant","content":[{"type":"output_text","text":"` + text + `","annotations":[]}]}],` +
			`"parallel_tool_calls":true,"previous_response_id":null,"reasoning":{"effort":null,"summary":null},"store":true,"temperature":1.0,"text":{"format":{"type":"text"}},` +
			`"tool_choice":"auto","tools":[],"top_p":1.0,"truncation":"disabled","usage":{"input_tokens":2095,"input_tokens_details":{"cached_tokens":1024},"output_tokens":503,` +
			`"output_tokens_details":{"reasoning_tokens":128},"total_tokens":2598},"user":null,"metadata":{}}`,
		neutral.Gemini: `{"candidates":[{"content":{"parts":[{"text":"` + text + `"}],"role":"model"},"finishReason":"STOP","index":0,"avgLogprobs":-0.12}],` +
			`"usageMetadata":{"promptTokenCount":2095,"candidatesTokenCount":503,"totalTokenCount":2726,"cachedContentTokenCount":1024,` +
			`"promptTokensDetails":[{"modality":"TEXT","tokenCount":2095}],"candidatesTokensDetails":[{"modality":"TEXT","tokenCount":503}],"thoughtsTokenCount":128},` +
			`"modelVersion":"gemini-2.5-pro","responseId":"mXqIaPzrBa-jnvgP6Z2PuAY"}`,
	}
}

// BenchmarkTapBody reads whole answers, each with a tap of its own.
func BenchmarkTapBody(b *testing.B) {
	all := answers()
	for _, format := range []neutral.Format{neutral.Claude, neutral.Chat, neutral.Responses, neutral.Gemini} {
		b.Run(string(format), func(b *testing.B) {
			body := []byte(all[format])
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			var v neutral.Verdict
			for b.Loop() {
				v = neutral.NewTap(format, false).Body(body)
			}
			require.Equal(b, neutral.Content, v)
		})
	}
}
