package neutral

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
	"pgregory.net/rapid"
)

// Frames of every format with a place for a text; some hold a second thing that
// counts, some repeat the text's neighbours elsewhere.
var alikeFrames = map[Format][]string{
	Claude: {
		`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":%s}}`,
		` {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":%s}} `,
		`{"type":"content_block_delta","index":0,"delta":{"text":%s,"thinking":"more"}}`,
		`{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","text":%s}}`,
		`{"type":"content_block_start","index":4,"content_block":{"type":"text","text":%s}}`,
		`{"type":"content_block_stop","index":3}`,
		`{"type":"message_delta","delta":{"stop_reason":"end_turn","text":%s},"usage":{"output_tokens":5}}`,
	},
	Chat: {
		`{"id":"c","model":"hello","choices":[{"index":0,"delta":{"content":%s},"finish_reason":null}]}`,
		`{"choices":[{"delta":{"content":%s}}],"usage":{"prompt_tokens":3,"completion_tokens":4}}`,
		`{"choices":[{"delta":{"content":%[1]s,"refusal":%[1]s}}]}`,
		`{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"hello","arguments":%s}}]}}]}`,
		`{"choices":[{"delta":{"content":%s},"finish_reason":"stop"}]}`,
	},
	Responses: {
		`{"type":"response.output_text.delta","sequence_number":%[2]s,"item_id":"m","delta":%[1]s,"obfuscation":"%[3]s"}`,
		`{"delta":%[1]s,"obfuscation":"%[3]s","type":"response.output_text.delta","sequence_number":%[2]s}`,
		`{"type":"response.output_text.delta","delta":%s}`,
		`{"type":"response.audio.delta","delta":%s}`,
		`{"type":"response.output_item.done","item":{"type":"web_search_call","text":%s}}`,
	},
	Gemini: {
		`{"candidates":[{"content":{"parts":[{"text":%s}]}}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":9}}`,
		`{"candidates":[{"content":{"parts":[{"text":%s},{"functionCall":{"args":{"a":1}}}]}}]}`,
		`{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png"}},{"text":%s}]},"finishReason":"STOP"}]}`,
	},
}

// pieces are what texts are made of, sound and not.
var pieces = []string{
	"hello", "h", "héllo ", "你好", "🙂", `\n`, `\"`, `\\`, `\/`, `\u00e9`, `\ud83d\ude42`, `"`, `\`, "\n", "\x7f", "\xff", `","x":"`, `"}}`, "",
}

// fill puts a text, a number and padding where a frame has room for them.
func fill(frame, text, number, padding string) string {
	return strings.NewReplacer("%s", text, "%[1]s", text, "%[2]s", number, "%[3]s", padding).Replace(frame)
}

func TestFramesAlikeAreReadAsIfEachWereParsed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		format := rapid.SampledFrom([]Format{Claude, Chat, Responses, Gemini}).Draw(t, "format")
		quick, thorough := NewTap(format, false), NewTap(format, false)
		for range rapid.IntRange(1, 20).Draw(t, "frames") {
			text := `"` + strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 4).Draw(t, "text"), "") + `"`
			frame := rapid.SampledFrom(alikeFrames[format]).Draw(t, "frame")
			frame = fill(frame, text,
				rapid.SampledFrom([]string{"0", "7", "12", "007", "1.5", "-1", "", `"3"`}).Draw(t, "number"),
				strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 2).Draw(t, "padding"), ""))
			thorough.alike = alike{}
			want, got := thorough.Frame([]byte(frame)), quick.Frame([]byte(frame))
			require.Equal(t, want, got, frame)
		}
		require.Equal(t, thorough.OutputChars(), quick.OutputChars())
		require.Equal(t, thorough.Usage(), quick.Usage())
		require.Equal(t, thorough.Complete(), quick.Complete())
		require.Equal(t, thorough.wire, quick.wire)
	})
}

func TestAFrameLikeTheLastIsNotParsed(t *testing.T) {
	t.Parallel()
	for format, frames := range alikeFrames {
		tap := NewTap(format, false)
		tap.Frame([]byte(fill(frames[0], `"one"`, "9", "xyz")))
		require.Equal(t, 5, tap.alike.chars(strings.TrimSpace(fill(frames[0], `"t\"w\no"`, "10", "p"))), "%s", format)
	}
}

func TestPlainChars(t *testing.T) {
	t.Parallel()
	for _, s := range pieces {
		for _, tail := range []string{"", "tail", `\n`} {
			text := s + tail
			n, quoted := plainChars(text), `"`+text+`"`
			if n == 0 {
				continue
			}
			require.True(t, gjson.Valid(quoted), quoted)
			require.Len(t, []rune(gjson.Parse(quoted).Str), n, quoted)
		}
	}
}
