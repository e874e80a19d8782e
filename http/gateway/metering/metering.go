// Package metering puts what readers of answers found into the form in which it
// is billed. It judges nothing: how usage is read is the business of
// converters/neutral, what it costs that of pricing.
package metering

import (
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/internal/domain"
)

// Of is an answer's usage, by pass. What holds for the whole answer is told with
// its last pass; tier is that of the answer where no pass names one.
func Of(passes []neutral.Usage, tier string) domain.Metered {
	m := domain.Metered{ServiceTier: tier}
	if len(passes) == 0 {
		return m
	}
	m.Passes = make([]domain.UsagePass, len(passes))
	for i := range passes {
		m.Passes[i] = Pass(&passes[i])
	}
	last := &passes[len(passes)-1]
	m.Speed, m.InferenceGeo, m.ReportedCost = last.Speed, last.InferenceGeo, last.ReportedCost
	if last.ServiceTier != "" {
		m.ServiceTier = last.ServiceTier
	}
	return m
}

// Pass is the usage of one pass.
func Pass(u *neutral.Usage) domain.UsagePass {
	return domain.UsagePass{
		Model: u.Model, Input: u.Input, CacheRead: u.CacheRead, CacheWrite5m: u.CacheWrite5m, CacheWrite1h: u.CacheWrite1h,
		InputImage: u.InputImage, InputAudio: u.InputAudio,
		Output: u.Output, OutputImage: u.OutputImage, OutputAudio: u.OutputAudio, Reasoning: u.Reasoning,
		WebSearches: u.WebSearchCalls, FileSearches: u.FileSearchCalls,
		CodeInterpreter: u.CodeInterpreterSessions, ImagesOut: u.ImagesOut,
	}
}
