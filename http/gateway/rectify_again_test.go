package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/domain"
)

// What overrides and filters of the final phase write is what a provider refuses:
// a rectifier has the last word about it, once it was refused. Limits that the
// operator set hold for what it writes as long as they are no part of the refusal.
func TestRectifiersAreNotUndone(t *testing.T) {
	t.Parallel()
	const (
		loop = `"messages":[{"role":"user","content":"go"},{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"SIG"},` +
			`{"type":"tool_use","id":"a","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}]}`
		unsigned    = `{"model":"m","max_tokens":9000,"metadata":{"user_id":"u"},`
		signRefusal = `{"error":{"message":"messages.1.content.0: Invalid signature in thinking block"}}`
		loopRefusal = "{\"error\":{\"message\":\"Expected `thinking` or `redacted_thinking`, but found `tool_use`\"}}"
		greater     = `{"error":{"message":"thinking.budget_tokens must be greater than 1024"}}`
		idRefusal   = `{"error":{"code":400,"message":"Unknown name \"id\" at 'contents[1].parts[0].function_call': Cannot find field."}}`
		geminiLoop  = `{"contents":[{"role":"user","parts":[{"text":"go"}]},{"role":"model","parts":[{"functionCall":{"name":"f"}}]}]}`
	)
	thinking := func(limit, budget string) string {
		return `{"model":"m","max_tokens":` + limit + `,"thinking":{"type":"enabled","budget_tokens":` + budget + `},"metadata":{"user_id":"u"},"messages":[]}`
	}
	withoutSigned := strings.Replace(loop, `{"type":"thinking","thinking":"hm","signature":"SIG"},`, "", 1)
	overrides := func(o domain.Overrides) func(*world) {
		return func(w *world) { w.config.Providers[0].Overrides = &o }
	}
	last := func(operations string) func(*world) {
		return filtering(doing(t, "last", domain.FilterFinal, operations))
	}
	for name, c := range map[string]struct {
		change  func(*world)
		path    string
		body    string
		refusal string
		first   string // what is refused
		then    string // what is content with
		told    domain.SpecialType
	}{
		"thinking, which a budget would begin again": {
			overrides(domain.Overrides{ThinkingBudget: 2048}), "/v1/messages",
			unsigned + `"thinking":{"type":"enabled","budget_tokens":4096},` + loop, signRefusal,
			unsigned + `"thinking":{"type":"enabled","budget_tokens":2048},` + loop,
			unsigned + withoutSigned, domain.SpecialThinkingSignature,
		},
		"thinking that the override alone began": {
			overrides(domain.Overrides{ThinkingBudget: 2048}), "/v1/messages", unsigned + withoutSigned, loopRefusal,
			strings.TrimSuffix(unsigned+withoutSigned, "}") + `,"thinking":{"type":"enabled","budget_tokens":2048}}`,
			unsigned + withoutSigned, domain.SpecialThinkingSignature,
		},
		"a budget that is refused": {
			overrides(domain.Overrides{ThinkingBudget: 1024}), "/v1/messages", thinking("9000", "5000"), greater,
			thinking("9000", "1024"), thinking("64000", "32000"), domain.SpecialThinkingBudget,
		},
		"a budget of the operator's that may do": {
			overrides(domain.Overrides{ThinkingBudget: 4096}), "/v1/messages", thinking("800", "500"), budgetRefusal,
			thinking("800", "500"), thinking("64000", "4096"), domain.SpecialThinkingBudget,
		},
		"an output limit of the operator's": {
			overrides(domain.Overrides{MaxTokens: 2000}), "/v1/messages", thinking("9000", "500"), budgetRefusal,
			thinking("2000", "500"), thinking("2000", "1999"), domain.SpecialThinkingBudget,
		},
		"an output limit without room for thinking": {
			overrides(domain.Overrides{MaxTokens: 900}), "/v1/messages", thinking("9000", "500"), budgetRefusal,
			thinking("900", "500"), `{"model":"m","max_tokens":900,"metadata":{"user_id":"u"},"messages":[]}`, domain.SpecialThinkingBudget,
		},
		"a budget of a filter": {
			last(`[{"op":"set","path":"thinking.budget_tokens","value":100}]`), "/v1/messages", thinking("9000", "5000"), budgetRefusal,
			thinking("9000", "100"), thinking("64000", "32000"), domain.SpecialThinkingBudget,
		},
		"an effort of a filter": {
			last(`[{"op":"set","path":"output_config","value":{"effort":"low"}}]`), "/v1/messages",
			`{"model":"m","thinking":{"type":"disabled"},"metadata":{"user_id":"u"},"messages":[]}`, effortRefusal,
			`{"model":"m","thinking":{"type":"disabled"},"metadata":{"user_id":"u"},"messages":[],"output_config":{"effort":"low"}}`,
			`{"model":"m","thinking":{"type":"disabled"},"metadata":{"user_id":"u"},"messages":[]}`, domain.SpecialEffortConflict,
		},
		"a billing line of a filter": {
			last(`[{"op":"insert","path":"system","position":"start","value":{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1.197; cch=1a2b3;"}}]`),
			"/v1/messages", unbilled, billingRefusal, strings.Replace(billed, "}, {", "},{", 1), unbilled, domain.SpecialBillingHeader,
		},
		"ids of calls of a filter": {
			func(w *world) {
				w.config.Providers[0].Type = domain.TypeGemini
				last(`[{"op":"set","path":"contents[1].parts[0].functionCall.id","value":"x"}]`)(w)
			}, as("gemini-3-pro", wires()["gemini"].plain), geminiLoop, idRefusal,
			strings.Replace(geminiLoop, `"name":"f"`, `"name":"f","id":"x"`, 1), geminiLoop, domain.SpecialFunctionID,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := message
			if c.told == domain.SpecialFunctionID {
				answer = as("gemini-3-pro", wires()["gemini"].document)
			}
			h, bodies := picky(func(body string) bool { return body == c.then }, c.refusal, says(200, "application/json", answer))
			w := newWorld(t, c.change, h)
			a := w.callTo("POST", c.path, c.body)
			require.Equal(t, []string{c.first, c.then}, bodies(), a.body)
			require.Equal(t, http.StatusOK, a.status, a.body)
			told := 0
			for _, s := range w.actor.only(t).Special {
				if s.Type == c.told {
					told++
				}
			}
			require.Equal(t, 1, told, "noted, and only once")
		})
	}
}

// A rectifier that is turned off leaves what the operator wrote.
func TestRectifiersThatAreOffUndoNothing(t *testing.T) {
	t.Parallel()
	h, bodies := picky(func(string) bool { return false }, `{"error":{"message":"thinking.budget_tokens must be greater than 1024"}}`, nil)
	w := newWorld(t, func(w *world) {
		w.config.Settings.ThinkingBudgetRectifier = false
		w.config.Providers[0].Overrides = &domain.Overrides{ThinkingBudget: 1024}
	}, h)
	require.NotEqual(t, http.StatusOK, w.post(plainBody+" ").status)
	require.Len(t, bodies(), 1)

	w = newWorld(t, func(w *world) {
		w.config.Providers[0].Overrides = &domain.Overrides{MaxTokens: 2048, ThinkingBudget: 1024}
	}, h)
	require.NotEqual(t, http.StatusOK, w.post(plainBody).status)
	sent := bodies()
	require.Len(t, sent, 2, "once more, not for ever")
	require.EqualValues(t, 1024, gjson.Get(sent[0], "thinking.budget_tokens").Int())
	require.EqualValues(t, 32000, gjson.Get(sent[1], "thinking.budget_tokens").Int())
}
