package gateway_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/capability"
	codex "github.com/claude-code-hub/cch/converters/responses"
	"github.com/claude-code-hub/cch/internal/domain"
)

// picky refuses what ok does not like, in the words of refusal, and else answers
// as next does. It notes every body.
func picky(ok func(body string) bool, refusal string, next http.HandlerFunc) (http.HandlerFunc, func() []string) {
	seen := make(chan string, 100)
	h := func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen <- string(body)
		if !ok(string(body)) {
			says(400, "application/json", refusal)(w, r)
			return
		}
		next(w, r)
	}
	return h, func() (bodies []string) {
		for len(seen) > 0 {
			bodies = append(bodies, <-seen)
		}
		return bodies
	}
}

const chatCall = `{"model":"gpt-5","messages":[$,{"role":"user","content":"hi"}]}`

func responsesAnswer() http.HandlerFunc {
	p := wires()["responses"]
	return says(200, "application/json", as("gpt-5", p.document))
}

func codexWorld(t *testing.T, mode domain.InstructionsMode, h http.HandlerFunc) *world {
	t.Helper()
	return newWorld(t, func(w *world) {
		converting(t, domain.TypeCodex)(w)
		w.config.Providers[0].Conversion.CodexInstructions = mode
	}, h)
}

func anything(string) bool { return true }

func hasCodexText(body string) bool {
	return gjson.Get(body, "instructions").String() == codex.CodexInstructions()
}

// Requests without instructions get Codex's at once, those with their own only
// where the provider insists; their own then become the first developer item.
// What it insists on is remembered.
func TestCodexInstructionsWhereTheProviderInsists(t *testing.T) {
	t.Parallel()
	h, bodies := picky(hasCodexText, `{"detail":"Instructions are not valid"}`, responsesAnswer())
	w := codexWorld(t, domain.InstructionsAuto, h)
	special := func(trigger string) []domain.SpecialSetting {
		return []domain.SpecialSetting{{Type: domain.SpecialCodexInstructions, ProviderID: 1, Attempt: 1, Mode: "auto", Trigger: trigger}}
	}

	a := w.callTo("POST", "/v1/chat/completions", `{"model":"gpt-5","messages":[{"role":"user","content":"hi"}]}`)
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.Len(t, bodies(), 1)
	require.Equal(t, special(domain.TriggerAbsent), w.actor.wait(t, 1)[0].Special)

	own := strings.Replace(chatCall, "$", `{"role":"system","content":"be brief"}`, 1)
	a = w.callTo("POST", "/v1/chat/completions", own)
	require.Equal(t, http.StatusOK, a.status, a.body)
	sent := bodies()
	require.Len(t, sent, 2, "once more on the same provider, in the same attempt")
	require.Equal(t, "be brief", gjson.Get(sent[0], "instructions").String())
	require.Equal(t, "developer", gjson.Get(sent[1], "input.0.role").String())
	require.Equal(t, "be brief", gjson.Get(sent[1], "input.0.content.0.text").String())
	require.Equal(t, "hi", gjson.Get(sent[1], "input.1.content.0.text").String())
	require.Equal(t, special(domain.TriggerRefused), w.actor.wait(t, 2)[1].Special)

	require.Equal(t, http.StatusOK, w.callTo("POST", "/v1/chat/completions", own).status)
	require.Len(t, bodies(), 1)
	require.Equal(t, special(domain.TriggerRemembered), w.actor.wait(t, 3)[2].Special)

	native := `{"model":"gpt-5","prompt_cache_key":"none","instructions":"mine","input":[]}`
	require.Equal(t, http.StatusOK, codexWorldNative(t, domain.InstructionsAuto, native, native))
}

// codexWorldNative makes a native call and expects the body the provider sees.
func codexWorldNative(t *testing.T, mode domain.InstructionsMode, body, want string) int {
	t.Helper()
	h, bodies := picky(anything, "", responsesAnswer())
	w := newWorld(t, func(w *world) {
		w.config.Providers[0].Type = domain.TypeCodex
		w.config.Providers[0].Conversion.CodexInstructions = mode
		w.config.Settings.CodexInstructions = "CODEX"
	}, h)
	status := w.callTo("POST", "/v1/responses", body, "Session-Id", codexID).status
	require.Equal(t, []string{want}, bodies())
	return status
}

func TestCodexInstructionsByForce(t *testing.T) {
	t.Parallel()
	h, bodies := picky(anything, "", responsesAnswer())
	w := codexWorld(t, domain.InstructionsForce, h)
	require.Equal(t, http.StatusOK, w.callTo("POST", "/v1/chat/completions", strings.Replace(chatCall, "$", `{"role":"system","content":"S"}`, 1)).status)
	require.True(t, hasCodexText(bodies()[0]))
	require.Equal(t, domain.TriggerForced, w.actor.only(t).Special[0].Trigger)

	const rest = `"model":"gpt-5", "prompt_cache_key":"none","input":[$1]}`
	for from, to := range map[string]string{
		`{` + rest: `{"instructions":"CODEX",` + rest,
		`{ "instructions":"You are Codex, x",` + rest: `{ "instructions":"CODEX",` + rest,
	} {
		from, to = strings.Replace(from, "$1", "1", 1), strings.Replace(to, "$1", "1", 1)
		require.Equal(t, http.StatusOK, codexWorldNative(t, domain.InstructionsForce, from, to))
	}
}

func TestCodexInstructionsAreNeverAddedWhereToBeKept(t *testing.T) {
	t.Parallel()
	h, bodies := picky(hasCodexText, `{"detail":"Instructions are required"}`, responsesAnswer())
	w := codexWorld(t, domain.InstructionsKeep, h)
	a := w.callTo("POST", "/v1/chat/completions", `{"model":"gpt-5","messages":[{"role":"user","content":"hi"}]}`)
	require.Equal(t, http.StatusBadRequest, a.status)
	require.Equal(t, "Instructions are required", gjson.Get(a.body, "error.message").String(), a.body)
	require.Len(t, bodies(), 1)
	require.Empty(t, w.actor.only(t).Special)
}

// A provider that does not know stream_options is asked without: whether the
// client's call was converted for it or got them from the hub only.
func TestStreamOptionsThatAProviderRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change     func(*world)
		path, body string
	}{
		"converted": {converting(t, domain.TypeOpenAICompatible), "/v1/messages", streamBody},
		"native": {
			func(w *world) { w.config.Providers[0].Type = domain.TypeOpenAICompatible },
			"/v1/chat/completions", `{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, bodies := picky(func(body string) bool { return !strings.Contains(body, "stream_options") },
				`{"error":{"message":"Unrecognized request argument supplied: stream_options"}}`, streams(chatStream(t)))
			w := newWorld(t, c.change, h)
			for i, calls := range []int{2, 1} {
				a := w.callTo("POST", c.path, c.body)
				require.Equal(t, http.StatusOK, a.status, a.body)
				require.Contains(t, a.body, "Hello")
				require.Len(t, bodies(), calls)
				require.Equal(t, []domain.SpecialSetting{{
					Type: domain.SpecialStreamOptions, ProviderID: 1, Attempt: 1,
					Trigger: []string{domain.TriggerRefused, domain.TriggerRemembered}[i],
				}}, w.actor.wait(t, i+1)[i].Special)
			}
		})
	}
	h, bodies := picky(func(string) bool { return false }, `{"error":{"message":"stream_options?"}}`, nil)
	w := newWorld(t, func(w *world) { w.config.Providers[0].Type = domain.TypeOpenAICompatible }, h)
	a := w.callTo("POST", "/v1/chat/completions", as("m", wires()["chat"].body))
	require.Equal(t, http.StatusBadRequest, a.status)
	require.Len(t, bodies(), 1, "what the client itself sent is for it to mend")
}

func TestCallIDsThatAProviderRefuses(t *testing.T) {
	t.Parallel()
	h, bodies := picky(func(body string) bool { return !gjson.Get(body, "contents.1.parts.0.functionCall.id").Exists() },
		`{"error":{"code":400,"message":"Invalid JSON payload received. Unknown name \"id\" at 'contents[1].parts[0].function_call': Cannot find field.","status":"INVALID_ARGUMENT"}}`,
		says(200, "application/json", as("gemini-3-pro", wires()["gemini"].document)))
	w := newWorld(t, converting(t, domain.TypeGemini), h)
	const history = `{"model":"gemini-3-pro","max_tokens":64,"messages":[{"role":"user","content":"go"},{"role":"assistant","content":[` +
		`{"type":"tool_use","id":"a","name":"f","input":{}},{"type":"tool_use","id":"b","name":"g","input":{}}]},{"role":"user","content":[` +
		`{"type":"tool_result","tool_use_id":"b","content":"B"},{"type":"tool_result","tool_use_id":"a","content":"A"}]}]}`
	require.Equal(t, http.StatusOK, w.post(history).status)
	sent := bodies()
	require.Len(t, sent, 2)
	require.JSONEq(t, `["f","g"]`, gjson.Get(sent[1], "contents.2.parts.#.functionResponse.name").Raw, "without ids their order counts")
	require.Equal(t, domain.SpecialFunctionID, w.actor.only(t).Special[0].Type)
	require.Equal(t, http.StatusOK, w.post(history).status)
	require.Len(t, bodies(), 1)
}

// A client of Gemini's own, whose provider is Vertex: nothing else of its bytes
// changes, and nothing at all where an operator does not want it.
func TestCallIDsOfANativeCall(t *testing.T) {
	t.Parallel()
	const body = `{"contents":[{"role":"user","parts":[{"text":"go"}]}, {"role":"model","parts":[{"functionCall":{"id":"a","name":"f"}}]},` +
		`{"role":"user","parts":[{"functionResponse":{"id":"a","name":"f","response":{}}}]}]}`
	bare := strings.ReplaceAll(body, `"id":"a",`, "")
	refusal := `{"error":{"code":400,"message":"Unknown name \"id\" at 'contents[1].parts[0].function_call': Cannot find field."}}`
	for on, want := range map[bool][]string{true: {body, bare}, false: {body}} {
		h, bodies := picky(func(body string) bool { return body == bare }, refusal,
			says(200, "application/json", as("gemini-3-pro", wires()["gemini"].document)))
		w := newWorld(t, func(w *world) {
			converting(t, domain.TypeGemini)(w)
			w.actor.convert = ""
			w.config.Settings.GeminiFunctionIDRectifier = on
		}, h)
		path := as("gemini-3-pro", wires()["gemini"].path)
		require.Equal(t, on, w.callTo("POST", path, body).status == http.StatusOK)
		require.Equal(t, want, bodies())
		if on {
			require.Equal(t, http.StatusOK, w.callTo("POST", path, body).status)
			require.Equal(t, []string{bare}, bodies(), "it is remembered")
			require.Equal(t, domain.TriggerRemembered, w.actor.wait(t, 2)[1].Special[0].Trigger)
		}
	}
}

// Thinking that another account signed is left out where it is refused, and only
// in this conversation.
func TestThinkingThatAProviderCannotVerify(t *testing.T) {
	t.Parallel()
	table, err := capability.Builtin()
	require.NoError(t, err)
	const history = `{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[` +
		`{"type":"thinking","thinking":"hm","signature":"SIG"},{"type":"text", "text":"y\u00e9s"}]},{"role":"user","content":"and?"}],` +
		` "model":"claude-opus-4-8","max_tokens":64,"metadata":{"user_id":"u"}}`
	const refusal = `{"type":"error","error":{"type":"invalid_request_error","message":"messages.1.content.0: Invalid ` + "`signature` in `thinking`" + ` block"}}`
	for _, on := range []bool{true, false} {
		h, bodies := picky(func(body string) bool { return !strings.Contains(body, "SIG") }, refusal, says(200, "application/json", message))
		w := newWorld(t, func(w *world) {
			w.opts.Capabilities, w.config.Settings.ThinkingSignatureRectifier = table, on
		}, h)
		a := w.post(history)
		if !on {
			require.Equal(t, http.StatusBadRequest, a.status)
			require.Equal(t, refusal, a.body) //nolint:testifylint // byte by byte
			require.Len(t, bodies(), 1)
			continue
		}
		require.Equal(t, http.StatusOK, a.status, a.body)
		sent := bodies()
		require.Len(t, sent, 2)
		require.Equal(t, history, sent[0])                                                                                   //nolint:testifylint // byte by byte
		require.Equal(t, strings.Replace(history, `{"type":"thinking","thinking":"hm","signature":"SIG"},`, "", 1), sent[1]) //nolint:testifylint // byte by byte
		require.Equal(t, domain.SpecialThinkingSignature, w.actor.only(t).Special[0].Type)
		require.Equal(t, http.StatusOK, w.post(history).status)
		require.Len(t, bodies(), 2, "another conversation may well be verified")
	}
}

// Providers that only stream serve clients that want a document, by conversion
// and natively.
func TestProvidersThatOnlyStream(t *testing.T) {
	t.Parallel()
	type served struct {
		kind domain.ProviderType
		wire wire
	}
	providers := map[string]served{}
	for name, kind := range map[string]domain.ProviderType{
		"chat": domain.TypeOpenAICompatible, "responses": domain.TypeCodex, "gemini": domain.TypeGemini, "gemini-cli": domain.TypeGeminiCLI,
	} {
		providers[name] = served{kind, wires()[name]}
	}
	claude := messageStart("$") + event("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`) +
		textDelta("Hel") + textDelta("lo") + event("content_block_stop", `{"type":"content_block_stop","index":0}`) + messageEnd()
	providers["claude"] = served{domain.TypeClaude, wire{path: "/v1/messages", plain: "/v1/messages", body: plainBody, events: []string{claude}}}
	for provider, p := range providers {
		h, bodies := picky(anything, "", func(w http.ResponseWriter, r *http.Request) {
			assert.True(t, strings.Contains(r.URL.Path, "streamGenerateContent") && r.URL.Query().Get("alt") == "sse" || !strings.Contains(r.URL.Path, ":"), r.URL)
			streams(p.wire.stream("m"))(w, r)
		})
		for client, c := range providers {
			w := newWorld(t, func(w *world) {
				converting(t, p.kind)(w)
				w.config.Providers[0].Conversion.AlwaysStream = true
				if client == provider {
					w.actor.convert = ""
				}
			}, h)
			a := w.callTo("POST", as("m", c.wire.plain), as("m", c.wire.unstreamed()))
			name := client + " by " + provider
			require.Equal(t, http.StatusOK, a.status, "%s: %s", name, a.body)
			require.Equal(t, "application/json", a.header.Get("Content-Type"), name)
			require.True(t, gjson.Valid(a.body), "%s: %s", name, a.body)
			require.Contains(t, a.body, "Hello", name)
			sent := bodies()
			require.Len(t, sent, 1)
			if !strings.Contains(provider, "gemini") {
				require.True(t, gjson.Get(sent[0], "stream").Bool(), "%s: %s", name, sent[0])
			}
			res := w.actor.only(t)
			require.True(t, res.Complete, name)
			require.EqualValues(t, 15, res.Usage.Output, name)
		}
	}
}
