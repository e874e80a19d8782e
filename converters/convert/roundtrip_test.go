package convert_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
)

// TestRequestsReadBack reads the requests we print to providers as if a client
// had sent them and prints them again: what a format can say survives its own
// reader and writer.
func TestRequestsReadBack(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(vectors, "req-*", "expected.*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name := filepath.Base(filepath.Dir(file))
		if strings.Contains(name, "-home-") {
			continue // bodies that kept their format: nothing in them was printed by us
		}
		if name+"/"+filepath.Base(file) == "req-21-responses-format-allowed/expected.gemini.json" {
			continue // "off" is MINIMAL on Gemini 3, and a Gemini client's MINIMAL is an effort
		}
		format := neutral.Format(strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "expected."), ".json"))
		t.Run(name+"/"+string(format), func(t *testing.T) {
			t.Parallel()
			var v vector
			require.NoError(t, json.Unmarshal(read(t, name, "case.json"), &v))
			body := read(t, name, filepath.Base(file))
			r, err := convert.Decode(format, body, convert.Path{Model: "m", Stream: v.Stream})
			require.NoError(t, err)
			out, err := convert.Encode(r, target(&v, format))
			require.NoError(t, err)
			if want := value(t, body); cmp.Diff(want, value(t, out.Body)) != "" {
				require.Empty(t, cmp.Diff(want, value(t, out.Body)))
			}
		})
	}
}

// vendorAnswers are whole answers with signed thinking and a call, and where in
// a request of that vendor the parts must come back.
func vendorAnswers() map[neutral.Format]struct {
	answer string
	wants  map[string]string // path into the request, value
} {
	type answers = struct {
		answer string
		wants  map[string]string
	}
	return map[neutral.Format]answers{
		neutral.Claude: {
			`{"id":"msg_1","type":"message","role":"assistant","content":[
				{"type":"redacted_thinking","data":"RED"},
				{"type":"thinking","thinking":"Hm, ünï.","signature":"SIG+/="},
				{"type":"text","text":"Let me look."},
				{"type":"tool_use","id":"toolu_1","name":"ls","input":{"b":"x","a":[1,2.50]}}],
			"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":2}}`,
			map[string]string{
				`messages.1.content.#(type=="redacted_thinking").data`:  "RED",
				`messages.1.content.#(type=="thinking").thinking`:       "Hm, ünï.",
				`messages.1.content.#(type=="thinking").signature`:      "SIG+/=",
				`messages.1.content.#(type=="tool_use").id`:             "toolu_1",
				`messages.1.content.#(type=="tool_use").input`:          `{"b":"x","a":[1,2.50]}`,
				`messages.2.content.#(type=="tool_result").tool_use_id`: "toolu_1",
				`messages.1.content.0.type`:                             "redacted_thinking",
				`messages.1.content.1.type`:                             "thinking",
			},
		},
		neutral.Responses: {
			`{"id":"resp_1","status":"completed","output":[
				{"type":"reasoning","id":"rs_9","summary":[{"type":"summary_text","text":"One."},{"type":"summary_text","text":"Two."}],"encrypted_content":"gAAAA.x-_="},
				{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Let me look."}]},
				{"type":"function_call","id":"fc_1","call_id":"call_1","name":"ls","arguments":"{\"b\":\"x\",\"a\":[1,2.50]}"}],
			"usage":{"input_tokens":1,"output_tokens":2}}`,
			map[string]string{
				`input.#(type=="reasoning").id`:                  "rs_9",
				`input.#(type=="reasoning").encrypted_content`:   "gAAAA.x-_=",
				`input.#(type=="function_call").call_id`:         "call_1",
				`input.#(type=="function_call").arguments`:       `{"b":"x","a":[1,2.50]}`,
				`input.#(type=="function_call_output").call_id`:  "call_1",
				`input.#(type=="function_call_output").output`:   "a.txt",
				`input.#(role=="assistant").content.0.text`:      "Let me look.",
				`input.#(type=="function_call").status`:          "",
				`input.#(type=="reasoning").summary.1`:           "",
				`input.#(type=="function_call_output").is_error`: "",
			},
		},
		neutral.Gemini: {
			`{"responseId":"r1","candidates":[{"content":{"role":"model","parts":[
				{"text":"Hm.","thought":true},{"text":"Let me look."},
				{"functionCall":{"id":"g1","name":"ls","args":{"b":"x","a":[1,2.50]}},"thoughtSignature":"CpcB+/=="},
				{"functionCall":{"id":"g2","name":"ls","args":{}}}]},"finishReason":"STOP"}],
			"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":2}}`,
			map[string]string{
				`contents.1.parts.#(functionCall.id=="g1").thoughtSignature`:          "CpcB+/==",
				`contents.1.parts.#(functionCall.id=="g1").functionCall.args`:         `{"b":"x","a":[1,2.50]}`,
				`contents.1.parts.#(functionCall.id=="g2").thoughtSignature`:          "",
				`contents.2.parts.#(functionResponse.id=="g1").functionResponse.name`: "ls",
			},
		},
	}
}

// replay puts an answer into a client's next request the way that client does,
// with a result for every call.
func replay(t *testing.T, f neutral.Format, answer []byte) []byte {
	t.Helper()
	a := gjson.ParseBytes(answer)
	tool := `"name":"ls"`
	switch f {
	case neutral.Claude:
		var results []string
		a.Get(`content.#(type=="tool_use")#.id`).ForEach(func(_, id gjson.Result) bool {
			results = append(results, `{"type":"tool_result","tool_use_id":`+id.Raw+`,"content":"a.txt"}`)
			return true
		})
		return []byte(`{"model":"m","max_tokens":9000,"tools":[{` + tool + `,"input_schema":{"type":"object"}}],"messages":[` +
			`{"role":"user","content":"go"},{"role":"assistant","content":` + a.Get("content").Raw + `},` +
			`{"role":"user","content":[` + strings.Join(results, ",") + `]}]}`)
	case neutral.Chat:
		messages := []string{`{"role":"user","content":"go"}`, a.Get("choices.0.message").Raw}
		a.Get("choices.0.message.tool_calls.#.id").ForEach(func(_, id gjson.Result) bool {
			messages = append(messages, `{"role":"tool","tool_call_id":`+id.Raw+`,"content":"a.txt"}`)
			return true
		})
		return []byte(`{"model":"m","tools":[{"type":"function","function":{` + tool + `}}],"messages":[` + strings.Join(messages, ",") + `]}`)
	case neutral.Responses:
		items := []string{`{"role":"user","content":"go"}`}
		var outputs []string
		a.Get("output").ForEach(func(_, it gjson.Result) bool {
			items = append(items, it.Raw)
			if id := it.Get("call_id"); id.Exists() {
				outputs = append(outputs, `{"type":"function_call_output","call_id":`+id.Raw+`,"output":"a.txt"}`)
			}
			return true
		})
		return []byte(`{"model":"m","tools":[{"type":"function",` + tool + `}],"input":[` + strings.Join(append(items, outputs...), ",") + `]}`)
	default:
		var parts, results []string
		a.Get("candidates.0.content.parts").ForEach(func(_, p gjson.Result) bool {
			if p.Get("thought").Bool() {
				return true // Gemini CLI throws thoughts away
			}
			parts = append(parts, p.Raw)
			if id := p.Get("functionCall.id"); id.Exists() {
				results = append(results, `{"functionResponse":{"id":`+id.Raw+`,"name":"ls","response":{"output":"a.txt"}}}`)
			}
			return true
		})
		return []byte(`{"tools":[{"functionDeclarations":[{` + tool + `}]}],"contents":[{"role":"user","parts":[{"text":"go"}]},` +
			`{"role":"model","parts":[` + strings.Join(parts, ",") + `]},{"role":"user","parts":[` + strings.Join(results, ",") + `]}]}`)
	}
}

// TestSignaturesComeHome shows every vendor's answer to every other client and
// sends it back as history: signature, id and arguments reach the vendor
// unchanged. A Gemini client keeps no thoughts, so Google's signature with any
// client and any vendor's with Gemini ride on the call.
func TestSignaturesComeHome(t *testing.T) {
	t.Parallel()
	for vendor, v := range vendorAnswers() {
		for _, client := range formats() {
			if client == vendor {
				continue
			}
			t.Run(string(vendor)+" through "+string(client), func(t *testing.T) {
				t.Parallel()
				x := &convert.Exchange{From: vendor, To: client, Client: neutral.Client{Model: "m", RequestID: "r"}}
				answer, fault := x.Whole([]byte(v.answer))
				require.Nil(t, fault)
				r, err := convert.Decode(client, replay(t, client, answer), convert.Path{Model: "m"})
				require.NoError(t, err)
				out, err := convert.Encode(r, &neutral.Target{Format: vendor, Model: neutral.Model{MediaInResults: true}})
				require.NoError(t, err)
				for path, want := range v.wants {
					got := gjson.GetBytes(out.Body, path)
					require.Equal(t, want, strings.TrimSpace(got.String()), "%s in %s", path, out.Body)
				}
			})
		}
	}
}

// TestForeignSignaturesStayAway sends the same histories to the other vendors,
// who must see none of it.
func TestForeignSignaturesStayAway(t *testing.T) {
	t.Parallel()
	secrets := []string{"SIG+/=", "RED", "gAAAA.x-_=", "CpcB+/==", "gwr1.", neutral.EncodedCarrier}
	for vendor, v := range vendorAnswers() {
		for _, client := range formats() {
			for _, next := range formats() {
				if client == vendor || next == vendor || next == client {
					continue
				}
				x := &convert.Exchange{From: vendor, To: client, Client: neutral.Client{Model: "m", RequestID: "r"}}
				answer, fault := x.Whole([]byte(v.answer))
				require.Nil(t, fault)
				r, err := convert.Decode(client, replay(t, client, answer), convert.Path{Model: "m"})
				require.NoError(t, err)
				out, err := convert.Encode(r, &neutral.Target{Format: next})
				require.NoError(t, err)
				for _, s := range secrets {
					require.NotContains(t, string(out.Body), s, "%s through %s to %s", vendor, client, next)
				}
			}
		}
	}
}

// TestHomeLeavesNothingOfOurs sends the histories back to a provider of the
// client's own format: the gateway's tokens are cut out of the bytes.
func TestHomeLeavesNothingOfOurs(t *testing.T) {
	t.Parallel()
	for vendor, v := range vendorAnswers() {
		for _, client := range formats() {
			if client == vendor {
				continue
			}
			x := &convert.Exchange{From: vendor, To: client, Client: neutral.Client{Model: "m", RequestID: "r"}}
			answer, fault := x.Whole([]byte(v.answer))
			require.Nil(t, fault)
			out, changed := convert.Home(client, replay(t, client, answer), false)
			require.Equal(t, client != neutral.Gemini || vendor != neutral.Gemini, changed || vendor == neutral.Gemini, "%s through %s", vendor, client)
			require.True(t, gjson.ValidBytes(out))
			for _, s := range []string{"gwr1.", neutral.EncodedCarrier, `"anthropic"`, `"openai"`} {
				require.NotContains(t, string(out), s, "%s through %s", vendor, client)
			}
		}
	}
}
