package gateway

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
	codex "github.com/claude-code-hub/cch/converters/responses"
	"github.com/claude-code-hub/cch/internal/domain"
)

// mends is how a call differs from the usual because its provider has refused
// such a one.
type mends struct {
	wanted  quirk // the operator wants it so
	known   quirk // before the call was made
	learned quirk // from its refusal
	budget  int64 // in tokens, that was refused as too small: what is larger may do
}

func (m *mends) has(q quirk) bool { return (m.wanted | m.known | m.learned).has(q) }

// trigger is what called for a mend.
func (m *mends) trigger(q quirk) string {
	switch {
	case m.wanted.has(q):
		return domain.TriggerForced
	case m.learned.has(q):
		return domain.TriggerRefused
	}
	return domain.TriggerRemembered
}

// foresee is what is known of a call's provider before the call is made.
func (c *call) foresee() {
	c.mends.known = quirk(c.a.Quirks)
	if c.x.settings().BillingHeaderRectifier == domain.BillingHeaderAlways {
		c.mends.wanted = noBilling
	}
}

// mend tells whether a refused call is to be made once more, right after the
// refusal and in another form. That is part of the same attempt: the provider is
// not at fault, and no budget pays for it. A refusal that a rectifier knows but
// can do nothing about is the client's to mend: the result says so.
func (c *call) mend(status int, refusal string) (again bool) {
	if c.x.body == nil || !c.x.target.judged() {
		return false
	}
	q := quirkIn(status, clip(refusal, maxRuleText))
	switch {
	case q == 0:
		return false
	case c.mends.has(q), !c.mendable(q):
		if r := c.rectifierOf(q); r != nil {
			c.unmended = r.told
		}
		return false
	}
	if q == noSmallBudget {
		c.mends.budget = budgetIn(c.refused())
	}
	c.mends.learned |= q
	c.result.Quirks |= domain.Quirks(q & lasting)
	return true
}

// mendable tells whether the call has what the provider refuses, and may go
// without.
func (c *call) mendable(q quirk) bool {
	converted := c.converts()
	switch q {
	case wantsInstructions:
		return converted && c.provider.Type == domain.TypeCodex && c.provider.Conversion.CodexInstructions != domain.InstructionsKeep
	case noStreamOptions:
		return c.metersStream() || converted && c.conversion.From == neutral.Chat
	case noCallIDs:
		return converted && c.writesCallIDs() || c.rectifiable(q)
	default:
		return c.rectifiable(q)
	}
}

// writesCallIDs tells whether the ids of calls are those of the writer: what a
// client of Gemini's own sends is as it wants it to be.
func (c *call) writesCallIDs() bool {
	to := neutral.Format(c.provider.Type.Protocol())
	return (to == neutral.Gemini || to == neutral.GeminiCLI) && !convert.Rewraps(c.x.target.dialect.format, to)
}

// mended notes in the record that the call was made in another form.
func (c *call) mended(what domain.SpecialType, q quirk) {
	c.special(domain.SpecialSetting{Type: what, Trigger: c.mends.trigger(q)})
}

func (c *call) special(s domain.SpecialSetting) {
	s.ProviderID, s.Attempt = c.provider.ID, c.a.N
	c.result.Special = append(c.result.Special, s)
}

// metersStream tells whether the stream is asked to report its usage on our
// account alone.
func (c *call) metersStream() bool {
	return !c.converts() && c.x.metersStream() && !c.mends.has(noStreamOptions)
}

// takesBudgets tells whether the model asked for is a Claude that takes thinking
// budgets: it thinks in every turn of a tool loop or in none.
func (c *call) takesBudgets(format neutral.Format) bool {
	return format == neutral.Claude && c.g.Capabilities.Model(c.a.Model).Thinking == neutral.ThinkingBudget
}

// instructed puts Codex's own instructions in front of a request where its
// provider wants them.
func (c *call) instructed(body []byte) []byte {
	trigger := c.instructionsTrigger(body)
	if trigger == "" {
		return body
	}
	c.special(domain.SpecialSetting{
		Type: domain.SpecialCodexInstructions, Mode: string(c.instructionsMode()), Trigger: trigger,
	})
	return codex.Inject(body, cmp.Or(c.x.settings().CodexInstructions, codex.CodexInstructions()))
}

func (c *call) instructionsMode() domain.InstructionsMode {
	return cmp.Or(c.provider.Conversion.CodexInstructions, domain.InstructionsAuto)
}

// instructionsTrigger says why Codex's instructions are to be put in front of a
// request, empty if they are not. Without force only what was converted is
// touched.
func (c *call) instructionsTrigger(body []byte) string {
	mode := c.instructionsMode()
	switch {
	case c.provider.Type != domain.TypeCodex || !c.x.target.judged() || mode == domain.InstructionsKeep:
		return ""
	case mode == domain.InstructionsForce:
		return domain.TriggerForced
	case !c.converts():
		return ""
	case c.mends.has(wantsInstructions):
		return c.mends.trigger(wantsInstructions)
	case !isOpenAI(c.provider.URL) && !codex.HasInstructions(body):
		return domain.TriggerAbsent
	}
	return ""
}

// isOpenAI tells whether a provider is OpenAI's own API, there or at Azure: it
// takes any instructions and none, and max_completion_tokens.
func isOpenAI(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return host == "api.openai.com" || strings.HasSuffix(host, ".openai.azure.com") || strings.HasSuffix(host, ".cognitiveservices.azure.com")
}
