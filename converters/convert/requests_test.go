package convert_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// requestCase converts one request and looks at single places of the outcome.
// An empty want means that the path must not exist.
type requestCase struct {
	name     string
	from, to neutral.Format
	in       string
	tune     func(*neutral.Target)
	want     map[string]string
	drops    []string
}

func (c requestCase) run(t *testing.T) {
	t.Helper()
	r, err := convert.Decode(c.from, []byte(c.in), convert.Path{Model: "m"})
	require.NoError(t, err)
	to := &neutral.Target{Format: c.to, Model: neutral.Model{CanOff: true, StructuredOutput: true, MediaInResults: true}}
	if c.tune != nil {
		c.tune(to)
	}
	require.Empty(t, convert.Unconvertible(r, to))
	out, err := convert.Encode(r, to)
	require.NoError(t, err)
	for path, want := range c.want {
		require.Equal(t, want, gjson.GetBytes(out.Body, path).String(), "%s in %s", path, out.Body)
	}
	require.Equal(t, c.drops, out.Drops, "%s", out.Body)
}

func runAll(t *testing.T, cases []requestCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t)
		})
	}
}

func budget(t *neutral.Target)   { t.Model.Thinking = neutral.ThinkingBudget }
func adaptive(t *neutral.Target) { t.Model.Thinking = neutral.ThinkingAdaptive }

func TestThinkingSettings(t *testing.T) {
	t.Parallel()
	chat := func(rest string) string {
		return `{"model":"m","messages":[{"role":"user","content":"x"}],` + rest + `}`
	}
	claude := func(rest string) string { return chat(rest) }
	runAll(t, []requestCase{
		{
			name: "a forced tool wins over thinking", from: neutral.Chat, to: neutral.Claude, tune: adaptive,
			in:    chat(`"reasoning_effort":"high","tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required"`),
			want:  map[string]string{"thinking": "", "output_config": "", "tool_choice.type": "any"},
			drops: []string{"thinking_off"},
		},
		{
			name: "no room for a budget", from: neutral.Chat, to: neutral.Claude, tune: budget,
			in: chat(`"reasoning_effort":"high","max_tokens":1500`), want: map[string]string{"thinking": ""}, drops: []string{"thinking_off"},
		},
		{
			name: "thinking shuts sampling out", from: neutral.Chat, to: neutral.Claude, tune: adaptive,
			in:    chat(`"reasoning_effort":"minimal","temperature":0.5`),
			want:  map[string]string{"temperature": "", "thinking.type": "adaptive", "output_config.effort": "low"},
			drops: []string{"sampling"},
		},
		{
			name: "off on a budget model that cannot be off", from: neutral.Chat, to: neutral.Claude,
			tune: func(t *neutral.Target) { budget(t); t.Model.CanOff, t.Model.MinBudget = false, 2000 },
			in:   chat(`"reasoning_effort":"none"`), want: map[string]string{"thinking.budget_tokens": "2000"}, drops: []string{"effort_clamped"},
		},
		{
			name: "levels a model does not know", from: neutral.Chat, to: neutral.Responses,
			tune: func(t *neutral.Target) { t.Model.Efforts = []string{"low", "high"} },
			in:   chat(`"reasoning_effort":"medium"`), want: map[string]string{"reasoning.effort": "low"}, drops: []string{"effort_clamped"},
		},
		{
			name: "none becomes the lowest", from: neutral.Responses, to: neutral.Chat,
			tune: func(t *neutral.Target) { t.Model.Efforts = []string{"low", "high"} },
			in:   `{"input":"x","reasoning":{"effort":"none"}}`, want: map[string]string{"reasoning_effort": "low"}, drops: []string{"effort_clamped"},
		},
		{
			name: "a fixed model takes no setting", from: neutral.Chat, to: neutral.Gemini,
			tune: func(t *neutral.Target) { t.Model.Thinking = neutral.ThinkingFixed },
			in:   chat(`"reasoning_effort":"high"`), want: map[string]string{"generationConfig": ""},
		},
		{
			name: "budgets become levels", from: neutral.Claude, to: neutral.Chat,
			in:   claude(`"thinking":{"type":"enabled","budget_tokens":31999}`),
			want: map[string]string{"reasoning_effort": "xhigh"},
		},
		{
			name: "between tools", from: neutral.Claude, to: neutral.Gemini, tune: budget,
			in:    claude(`"thinking":{"type":"between_tools","budget_tokens":2000}`),
			want:  map[string]string{"generationConfig.thinkingConfig.thinkingBudget": "2000"},
			drops: []string{"between_tools"},
		},
		{
			name: "a Gemini budget leaves room for the answer", from: neutral.Claude, to: neutral.Gemini, tune: budget,
			in:    claude(`"max_tokens":1200,"thinking":{"type":"enabled","budget_tokens":9000}`),
			want:  map[string]string{"generationConfig.thinkingConfig.thinkingBudget": "512"},
			drops: []string{"effort_clamped"},
		},
		{
			name: "automatic", from: neutral.Gemini, to: neutral.Claude, tune: budget,
			in:   `{"contents":[{"role":"user","parts":[{"text":"x"}]}],"generationConfig":{"thinkingConfig":{"thinkingBudget":-1}}}`,
			want: map[string]string{"thinking.budget_tokens": "24576"},
		},
		{
			name: "an open loop without thinking on a budget model", from: neutral.Chat, to: neutral.Claude, tune: budget,
			in: `{"messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]},
				{"role":"tool","tool_call_id":"a","content":"r"}],"reasoning_effort":"low"}`,
			want: map[string]string{"thinking": ""}, drops: []string{"thinking_off"},
		},
		{
			name: "an effort without thinking", from: neutral.Claude, to: neutral.Responses,
			in:   claude(`"output_config":{"effort":"low"}`),
			want: map[string]string{"reasoning.effort": "low", "reasoning.summary": "", "include.0": "reasoning.encrypted_content"},
		},
		{
			name: "thoughts nobody wants to see", from: neutral.Claude, to: neutral.Gemini,
			in:   claude(`"thinking":{"type":"adaptive","display":"omitted"},"output_config":{"effort":"xhigh"}`),
			want: map[string]string{"generationConfig.thinkingConfig.includeThoughts": "", "generationConfig.thinkingConfig.thinkingLevel": "HIGH"}, drops: []string{"effort_clamped"},
		},
	})
}

func TestSettingsThatAreLost(t *testing.T) {
	t.Parallel()
	chat := func(rest string) string {
		return `{"model":"m","messages":[{"role":"user","content":"x"}],` + rest + `}`
	}
	runAll(t, []requestCase{
		{
			name: "everything Chat has and Claude has not", from: neutral.Chat, to: neutral.Claude,
			in:    chat(`"temperature":1.4,"seed":1,"presence_penalty":1,"metadata":{"a":"b"},"verbosity":"low","service_tier":"flex","stop":[" ","E"]`),
			want:  map[string]string{"temperature": "1", "stop_sequences": `["E"]`, "max_tokens": "32000", "service_tier": ""},
			drops: []string{"temperature_clamped", "seed", "penalties", "service_tier", "metadata", "verbosity"},
		},
		{
			name: "everything Chat has and Gemini has not", from: neutral.Chat, to: neutral.GeminiCLI,
			in:    chat(`"parallel_tool_calls":false,"tools":[{"type":"function","function":{"name":"f"}}],"user":"u","metadata":{"a":"b"},"service_tier":"flex"`),
			want:  map[string]string{"request.tools.0.functionDeclarations.0.name": "f", "request.serviceTier": "", "model": "m"},
			drops: []string{"parallel_tool_calls", "service_tier", "metadata", "user"},
		},
		{
			name: "a known maximum", from: neutral.Chat, to: neutral.Claude, tune: func(t *neutral.Target) { t.Model.MaxOutput = 8192 },
			in: chat(`"n":1`), want: map[string]string{"max_tokens": "8192"},
		},
		{
			name: "max_completion_tokens by model", from: neutral.Claude, to: neutral.Chat, tune: func(t *neutral.Target) { t.ModelName = "gpt-5.2" },
			in: chat(`"max_tokens":9`), want: map[string]string{"model": "gpt-5.2", "max_completion_tokens": "9", "max_tokens": ""},
		},
		{
			name: "a model without sampling", from: neutral.Chat, to: neutral.Responses, tune: func(t *neutral.Target) { t.Model.NoSampling = true },
			in: chat(`"temperature":1,"top_p":1`), want: map[string]string{"temperature": "", "top_p": ""}, drops: []string{"sampling"},
		},
		{
			name: "a provider without stream options", from: neutral.Claude, to: neutral.Chat, tune: func(t *neutral.Target) { t.NoStreamOptions = true },
			in: chat(`"stream":true`), want: map[string]string{"stream": "true", "stream_options": ""},
		},
		{
			name: "a provider that only streams", from: neutral.Claude, to: neutral.Responses, tune: func(t *neutral.Target) { t.AlwaysStream = true },
			in: chat(`"max_tokens":99`), want: map[string]string{"stream": "true"},
		},
		{
			name: "a cache key of the gateway", from: neutral.Claude, to: neutral.Responses, tune: func(t *neutral.Target) { t.CacheKey = "s1" },
			in: chat(`"max_tokens":99`), want: map[string]string{"prompt_cache_key": "s1"},
		},
		{
			name: "a schema asked for in words", from: neutral.Chat, to: neutral.Claude, tune: func(t *neutral.Target) { t.Model.StructuredOutput = false },
			in:   chat(`"response_format":{"type":"json_schema","json_schema":{"name":"o","schema":{"type":"object"}}}`),
			want: map[string]string{"output_config": "", "system.0.text": "Respond with a single valid JSON object and nothing else. It must match this JSON schema:\n{\"type\":\"object\"}"},
		},
		{
			name: "the developer role", from: neutral.Claude, to: neutral.Chat, tune: func(t *neutral.Target) { t.DeveloperRole = true },
			in: chat(`"system":"S"`), want: map[string]string{"messages.0.role": "developer"},
		},
	})
}

func TestTools(t *testing.T) {
	t.Parallel()
	ask := `"messages":[{"role":"user","content":"x"}]`
	long := strings.Repeat("n", 70)
	runAll(t, []requestCase{
		{
			name: "typed tools of Claude", from: neutral.Claude, to: neutral.Chat,
			in:    `{` + ask + `,"tools":[{"type":"bash_20250124","name":"bash"},{"type":"text_editor_20250728","name":"e"}],"mcp_servers":[{"url":"x"}],"tool_choice":{"type":"auto"}}`,
			want:  map[string]string{"tools": "", "tool_choice": ""},
			drops: []string{"hosted_tool:mcp", "hosted_tool:bash_20250124", "hosted_tool:text_editor_20250728"},
		},
		{
			name: "web search to a Chat model with it", from: neutral.Claude, to: neutral.Chat, tune: func(t *neutral.Target) { t.Model.WebSearch = true },
			in:    `{` + ask + `,"tools":[{"type":"web_search_20250305","name":"web_search","max_uses":1,"user_location":{"type":"approximate","country":"FR"}}]}`,
			want:  map[string]string{"web_search_options.user_location": `{"type":"approximate","approximate":{"country":"FR"}}`, "tools": ""},
			drops: []string{"web_search_limits"},
		},
		{
			name: "web search from Chat", from: neutral.Chat, to: neutral.Claude,
			in:   `{` + ask + `,"web_search_options":{"user_location":{"type":"approximate","approximate":{"country":"FR"}}}}`,
			want: map[string]string{"tools.0.type": "web_search_20250305", "tools.0.user_location": `{"type":"approximate","country":"FR"}`},
		},
		{
			name: "web search alone to Gemini", from: neutral.Responses, to: neutral.Gemini,
			in: `{"input":"x","tools":[{"type":"web_search"}]}`, want: map[string]string{"tools": `[{"googleSearch":{}}]`, "toolConfig": ""},
		},
		{
			name: "web search beside functions on Gemini 3", from: neutral.Responses, to: neutral.Gemini,
			tune: func(t *neutral.Target) { t.Model.SearchBesideTools = true },
			in:   `{"input":"x","tools":[{"type":"web_search"},{"type":"function","name":"f"}]}`,
			want: map[string]string{"tools.1": `{"googleSearch":{}}`, "tools.0.functionDeclarations.0.name": "f"},
		},
		{
			name: "a local shell", from: neutral.Responses, to: neutral.Claude,
			in: `{"input":[{"role":"user","content":"x"},{"type":"local_shell_call","call_id":"c","action":{"type":"exec","command":["ls"],"working_directory":"/w","env":{}}},
				{"type":"local_shell_call_output","call_id":"c","output":"ok"}],"tools":[{"type":"local_shell"}]}`,
			want: map[string]string{
				"tools.0.name": "local_shell", "tools.0.input_schema.required.0": "command",
				"messages.1.content.0.input": `{"command":["ls"],"workdir":"/w","env":{}}`, "messages.2.content.0.content": "ok",
			},
		},
		{
			name: "a freeform tool of Chat to Responses", from: neutral.Chat, to: neutral.Responses,
			in: `{"messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"c","type":"custom","custom":{"name":"p","input":"raw \"x\""}}]},
				{"role":"tool","tool_call_id":"c","content":"ok"}],"tools":[{"type":"custom","custom":{"name":"p","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"d"}}}}],
				"tool_choice":{"type":"custom","custom":{"name":"p"}}}`,
			want: map[string]string{
				"tools.0.type": "custom", "tools.0.format.definition": "d", "input.1.type": "custom_tool_call", "input.1.input": `raw "x"`,
				"input.2.type": "custom_tool_call_output", "tool_choice.type": "custom",
			},
		},
		{
			name: "a forced tool in a namespace", from: neutral.Responses, to: neutral.Gemini,
			in:   `{"input":"x","tools":[{"type":"namespace","name":"ns","tools":[{"type":"function","name":"f"}]}],"tool_choice":{"type":"function","namespace":"ns","name":"f"}}`,
			want: map[string]string{"toolConfig.functionCallingConfig.allowedFunctionNames.0": "ns__f", "toolConfig.functionCallingConfig.mode": "ANY"},
		},
		{
			name: "allowed tools of Chat to Claude", from: neutral.Chat, to: neutral.Claude,
			in: `{` + ask + `,"tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"b"}}],
				"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"b"}}]}}}`,
			want: map[string]string{"tools.#": "1", "tools.0.name": "b", "tool_choice.type": "auto"},
		},
		{
			name: "no tools, no choice", from: neutral.Claude, to: neutral.Responses,
			in: `{` + ask + `,"tool_choice":{"type":"auto","disable_parallel_tool_use":true}}`, want: map[string]string{"tool_choice": "", "parallel_tool_calls": ""},
		},
		{
			name: "none keeps the tools", from: neutral.Chat, to: neutral.Claude,
			in:   `{` + ask + `,"tools":[{"type":"function","function":{"name":"a"}}],"tool_choice":"none","parallel_tool_calls":false}`,
			want: map[string]string{"tools.0.name": "a", "tool_choice": `{"type":"none"}`},
		},
		{
			name: "a name is the same in tools, choice and history", from: neutral.Claude, to: neutral.Gemini,
			in: `{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"i d","name":"` + long + `","input":{}}]},
				{"role":"user","content":[{"type":"tool_result","tool_use_id":"i d","content":"r"}]}],
				"tools":[{"name":"` + long + `","input_schema":{}}],"tool_choice":{"type":"tool","name":"` + long + `"}}`,
			want: map[string]string{
				"tools.0.functionDeclarations.0.name":                     strings.Repeat("n", 55) + "_85069ddf",
				"toolConfig.functionCallingConfig.allowedFunctionNames.0": strings.Repeat("n", 55) + "_85069ddf",
				"contents.1.parts.0.functionCall.name":                    strings.Repeat("n", 55) + "_85069ddf",
				"contents.1.parts.0.functionCall.id":                      "call_3d0f16f6241930d2bf7c2594",
				"contents.2.parts.0.functionResponse.id":                  "call_3d0f16f6241930d2bf7c2594",
			},
		},
		{
			name: "arguments that are no object", from: neutral.Chat, to: neutral.Claude,
			in:   `{"messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"a\":"}}]},{"role":"tool","tool_call_id":"a","content":"r"}]}`,
			want: map[string]string{"messages.1.content.0.input": `{"_raw":"{\"a\":"}`},
		},
		{
			name: "Google's schema dialect", from: neutral.Gemini, to: neutral.Chat,
			in: `{"contents":[{"parts":[{"text":"x"}]}],"tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT","properties":{
				"type":{"type":"STRING"},"l":{"type":"ARRAY","minItems":"1","items":{"type":"OBJECT","nullable":true}},"o":{"anyOf":[{"type":"NULL"}]}}}}]}]}`,
			want: map[string]string{"tools.0.function.parameters": `{"type":"object","properties":{"type":{"type":"string"},"l":{"type":"array","minItems":1,"items":{"type":["object","null"]}},"o":{"anyOf":[{"type":"null"}]}}}`},
		},
		{
			name: "a schema cleaned for Gemini", from: neutral.Claude, to: neutral.Gemini,
			in: `{` + ask + `,"tools":[{"name":"f","input_schema":{"$schema":"s","type":"object","properties":{"title":{"type":"string","pattern":"p"},"const":{"$ref":"#/definitions/d"}},
				"definitions":{"d":{"const":null,"default":1}},"additionalProperties":{"not":{},"type":"string"}}}]}`,
			want: map[string]string{"tools.0.functionDeclarations.0.parametersJsonSchema": `{"type":"object","properties":{"title":{"type":"string"},"const":{"$ref":"#/$defs/d"}},"$defs":{"d":{"enum":[null]}},"additionalProperties":{"type":"string"}}`},
		},
	})
}

func TestMessages(t *testing.T) {
	t.Parallel()
	image := `{"type":"image","source":{"type":"base64","media_type":"image/png","data":"QQ=="}}`
	runAll(t, []requestCase{
		{
			name: "gaps are filled for Claude", from: neutral.Chat, to: neutral.Claude,
			in: `{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"t ","tool_calls":[{"id":"a","function":{"name":"f"}},{"id":"b","function":{"name":"g"}}]},
				{"role":"tool","tool_call_id":"b","content":"r"},{"role":"user","content":"y"},{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f"}}]}]}`,
			want: map[string]string{
				"messages.2.content.#.type": `["tool_result","tool_result","text"]`, "messages.2.content.0.tool_use_id": "a",
				"messages.2.content.0.content": "(no output)", "messages.2.content.0.is_error": "true",
				"messages.4.role": "user", "messages.4.content.0.tool_use_id": "c",
			},
		},
		{
			name: "a result without a call becomes text", from: neutral.Chat, to: neutral.Responses,
			in:   `{"messages":[{"role":"tool","tool_call_id":"zz","content":"lost"},{"role":"user","content":"y"}]}`,
			want: map[string]string{"input.#": "1", "input.0.content.0.text": "lost", "input.0.content.1.text": "y"},
		},
		{
			name: "results stand right behind their calls", from: neutral.Responses, to: neutral.Chat,
			in:   `{"input":[{"role":"user","content":"x"},{"type":"function_call","call_id":"a","name":"f","arguments":"{}"},{"role":"developer","content":"rule"},{"type":"function_call_output","call_id":"a","output":"r"}]}`,
			want: map[string]string{"messages.#.role": `["user","assistant","tool","system"]`},
		},
		{
			name: "only thinking in a turn", from: neutral.Claude, to: neutral.Chat,
			in:   `{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"S"}]},{"role":"user","content":"y"}]}`,
			want: map[string]string{"messages.#": "1", "messages.0.content.#.text": `["x","y"]`},
		},
		{
			name: "white space at the end of a prefill", from: neutral.Chat, to: neutral.Claude,
			in:   `{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"so \n"}]}`,
			want: map[string]string{"messages.1.content.0.text": "so"},
		},
		{
			name: "a later system message where the model takes one", from: neutral.Chat, to: neutral.Claude, tune: func(t *neutral.Target) { t.Model.MidSystem = true },
			in:   `{"messages":[{"role":"user","content":"x"},{"role":"system","content":"rule"},{"role":"user","content":"y"}]}`,
			want: map[string]string{"messages.1": `{"role":"system","content":"rule"}`},
		},
		{
			name: "media in results before Gemini 3", from: neutral.Claude, to: neutral.Gemini, tune: func(t *neutral.Target) { t.Model.MediaInResults = false },
			in: `{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]},
				{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"t"},` + image + `]},{"type":"text","text":"y"}]}]}`,
			want: map[string]string{"contents.2.parts.0.functionResponse.parts": "", "contents.2.parts.1.inlineData.data": "QQ==", "contents.2.parts.2.text": "y"},
		},
		{
			name: "a Vertex that refuses ids", from: neutral.Claude, to: neutral.Gemini, tune: func(t *neutral.Target) { t.NoCallIDs = true },
			in: `{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}},{"type":"tool_use","id":"b","name":"g","input":{}}]},
				{"role":"user","content":[{"type":"tool_result","tool_use_id":"b","content":"2"},{"type":"tool_result","tool_use_id":"a","content":"1"}]}]}`,
			want: map[string]string{"contents.1.parts.#.functionCall.id": "[]", "contents.2.parts.#.functionResponse.name": `["f","g"]`},
		},
		{
			name: "an error that says so itself", from: neutral.Claude, to: neutral.Chat,
			in: `{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]},
				{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","is_error":true,"content":"error: no"}]}]}`,
			want: map[string]string{"messages.2.content": "error: no"}, drops: []string{"is_error"},
		},
		{
			name: "breakpoints of our own", from: neutral.Chat, to: neutral.Claude, tune: func(t *neutral.Target) { t.AutoCache = true },
			in: `{"messages":[{"role":"system","content":"S"},{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"b"}}]}`,
			want: map[string]string{
				"tools.0.cache_control": "", "tools.1.cache_control.type": "ephemeral", "system.0.cache_control.type": "ephemeral",
				"messages.0.content.0.cache_control.type": "ephemeral",
			},
		},
		{
			name: "a client's own breakpoints", from: neutral.Chat, to: neutral.Claude, tune: func(t *neutral.Target) { t.AutoCache = true },
			in:   `{"messages":[{"role":"system","content":"S"},{"role":"user","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral","ttl":"1h"}}]}]}`,
			want: map[string]string{"system.0.cache_control": "", "messages.0.content.0.cache_control.ttl": "1h"},
		},
		{
			name: "explicit breakpoints of Chat", from: neutral.Claude, to: neutral.Chat, tune: func(t *neutral.Target) { t.CacheBreakpoints = true },
			in:   `{"system":[{"type":"text","text":"S","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":[` + strings.Repeat(`{"type":"text","text":"x","cache_control":{"type":"ephemeral"}},`, 3) + `{"type":"text","text":"y","cache_control":{"type":"ephemeral"}}]}]}`,
			want: map[string]string{"messages.0.content.0.prompt_cache_breakpoint": "", "messages.1.content.#.prompt_cache_breakpoint.mode": `["explicit","explicit","explicit","explicit"]`},
		},
		{
			name: "explicit breakpoints of Responses", from: neutral.Claude, to: neutral.Responses, tune: func(t *neutral.Target) { t.CacheBreakpoints = true },
			in:   `{"system":[{"type":"text","text":"S","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":"x"}]}`,
			want: map[string]string{"instructions": "", "input.0.role": "developer", "input.0.content.0.prompt_cache_breakpoint.mode": "explicit"},
		},
		{
			name: "a text file is shown as text", from: neutral.Chat, to: neutral.Claude,
			in:   `{"messages":[{"role":"user","content":[{"type":"file","file":{"filename":"a.txt","file_data":"data:text/plain;base64,aGkh"}}]}]}`,
			want: map[string]string{"messages.0.content.0": `{"type":"document","title":"a.txt","source":{"type":"text","media_type":"text/plain","data":"hi!"}}`},
		},
		{
			name: "video stays with Gemini", from: neutral.Gemini, to: neutral.GeminiCLI,
			in:   `{"contents":[{"parts":[{"fileData":{"fileUri":"https://youtu.be/x"}},{"text":"?"}]}]}`,
			want: map[string]string{"request.contents.0.parts.0.fileData.fileUri": "https://youtu.be/x"},
		},
	})
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	user := func(part string) string { return `{"messages":[{"role":"user","content":[` + part + `]}]}` }
	gem := func(part string) string { return `{"contents":[{"parts":[` + part + `]}]}` }
	none := func(t *neutral.Target) { t.Model.NoImage, t.Model.NoPDF, t.Model.NoAudio = true, true, true }
	cases := []struct {
		from, to neutral.Format
		in, want string
		tune     func(*neutral.Target)
	}{
		{neutral.Chat, neutral.Claude, `{"n":2}`, "n", nil},
		{neutral.Gemini, neutral.Chat, `{"generationConfig":{"candidateCount":2}}`, "n", nil},
		{neutral.Chat, neutral.Gemini, `{"modalities":["text","audio"]}`, "audio_output", nil},
		{neutral.Chat, neutral.Claude, user(`{"type":"input_audio","input_audio":{"data":"","format":"wav"}}`), "audio", nil},
		{neutral.Gemini, neutral.Chat, gem(`{"inlineData":{"mimeType":"audio/wav","data":""}}`), "", nil},
		{neutral.Gemini, neutral.Chat, gem(`{"inlineData":{"mimeType":"audio/wav","data":""}}`), "audio", none},
		{neutral.Gemini, neutral.Chat, gem(`{"inlineData":{"mimeType":"video/mp4","data":""}}`), "video", nil},
		{neutral.Gemini, neutral.Chat, gem(`{"fileData":{"fileUri":"gs://b/x.png"}}`), "file_uri", nil},
		{neutral.Gemini, neutral.Chat, gem(`{"fileData":{"fileUri":"https://generativelanguage.googleapis.com/v1beta/files/x","mimeType":"application/pdf"}}`), "file_uri", nil},
		{neutral.Gemini, neutral.Claude, `{"cachedContent":"c"}`, "cached_content", nil},
		{neutral.Claude, neutral.Chat, user(`{"type":"image","source":{"type":"url","url":"u"}}`), "", nil},
		{neutral.Claude, neutral.Chat, user(`{"type":"image","source":{"type":"url","url":"u"}}`), "image", none},
		{neutral.Claude, neutral.Chat, user(`{"type":"document","source":{"type":"url","url":"u"}}`), "pdf", none},
		{neutral.Claude, neutral.Chat, user(`{"type":"document","source":{"type":"file","file_id":"f"}}`), "file_id", nil},
		{neutral.Chat, neutral.Claude, user(`{"type":"file","file":{"file_id":"f"}}`), "file_id", nil},
		{neutral.Chat, neutral.Claude, user(`{"type":"file","file":{"filename":"a.docx","file_data":"data:application/msword;base64,QQ=="}}`), "document_type", nil},
		{neutral.Chat, neutral.Responses, user(`{"type":"file","file":{"filename":"a.docx","file_data":"data:application/msword;base64,QQ=="}}`), "", nil},
		{neutral.Responses, neutral.Chat, `{"input":[{"type":"item_reference","id":"x"}]}`, "item_reference", nil},
		{neutral.Responses, neutral.Chat, `{"input":"x","prompt":{"id":"p"}}`, "prompt", nil},
		{neutral.Responses, neutral.Chat, `{"input":"x","conversation":"c","background":true}`, "conversation", nil},
		{neutral.Responses, neutral.Chat, `{"input":"x","background":false,"previous_response_id":null}`, "", nil},
		{neutral.Responses, neutral.Chat, `{"input":"x","tool_choice":{"type":"file_search"}}`, "hosted_tool_choice", nil},
		{neutral.Claude, neutral.Chat, `{"tools":[{"type":"bash_1","name":"bash"}],"tool_choice":{"type":"tool","name":"bash"}}`, "hosted_tool_choice", nil},
	}
	for _, c := range cases {
		r, err := convert.Decode(c.from, []byte(c.in), convert.Path{})
		require.NoError(t, err)
		to := &neutral.Target{Format: c.to}
		if c.tune != nil {
			c.tune(to)
		}
		require.Equal(t, c.want, convert.Unconvertible(r, to), "%s to %s: %s", c.from, c.to, c.in)
	}
	require.Equal(t, "audio cannot be converted to the format of any available provider", convert.UnconvertibleMessage("audio"))
}

func TestRefusedBodies(t *testing.T) {
	t.Parallel()
	for _, f := range formats() {
		for _, body := range []string{"", "[]", "{", "nul", `"x"`} {
			_, err := convert.Decode(f, []byte(body), convert.Path{})
			require.ErrorIs(t, err, neutral.ErrNotObject, "%q", body)
		}
		r, err := convert.Decode(f, []byte("{}"), convert.Path{})
		require.NoError(t, err)
		for _, to := range formats() {
			_, err = convert.Encode(r, &neutral.Target{Format: to})
			require.ErrorIs(t, err, neutral.ErrNoMessages)
		}
	}
	_, err := convert.Decode("soap", []byte("{}"), convert.Path{})
	require.ErrorContains(t, err, "soap")
}

func TestHomeKeepsOddSpacing(t *testing.T) {
	t.Parallel()
	cases := []struct {
		format   neutral.Format
		in, want string
	}{
		{
			neutral.Claude,
			"{ \"x\" : 1.0,\n\t\"messages\":[ {\"role\":\"assistant\" , \"content\":[ {\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"gwr1.none.text.\"} , {\"type\":\"text\", \"text\":\"\\u00e9\"} ]} ] }",
			"{ \"x\" : 1.0,\n\t\"messages\":[ {\"role\":\"assistant\" , \"content\":[ {\"type\":\"text\", \"text\":\"\\u00e9\"} ]} ] }",
		},
		{
			neutral.Claude, // a message left empty goes too
			`{"messages":[{"role":"user","content":"a"}, {"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"gwr1.none.text."}]},{"role":"user","content":"b"}]}`,
			`{"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"}]}`,
		},
		{
			neutral.Responses,
			`{"input":[{"type":"reasoning","encrypted_content":"gwr1.none.text.", "summary":[]}, {"role":"user","content":"gwr1."}] }`,
			`{"input":[{"role":"user","content":"gwr1."}] }`,
		},
		{
			neutral.Chat,
			`{"messages":[{"tool_calls":[{"id":"a", "extra_content":{"openai":{}}, "function":{}}]}]}`,
			`{"messages":[{"tool_calls":[{"id":"a", "function":{}}]}]}`,
		},
		{
			neutral.Gemini,
			`{"contents":[{"parts":[{"text":"x" , "thoughtSignature":"Z3dyMSx"},{"functionCall":{}, "thoughtSignature" : "Z3dyMSy"},{"functionCall":{}, "thoughtSignature":"Z3dyMSz"}]}]}`,
			`{"contents":[{"parts":[{"text":"x"},{"functionCall":{}, "thoughtSignature" : "skip_thought_signature_validator"},{"functionCall":{}}]}]}`,
		},
		{
			neutral.GeminiCLI,
			`{"request":{"contents":[{"parts":[{"functionCall":{},"thoughtSignature":"Z3dyMSy"}]}]}}`,
			`{"request":{"contents":[{"parts":[{"functionCall":{},"thoughtSignature":"skip_thought_signature_validator"}]}]}}`,
		},
	}
	for _, c := range cases {
		out, changed := convert.Home(c.format, []byte(c.in), false)
		require.True(t, changed)
		require.True(t, bytes.Equal([]byte(c.want), out), "want %s\n got %s", c.want, out)
	}
	for _, f := range formats() {
		body := []byte(`{"messages":[{"role":"user","content":"nothing of ours"}]}`)
		out, changed := convert.Home(f, body, true)
		require.False(t, changed)
		require.Equal(t, string(body), string(out))
	}
}

func TestStrip(t *testing.T) {
	t.Parallel()
	for f, c := range map[neutral.Format][2]string{
		neutral.Claude: {
			`{"messages":[{"role":"assistant","content":[{"type":"thinking","signature":"S"}, {"type":"redacted_thinking"},{"type":"text"}]}]}`,
			`{"messages":[{"role":"assistant","content":[{"type":"text"}]}]}`,
		},
		neutral.Responses: {
			`{"input":[{"type":"reasoning","encrypted_content":"E"},{"type":"reasoning","encrypted_content":null}]}`,
			`{"input":[{"type":"reasoning","encrypted_content":null}]}`,
		},
		neutral.Gemini: {
			`{"contents":[{"parts":[{"text":"","thoughtSignature":"T"},{"functionCall":{},"thoughtSignature":"S"}]}]}`,
			`{"contents":[{"parts":[{"text":""},{"functionCall":{},"thoughtSignature":"skip_thought_signature_validator"}]}]}`,
		},
	} {
		out, changed := convert.Strip(f, []byte(c[0]))
		require.True(t, changed)
		require.True(t, bytes.Equal([]byte(c[1]), out), "%s", out)
		_, changed = convert.Strip(f, out)
		require.False(t, changed)
	}
	_, changed := convert.Strip(neutral.Chat, []byte(`{}`))
	require.False(t, changed)
}

func TestEstimateTokens(t *testing.T) {
	t.Parallel()
	r, err := convert.Decode(neutral.Claude, []byte(`{"system":"abcdef","messages":[{"role":"user","content":[{"type":"text","text":"你好"},
		{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]}]}`), convert.Path{})
	require.NoError(t, err)
	require.EqualValues(t, 4+1500, convert.EstimateTokens(r), "12 bytes and an image")
}

// TestNullsInPlaceOfLists reads what SDKs print for members that are not set.
func TestNullsInPlaceOfLists(t *testing.T) {
	t.Parallel()
	for f, in := range map[neutral.Format]string{
		neutral.Claude:    `{"system":null,"tools":null,"stop_sequences":null,"tool_choice":null,"thinking":null,"metadata":null,"messages":[null,{"role":"user","content":"x"},{"role":"assistant","content":null}]}`,
		neutral.Chat:      `{"tools":null,"stop":null,"response_format":null,"modalities":null,"messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,"refusal":null,"tool_calls":null}]}`,
		neutral.Responses: `{"tools":null,"text":null,"reasoning":null,"instructions":null,"prompt":null,"input":[null,{"role":"user","content":"x"},{"type":"reasoning","summary":null,"encrypted_content":null}]}`,
		neutral.Gemini:    `{"tools":null,"toolConfig":null,"generationConfig":null,"systemInstruction":null,"contents":[null,{"role":"user","parts":[null,{"text":"x"}]},{"role":"model","parts":null}]}`,
	} {
		r, err := convert.Decode(f, []byte(in), convert.Path{})
		require.NoError(t, err)
		require.Empty(t, r.Tools, "%s", f)
		require.Empty(t, r.Drops)
		require.Empty(t, r.System)
		require.Zero(t, r.Needs)
		require.Equal(t, []neutral.Message{{Role: neutral.User, Parts: []neutral.Part{{Kind: neutral.Text, Text: rawjson.Plain("x")}}}}, r.Messages, "%s", f)
	}
}
