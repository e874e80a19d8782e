package gateway

import (
	"bytes"
	"slices"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/http/gateway/metering"
	"github.com/claude-code-hub/cch/internal/domain"
)

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
