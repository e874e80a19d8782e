package gateway

import (
	"bytes"
	"slices"
	"strings"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/http/gateway/metering"
	"github.com/claude-code-hub/cch/internal/domain"
)

// fastMode is how the beta of Claude's fast mode is called, whatever its date.
const fastMode = "fast-mode-"

// serviceAsked is the service the client asks for. Fast mode takes both the
// member and the beta that it belongs to.
func (x *exchange) serviceAsked() domain.ServiceAsked {
	h := &x.head
	fast := x.target.protocol == domain.ProtocolClaude && h.speed.String() == "fast" &&
		slices.ContainsFunc(x.r.Header.Values("Anthropic-Beta"), func(v string) bool { return strings.Contains(v, fastMode) })
	return domain.ServiceAsked{Tier: strings.ToLower(clip(h.tier.String(), maxTier)), Fast: fast}
}

// maxTier is longer than the name of any tier.
const maxTier = 32

// usage takes what the answer used from the tap. What an answer that broke off
// did not report any more is estimated from what it carried, unless the operator
// bills reports only; a failure is billed by its report at most.
func (c *call) usage(complete bool) {
	if c.tap == nil {
		return
	}
	r := c.result
	r.ModelReturned = c.tap.Model()
	reported := c.tap.Usage()
	found, passes := len(reported) > 0, reported
	if !complete && (r.Committed || c.unheard > 0) && c.x.settings().BillPartial == domain.PartialEstimate {
		passes = c.estimated(reported)
	}
	if r.Class == domain.ClassOK || r.Class == domain.ClassClientAbort {
		r.Metered = metering.Of(passes, c.tap.ServiceTier())
	} else {
		r.Metered = metering.Of(reported, c.tap.ServiceTier())
	}
	for i := range passes {
		p := metering.Pass(&passes[i])
		r.Usage.Add(p.Totals())
	}
	switch {
	case len(passes) == 0:
	case complete:
		r.UsageSource = domain.UsageUpstream
	case found:
		r.UsageSource = domain.UsagePartial
	default:
		r.UsageSource = domain.UsageEstimated
	}
}

// meterRefusal lets a refusal tell what it used: some vendors charge for those.
func (c *call) meterRefusal(body []byte) {
	if c.x.target.class != domain.CallGenerate || !bytes.Contains(body, []byte(`"usage`)) {
		return
	}
	c.tap = c.newTap()
	c.tap.Body(body)
}

// estimated completes the last pass, in which the answer broke off.
func (c *call) estimated(reported []neutral.Usage) []neutral.Usage {
	last, found := neutral.Usage{}, len(reported) > 0
	passes := slices.Clone(reported)
	if found {
		last = passes[len(passes)-1]
		passes = passes[:len(passes)-1]
	}
	return append(passes, neutral.Estimate(last, found, c.tap.OutputChars(), c.x.head.demand().TextBytes))
}
