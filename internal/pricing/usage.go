package pricing

import (
	"slices"

	"github.com/claude-code-hub/cch/internal/domain"
)

// maxTokens keeps the sum of what a broken upstream reports in range.
const maxTokens = 1 << 50

// Tokens are token counts by Bucket. Reasoning is the one bucket that is not
// disjoint: it is the part of Output spent on reasoning.
type Tokens [bucketCount]int64

// Usage is what one pass of an answer used. Negative counts are taken as 0.
type Usage struct {
	Tokens Tokens

	WebSearches     int64
	FileSearches    int64
	CodeInterpreter int64 // sessions
	ImagesOut       int64 // images, not tokens
}

// UsageOf is the usage of a pass.
func UsageOf(p *domain.UsagePass) Usage {
	return Usage{
		Tokens: Tokens{
			Input: p.Input, CacheRead: p.CacheRead, CacheWrite5m: p.CacheWrite5m, CacheWrite1h: p.CacheWrite1h,
			InputImage: p.InputImage, InputAudio: p.InputAudio,
			Output: p.Output, OutputImage: p.OutputImage, OutputAudio: p.OutputAudio, Reasoning: p.Reasoning,
		},
		WebSearches: p.WebSearches, FileSearches: p.FileSearches, CodeInterpreter: p.CodeInterpreter, ImagesOut: p.ImagesOut,
	}
}

// IsZero tells whether nothing was used.
func (u *Usage) IsZero() bool { return *u == Usage{} }

// Prompt is the whole input side, by which length tiers are chosen.
func (u *Usage) Prompt() (n int64) {
	for b := range Output { // what comes before is the input side
		n += min(max(u.Tokens[b], 0), maxTokens)
	}
	return n
}

// Terms are what holds for a whole answer, whatever the model.
type Terms struct {
	Service ServiceTier
	Fast    bool // answered in fast mode
	GeoUS   bool // inference kept in the United States

	// Failed answers pay no request fee.
	Failed bool
	// SwapCacheTTL exchanges the counts of 5 minute and 1 hour cache writes,
	// for upstreams that report them the wrong way round.
	SwapCacheTTL bool
	// CacheRatios gives cache rates that are not listed Anthropic's ratios
	// whoever the vendor is. Without it other vendors' cost the input rate.
	CacheRatios bool

	// Factors in ten-thousandths; 0 is free, negative is taken as 1. Start from
	// StandardTerms.
	Provider, Group, User domain.Multiplier
}

// StandardTerms are those of an ordinary answer with all multipliers 1.
func StandardTerms() Terms {
	return Terms{Provider: domain.MultiplierOne, Group: domain.MultiplierOne, User: domain.MultiplierOne}
}

// ServiceOf is the tier to bill for what the request and the answer named.
func ServiceOf(source domain.ServiceSource, requested, answered string) ServiceTier {
	if source != domain.ServiceRequested && answered != "" {
		return ParseServiceTier(answered)
	}
	return ParseServiceTier(requested)
}

// GroupMultiplier is the factor of the first of a request's groups, in their
// order, that the provider is in. Under the group of all providers it is that
// of the provider's first group.
func GroupMultiplier(groups []string, p *domain.Provider, c *domain.Catalog) domain.Multiplier {
	own := p.Groups
	if len(own) == 0 {
		own = []string{domain.DefaultGroup}
	}
	for _, name := range groups {
		if name == domain.GroupAll {
			return multiplierOf(own[0], c)
		}
		if slices.Contains(own, name) {
			return multiplierOf(name, c)
		}
	}
	return domain.MultiplierOne
}

func multiplierOf(group string, c *domain.Catalog) domain.Multiplier {
	if g := c.Group(group); g != nil {
		return g.CostMultiplier
	}
	return domain.MultiplierOne
}
