package domain

// The methods below write what the tags beside the fields say, in their order;
// a test compares them with encoding/json, field by field.

// AppendChain appends a decision chain as JSON. No entries are an empty array.
func AppendChain(dst []byte, entries []ChainEntry) []byte { return appendArray(dst, entries) }

// AppendJSON appends the entry as encoding/json writes it.
func (e *ChainEntry) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.someNumber("id", int64(e.ProviderID))
	o.someText("name", e.Name)
	o.someNumber("vendorId", int64(e.VendorID))
	o.someText("providerType", string(e.ProviderType))
	o.someNumber("endpointId", int64(e.EndpointID))
	o.someText("endpointUrl", e.EndpointURL)
	o.text("reason", string(e.Reason))
	o.someText("selectionMethod", string(e.SelectionMethod))
	if e.Priority != nil {
		o.number("priority", int64(*e.Priority))
	}
	o.someNumber("weight", int64(e.Weight))
	o.someFloat("costMultiplier", e.CostMultiplier)
	o.someTexts("groups", e.Groups)
	o.someText("circuitState", string(e.CircuitState))
	o.number("timestamp", e.Timestamp)
	o.someNumber("attemptNumber", int64(e.AttemptNumber))
	somePart(&o, "decisionContext", e.Context)
	somePart(&o, "clientRestrictionContext", e.Restriction)
	somePart(&o, "affinity", e.Affinity)
	o.someNumber("statusCode", int64(e.StatusCode))
	o.someFlag("statusCodeInferred", e.StatusInferred)
	o.someNumber("durationMs", e.DurationMs)
	o.someNumber("ttfbMs", e.TTFBMs)
	somePart(&o, "modelRedirect", e.Redirect)
	somePart(&o, "streamGate", e.StreamGate)
	somePart(&o, "conversion", e.Conversion)
	o.someText("errorMessage", e.ErrorMessage)
	somePart(&o, "errorDetails", e.ErrorDetails)
	o.someNumber("circuitFailureCount", int64(e.Failures))
	o.someNumber("circuitFailureThreshold", int64(e.FailureLimit))
	o.someText("phase", e.Phase)
	o.someText("detail", e.Detail)
	return o.close()
}

// AppendJSON appends what was converted as encoding/json writes it.
func (c *ConversionUsed) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.text("from", string(c.From))
	o.text("to", string(c.To))
	o.someTexts("drops", c.Drops)
	return o.close()
}

// AppendJSON appends the explanation as encoding/json writes it.
func (d *DecisionContext) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.number("totalProviders", int64(d.TotalProviders))
	o.number("enabledProviders", int64(d.EnabledProviders))
	o.text("targetType", d.TargetType)
	o.someText("requestedModel", d.RequestedModel)
	o.someText("userGroup", d.UserGroup)
	o.flag("groupFilterApplied", d.GroupFilterApplied)
	o.number("afterGroupFilter", int64(d.AfterGroupFilter))
	o.number("afterModelFilter", int64(d.AfterModelFilter))
	o.number("beforeHealthCheck", int64(d.BeforeHealthCheck))
	o.number("afterHealthCheck", int64(d.AfterHealthCheck))
	someParts(&o, "filteredProviders", d.Filtered)
	o.someNumber("filteredProvidersOmitted", int64(d.FilteredOmitted))
	someNumbers(&o, "priorityLevels", d.PriorityLevels)
	o.number("selectedPriority", int64(d.SelectedPriority))
	someParts(&o, "candidatesAtPriority", d.Candidates)
	o.someText("sessionId", d.SessionID)
	o.someText("sessionSource", string(d.SessionSource))
	o.someNumber("sessionAge", d.SessionAgeMs)
	someNumbers(&o, "excludedProviderIds", d.ExcludedProviderIDs)
	o.someText("retryReason", d.RetryReason)
	o.someNumber("concurrentLimit", int64(d.ConcurrentLimit))
	o.someNumber("currentConcurrent", int64(d.CurrentConcurrent))
	o.someText("bindingDroppedReason", d.BindingDroppedReason)
	return o.close()
}

// AppendJSON appends why the provider was left out as encoding/json writes it.
func (f *FilteredProvider) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.someText("strictBlockCause", f.BlockCause)
	somePart(&o, "endpointFilterStats", f.Endpoints)
	somePart(&o, "clientRestrictionContext", f.ClientRestriction)
	o.number("id", int64(f.ID))
	o.text("name", f.Name)
	o.text("reason", f.Reason)
	o.someText("details", f.Details)
	return o.close()
}

// AppendJSON appends the restriction as encoding/json writes it.
func (r *ClientRestriction) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.text("matchType", r.MatchType)
	o.someText("matchedPattern", r.Pattern)
	o.text("detectedClient", r.Client)
	o.texts("providerAllowlist", r.Allowed)
	o.texts("providerBlocklist", r.Blocked)
	return o.close()
}

// AppendJSON appends the counts as encoding/json writes them.
func (s *EndpointStats) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.number("total", int64(s.Total))
	o.number("enabled", int64(s.Enabled))
	o.number("circuitOpen", int64(s.CircuitOpen))
	o.number("available", int64(s.Available))
	return o.close()
}

// AppendJSON appends the candidate as encoding/json writes it.
func (c *Candidate) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.number("id", int64(c.ID))
	o.text("name", c.Name)
	o.number("weight", int64(c.Weight))
	o.float("costMultiplier", c.CostMultiplier)
	o.float("probability", c.Probability)
	if c.Headroom != nil {
		o.float("headroom", *c.Headroom)
	}
	o.someFloat("quotaFactor", c.QuotaFactor)
	return o.close()
}

// AppendJSON appends the match as encoding/json writes it.
func (m *AffinityMatch) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.number("matchedDepth", int64(m.Depth))
	o.number("matchedPrefixBytes", int64(m.Bytes))
	o.text("matchedFp", m.Fingerprint)
	return o.close()
}

// AppendJSON appends the renaming as encoding/json writes it.
func (r *ModelRedirectUsed) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.text("originalModel", r.OriginalModel)
	o.text("redirectedModel", r.RedirectedModel)
	o.text("billingModel", r.BillingModel)
	o.text("matchedRule", r.MatchedRule)
	return o.close()
}

// AppendJSON appends what the gate did as encoding/json writes it.
func (a *StreamGateAudit) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.number("frameIndex", int64(a.FrameIndex))
	o.someText("eventName", a.EventName)
	o.number("bufferedBytes", int64(a.BufferedBytes))
	o.number("gateWaitMs", a.GateWaitMs)
	o.text("verdict", a.Verdict)
	return o.close()
}
