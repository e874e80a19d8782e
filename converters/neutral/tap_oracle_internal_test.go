package neutral

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/converters/sse"
)

var tapFormats = []Format{Claude, Chat, Responses, Gemini, GeminiCLI}

// facts is all that a tap tells of what it was shown.
type facts struct {
	verdicts         []string
	tally            tally
	complete, failed bool
	usage            []Usage
}

// tapFacts and oracleFacts read frames one after the other; or one whole body.
func tapFacts(f Format, hour, whole bool, docs ...[]byte) facts {
	t, said := NewTap(f, hour), facts{}
	for _, doc := range docs {
		read := t.Frame
		if whole {
			read = t.Body
		}
		said.verdicts = append(said.verdicts, read(doc).String())
	}
	said.tally, said.complete, said.failed, said.usage = t.tally, t.Complete(), t.Failed(), t.Usage()
	return said
}

func oracleFacts(f Format, hour, whole bool, docs ...[]byte) facts {
	t, said := newOracle(f, hour), facts{}
	for _, doc := range docs {
		read := t.Frame
		if whole {
			read = t.Body
		}
		said.verdicts = append(said.verdicts, read(doc).String())
	}
	said.tally, said.complete, said.failed, said.usage = t.tally, t.complete, t.failed, t.Usage()
	return said
}

// testdata are the documents and streams among the test data of all converters.
func testdata(t testing.TB) (docs [][]byte, streams [][][]byte) {
	t.Helper()
	require.NoError(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, "testdata") {
			return err
		}
		raw, err := os.ReadFile(path)
		switch filepath.Ext(path) {
		case ".json":
			docs = append(docs, raw)
		case ".sse":
			streams = append(streams, framesOf(raw))
		}
		return err
	}))
	return docs, streams
}

func framesOf(raw []byte) (frames [][]byte) {
	var r sse.Reader
	r.Feed(raw)
	r.Finish()
	for {
		f, ok, err := r.Next()
		if !ok || err != nil {
			return frames
		}
		frames = append(frames, bytes.Clone(f.Data))
	}
}

// inner visits a value and all objects and arrays in it.
func inner(v gjson.Result, visit func(raw string)) {
	if !v.IsObject() && !v.IsArray() {
		return
	}
	visit(v.Raw)
	v.ForEach(func(_, v gjson.Result) bool {
		inner(v, visit)
		return true
	})
}

func TestTapSaysOfTheTestDataWhatTheOracleSays(t *testing.T) {
	t.Parallel()
	docs, streams := testdata(t)
	require.Greater(t, len(docs), 200)
	require.Greater(t, len(streams), 100)
	for _, f := range tapFormats {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			for _, frames := range streams {
				require.Equal(t, oracleFacts(f, true, false, frames...), tapFacts(f, true, false, frames...), "%s", frames)
			}
			for _, doc := range docs {
				inner(gjson.ParseBytes(doc), func(raw string) {
					for _, whole := range []bool{true, false} {
						require.Equal(t, oracleFacts(f, false, whole, []byte(raw)), tapFacts(f, false, whole, []byte(raw)), raw)
					}
				})
			}
		})
	}
}

// places are the members that answers have, by the object they stand in; a
// list is named with a star.
var places = map[string]string{
	"claude":        "type type delta message content_block index usage error id model content* stop_reason",
	"message":       "id model usage content reasoning_content refusal audio tool_calls* function_call",
	"usage":         "input_tokens output_tokens cache_read_input_tokens cache_creation_input_tokens cache_creation cost cost_in_usd_ticks iterations* service_tier speed inference_geo claude_cache_creation_5_m_tokens cache_creation_1h_input_tokens output_tokens_details server_tool_use prompt_tokens completion_tokens total_tokens prompt_tokens_details cached_tokens prompt_cache_hit_tokens prompt_cache_miss_tokens completion_tokens_details input_tokens_details",
	"delta":         "type text thinking partial_json stop_reason content reasoning tool_calls* function_call audio",
	"content*":      "type text thinking data refusal",
	"chat":          "usage error id model service_tier choices*",
	"choices*":      "delta message finish_reason",
	"responses":     "type type response item item delta error id model usage output* status",
	"response":      "id model usage output* status error service_tier candidates* usageMetadata responseId",
	"output*":       "type content* action container_id",
	"item":          "type content* action container_id",
	"gemini":        "candidates* usageMetadata response error responseId modelVersion serviceTier promptFeedback",
	"candidates*":   "content groundingMetadata finishReason",
	"content":       "parts* type text",
	"parts*":        "text text functionCall inlineData executableCode",
	"usageMetadata": "promptTokenCount toolUsePromptTokenCount candidatesTokenCount thoughtsTokenCount cachedContentTokenCount promptTokensDetails* candidatesTokensDetails* toolUsePromptTokensDetails* cacheTokensDetails* serviceTier",
	"content_block": "type text thinking data", "tool_calls*": "function custom", "function": "arguments", "custom": "input",
	"function_call": "arguments", "functionCall": "args", "inlineData": "mimeType", "action": "type",
	"groundingMetadata": "webSearchQueries*", "promptFeedback": "blockReason", "error": "message",
	"promptTokensDetails*": "modality tokenCount", "candidatesTokensDetails*": "modality tokenCount",
	"toolUsePromptTokensDetails*": "modality tokenCount", "cacheTokensDetails*": "modality tokenCount",
	"iterations*":    "model input_tokens output_tokens cache_creation cache_creation_input_tokens",
	"cache_creation": "ephemeral_5m_input_tokens ephemeral_1h_input_tokens", "output_tokens_details": "thinking_tokens reasoning_tokens",
	"server_tool_use": "web_search_requests", "input_tokens_details": "cached_tokens cache_write_tokens",
	"prompt_tokens_details": "cached_tokens cache_write_tokens audio_tokens", "completion_tokens_details": "reasoning_tokens audio_tokens",
}

// words are what strings of a name say; texts are what any may hold.
var (
	words = map[string]string{
		"type": `content_block_delta content_block_delta message_start content_block_start content_block_stop message_delta message_stop
			error citations_delta tool_use server_tool_use x_tool_result message message web_search_call search open_page
			file_search_call image_generation_call code_interpreter_call response.created response.completed response.incomplete
			response.failed response.output_item.done response.output_text.delta response.audio.delta x.partial_image`,
		"stop_reason": "end_turn tool_use", "finish_reason": "stop length", "finishReason": "STOP MAX FINISH_REASON_UNSPECIFIED",
		"status": "completed incomplete failed", "modality": "IMAGE AUDIO TEXT", "mimeType": `image/png image\/png text`,
	}
	texts = []string{
		"hello", "é", "你好", "🙂", `\n`, `\"`, `\\`, `\/`, `\u00e9`, `\ud83d\ude42`, `\ud800`, `\udc00`, `\ud800\u0041`,
		"\xff", "\xe4\xbd", "flex", "Flex", `{`, `[1]`, `,`, `:`,
	}
	numbers  = strings.Fields("0 0 7 120 120 1e3 2.5 -1 -0 9007199254740991 9007199254740992 123456789012345678901 0.05 1e-3")
	literals = []string{"null", "true", "false", "{}", "[]", "[ ]", "[1]", `{"a":[]}`}
)

// drawing makes up JSON documents.
type drawing struct{ *rapid.T }

func (d drawing) odds(one int) bool { return rapid.IntRange(1, one).Draw(d.T, "odds") == one }

func (d drawing) space() string {
	return rapid.SampledFrom([]string{"", "", "", "", " ", "\n\t"}).Draw(d.T, "space")
}

// value is what may stand in a place, at times something that may not.
func (d drawing) value(place string) string {
	if d.odds(12) {
		return rapid.SampledFrom(literals).Draw(d.T, "literal")
	}
	members, object := places[place]
	switch name, list := strings.CutSuffix(place, "*"); {
	case list:
		var all []string
		for range rapid.IntRange(0, 3).Draw(d.T, "elements") {
			element := d.text(name)
			if object {
				element = d.object(members)
			}
			all = append(all, element)
		}
		return "[" + d.space() + strings.Join(all, d.space()+",") + d.space() + "]"
	case object && !d.odds(8):
		return d.object(members)
	case strings.Contains(name, "oken") && !d.odds(8), d.odds(8):
		return rapid.SampledFrom(numbers).Draw(d.T, "number")
	default:
		return d.text(name)
	}
}

func (d drawing) object(members string) string {
	var all []string
	drawn := rapid.SliceOfN(rapid.SampledFrom(strings.Fields(members)), 0, 6).Draw(d.T, "members")
	if len(drawn) > 0 && d.odds(3) {
		drawn = append(drawn, rapid.SampledFrom(drawn).Draw(d.T, "twice"))
	}
	for _, place := range drawn {
		name := strings.TrimSuffix(place, "*")
		if d.odds(20) {
			name = fmt.Sprintf(`\u%04x`, name[0]) + name[1:]
		}
		all = append(all, d.space()+`"`+name+`"`+d.space()+":"+d.space()+d.value(place))
	}
	return "{" + strings.Join(all, d.space()+",") + d.space() + "}"
}

func (d drawing) text(name string) string {
	if said := strings.Fields(words[name]); len(said) > 0 && !d.odds(10) {
		return `"` + rapid.SampledFrom(said).Draw(d.T, "word") + `"`
	}
	return `"` + strings.Join(rapid.SliceOfN(rapid.SampledFrom(texts), 0, 3).Draw(d.T, "text"), "") + `"`
}

func TestTapSaysOfAnyDocumentWhatTheOracleSays(t *testing.T) {
	t.Parallel()
	for _, f := range tapFormats {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				var docs [][]byte
				for range rapid.IntRange(1, 5).Draw(t, "documents") {
					doc := drawing{t}.value(strings.TrimSuffix(string(f), "-cli"))
					require.True(t, gjson.Valid(doc), doc)
					docs = append(docs, []byte(doc))
				}
				array := fmt.Appendf(nil, "[%s]", bytes.Join(docs, []byte(", ")))
				require.Equal(t, oracleFacts(f, true, false, docs...), tapFacts(f, true, false, docs...), "%s", docs)
				require.Equal(t, oracleFacts(f, false, true, docs...), tapFacts(f, false, true, docs...), "%s", docs)
				require.Equal(t, oracleFacts(f, false, true, array), tapFacts(f, false, true, array), "%s", array)
			})
		})
	}
}

func TestOfMembersNamedTwiceTheTapTakesWhatTheOracleTakes(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{
		`{"type":"message_delta","delta":{},"delta":{"stop_reason":"tool_use"},"delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1},"usage":{"output_tokens":2}}`,
		`{"type":"message_start","message":{"usage":{"service_tier":"a","service_tier":"b","input_tokens":1,"input_tokens":2,"cache_creation":{"ephemeral_5m_input_tokens":1,"ephemeral_5m_input_tokens":2},"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_5m_input_tokens":4}}},"message":{"id":"x"}}`,
		`{"type":"message","type":"error","error":{},"error":{"a":1},"content":[{"type":"text","text":"one"}],"content":[{"type":"text","text":"other"}],"stop_reason":"refusal","stop_reason":null}`,
		`{"type":"content_block_start","index":1,"index":2,"content_block":{"type":"text","type":"tool_use","text":"one","text":"two"},"content_block":{}}`,
		`{"id":"a","id":"b","model":1,"model":"m","usage":{"prompt_tokens":null,"prompt_tokens":5,"completion_tokens":7,"prompt_tokens_details":{"audio_tokens":1},"prompt_tokens_details":{"cached_tokens":3,"audio_tokens":2}},"usage":{"prompt_tokens":9},
		  "choices":[{"delta":{"content":"a","content":"b"},"delta":{"content":"cd"},"message":{},"message":{"content":"e"},"finish_reason":null,"finish_reason":"stop"}],"choices":[]}`,
		`{"choices":[{"message":{"tool_calls":[{"function":{},"function":{"arguments":"a"},"function":{"arguments":"bc"},"custom":{"input":"def"}}]},"finish_reason":"stop"}]}`,
		`{"status":"completed","status":"failed","output":[{"type":"message","content":[]}],"output":[{"type":"web_search_call"}],"usage":{"input_tokens":1,"output_tokens":1,"input_tokens_details":{},"input_tokens_details":{"cached_tokens":1}}}`,
		`{"output":[{"type":"message","content":[],"content":[{"text":"a"}]},{"type":"web_search_call","action":{},"action":{"type":"open_page"}},{"type":"code_interpreter_call","container_id":"a","container_id":"b"}],"output":[{"type":"function_call"}]}`,
		`{"output":[{"type":"message","content":[{"text":"","text":"a"},{"refusal":"b","refusal":""}]}],"output":null}`,
		`{"usageMetadata":{"promptTokenCount":1,"promptTokenCount":2},"usageMetadata":{"promptTokenCount":3,"serviceTier":"A"},"usageMetadata":{"serviceTier":"B"},"promptFeedback":{},"promptFeedback":{"blockReason":"X"}}`,
		`{"response":1,"response":{"responseId":"a"},"responseId":"b","candidates":[{"content":{},"content":{"parts":[{"text":"a","text":"b"}],"parts":[{"text":"c"}]},"content":{"parts":[{"text":"defg"}]},"finishReason":"STOP","finishReason":"MAX"}]}`,
		`{"response":{"responseId":"a"},"response":{"responseId":"b"},"candidates":[{"groundingMetadata":{},"groundingMetadata":{"webSearchQueries":["a","b"]}}]}`,
	} {
		require.True(t, gjson.Valid(doc), doc)
		for _, f := range tapFormats {
			for _, whole := range []bool{true, false} {
				require.Equal(t, oracleFacts(f, false, whole, []byte(doc)), tapFacts(f, false, whole, []byte(doc)), "%s %s", f, doc)
			}
		}
	}
}

// FuzzTap reads lines as the frames of a stream, and all of them as one body.
func FuzzTap(f *testing.F) {
	docs, streams := testdata(f)
	for _, doc := range docs[:20] {
		f.Add(doc)
	}
	for _, frames := range streams[:20] {
		f.Add(bytes.Join(frames, []byte("\n")))
	}
	for _, frames := range alikeFrames {
		f.Add(fmt.Appendf(nil, strings.Join(frames, "\n"), `"a\u00e9\ud83d\ude42\ud800\"b"`))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		lines := bytes.Split(raw, []byte("\n"))
		for _, format := range tapFormats {
			require.Equal(t, oracleFacts(format, true, true, raw), tapFacts(format, true, true, raw))
			require.Equal(t, oracleFacts(format, false, false, lines...), tapFacts(format, false, false, lines...))
		}
	})
}
