package gateway

import (
	"slices"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// rectifier changes a body in the provider's format so that it no longer has what
// the provider refuses. Operators may turn each of them off.
type rectifier struct {
	quirk quirk
	told  domain.SpecialType
	on    func(*domain.Settings) bool
	do    func(neutral.Format, []byte) ([]byte, bool)
}

// rectifiers stand in the order in which they are applied.
//
//nolint:gochecknoglobals // read-only table
var rectifiers = [...]rectifier{
	{
		noForeignThinking, domain.SpecialThinkingSignature,
		func(s *domain.Settings) bool { return s.ThinkingSignatureRectifier }, convert.Strip,
	},
	{
		noCallIDs, domain.SpecialFunctionID,
		func(s *domain.Settings) bool { return s.GeminiFunctionIDRectifier }, convert.WithoutCallIDs,
	},
	{
		noSmallBudget, domain.SpecialThinkingBudget,
		func(s *domain.Settings) bool { return s.ThinkingBudgetRectifier }, convert.WithBudget,
	},
	{
		noEffort, domain.SpecialEffortConflict,
		func(s *domain.Settings) bool { return s.EffortConflictRectifier }, convert.WithoutEffort,
	},
	{
		noBilling, domain.SpecialBillingHeader,
		func(s *domain.Settings) bool { return s.BillingHeaderRectifier != domain.BillingHeaderOff }, convert.WithoutBilling,
	},
}

// rectified are the quirks that a rectifier knows what to do about.
const rectified = noForeignThinking | noCallIDs | noSmallBudget | noEffort | noBilling

// rectifierOf finds the rectifier for a quirk, nil if there is none or if it is
// turned off.
func (c *call) rectifierOf(q quirk) *rectifier {
	for i := range rectifiers {
		if r := &rectifiers[i]; r.quirk == q && r.on(c.x.settings()) {
			return r
		}
	}
	return nil
}

// rectify takes out of a body what the provider is known to refuse.
func (c *call) rectify(format neutral.Format, body []byte) (out []byte, changed bool) {
	if !c.mends.has(rectified) {
		return body, false
	}
	for i := range rectifiers {
		r := &rectifiers[i]
		if !c.mends.has(r.quirk) || !r.on(c.x.settings()) || r.quirk == noSmallBudget && budgetIn(body) > c.mends.budget {
			continue
		}
		next, did := r.do(format, body)
		if did {
			c.rectified(r)
			body, changed = next, true
		}
	}
	return body, changed
}

// rectified notes a rectifier that changed the call, once.
func (c *call) rectified(r *rectifier) {
	if !slices.ContainsFunc(c.result.Special, func(s domain.SpecialSetting) bool { return s.Type == r.told }) {
		c.mended(r.told, r.quirk)
	}
}

// rectifyAgain takes out of what is about to be sent what overrides and filters
// have put back: they go over what a rectifier has left, so that their own limits
// hold for it too, but what a provider has refused stays out, whoever wants it in.
func (c *call) rectifyAgain(out *upstream.Call) {
	doc, is := ours(out.Body)
	if !is || !c.rewritten {
		return
	}
	if clean, changed := c.rectify(neutral.Format(c.provider.Type.Protocol()), doc); changed {
		out.Body = document(clean)
	}
}

// budgetIn is the thinking budget of a Claude request, in tokens; 0 = it has none.
func budgetIn(body []byte) int64 { return gjson.GetBytes(body, "thinking.budget_tokens").Int() }

// rectifiable tells whether a rectifier would change the call that was refused.
func (c *call) rectifiable(q quirk) bool {
	r := c.rectifierOf(q)
	if r == nil {
		return false
	}
	_, changes := r.do(neutral.Format(c.provider.Type.Protocol()), c.refused())
	return changes
}

// refused is the body that the provider refused, but for what is spliced into the
// client's own: nothing there is a rectifier's business.
func (c *call) refused() []byte {
	if doc, is := ours(c.sent.Body); is {
		return doc
	}
	return c.x.body.Bytes()
}
