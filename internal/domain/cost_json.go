package domain

// AppendJSON appends the breakdown as encoding/json writes it.
func (c *CostBreakdown) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	c.members(&o)
	return o.close()
}

// AppendJSON appends the earlier attempt's cost as encoding/json writes it.
func (a *AttemptCost) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.number("attempt", int64(a.Attempt))
	o.number("providerId", int64(a.ProviderID))
	a.members(&o)
	return o.close()
}

func (c *CostBreakdown) members(o *object) {
	o.text("state", c.State)
	o.someText("reason", c.Reason)
	o.someText("model", c.Model)
	o.someText("source", c.Source)
	o.someNumber("priceId", c.PriceID)
	o.someText("priceNode", c.PriceNode)
	o.someText("rule", c.Rule)
	someParts(o, "passes", c.Passes)
	if c.Terms != (CostTerms{}) {
		somePart(o, "terms", &c.Terms)
	}
	someParts(o, "lines", c.Lines)
	o.someNumber("base", int64(c.Base))
	o.number("providerMultiplier", int64(c.ByProvider))
	o.number("groupMultiplier", int64(c.ByGroup))
	o.number("userMultiplier", int64(c.ByUser))
	o.someNumber("providerCost", int64(c.ProviderNet))
	o.number("charge", int64(c.Charge))
	if c.ReportedCost != nil {
		o.number("reportedCost", int64(*c.ReportedCost))
	}
	someParts(o, "earlier", c.Earlier)
}

// AppendJSON appends the terms as encoding/json writes them.
func (t *CostTerms) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.someText("service", t.Service)
	o.someFlag("fast", t.Fast)
	o.someFlag("fastUnpriced", t.FastUnpriced)
	o.someFlag("geoUs", t.GeoUS)
	o.someFlag("failed", t.Failed)
	o.someFlag("swapCacheTtl", t.SwapCacheTTL)
	o.someFlag("cacheRatios", t.CacheRatios)
	o.someFlag("reported", t.Reported)
	return o.close()
}

// AppendJSON appends the figure as encoding/json writes it.
func (l *CostLine) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.text("name", l.Name)
	o.someText("model", l.Model)
	o.someNumber("units", l.Units)
	o.someText("rate", l.Rate)
	o.number("amount", int64(l.Amount))
	return o.close()
}

// AppendJSON appends what the pass used as encoding/json writes it.
func (p *UsagePass) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.someText("model", p.Model)
	o.someNumber("input", p.Input)
	o.someNumber("cacheRead", p.CacheRead)
	o.someNumber("cacheWrite5m", p.CacheWrite5m)
	o.someNumber("cacheWrite1h", p.CacheWrite1h)
	o.someNumber("inputImage", p.InputImage)
	o.someNumber("inputAudio", p.InputAudio)
	o.someNumber("output", p.Output)
	o.someNumber("outputImage", p.OutputImage)
	o.someNumber("outputAudio", p.OutputAudio)
	o.someNumber("reasoning", p.Reasoning)
	o.someNumber("webSearches", p.WebSearches)
	o.someNumber("fileSearches", p.FileSearches)
	o.someNumber("codeInterpreter", p.CodeInterpreter)
	o.someNumber("imagesOut", p.ImagesOut)
	return o.close()
}
