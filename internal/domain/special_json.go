package domain

// AppendSpecial appends what the gateway did, and where time went, as it is stored;
// nothing where there is neither. The trace may be nil.
func AppendSpecial(dst []byte, list []SpecialSetting, trace *RouteTrace) []byte {
	if trace == nil || trace.IsZero() {
		if len(list) == 0 {
			return dst
		}
		return appendArray(dst, list)
	}
	dst = append(dst, '[')
	for i := range list {
		dst = append(list[i].AppendJSON(dst), ',')
	}
	o := openObject(dst)
	o.text("type", string(specialRouteTrace))
	trace.write(&o)
	return append(o.close(), ']')
}

// AppendJSON appends what was done as encoding/json writes it.
func (s *SpecialSetting) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.text("type", string(s.Type))
	o.someNumber("providerId", int64(s.ProviderID))
	o.someNumber("attempt", int64(s.Attempt))
	o.someText("mode", s.Mode)
	o.someText("trigger", s.Trigger)
	o.someTexts("filters", s.Filters)
	someParts(&o, "changes", s.Changes)
	o.someText("effort", s.Effort)
	o.someText("source", s.Source)
	s.ServiceFound.write(&o)
	s.ModelSigned.write(&o)
	s.PriceFound.write(&o)
	return o.close()
}

// write adds the members to those of the setting that embeds them; none for nil.
func (f *ServiceFound) write(o *object) {
	if f == nil {
		return
	}
	o.someText("requestedServiceTier", f.Requested)
	o.someText("actualServiceTier", f.Actual)
	o.someText("billingSourcePreference", string(f.Preferred))
	o.someText("resolvedFrom", string(f.By))
	o.someFlag("effectivePriority", f.Priority)
}

func (f *ModelSigned) write(o *object) {
	if f == nil {
		return
	}
	o.someText("requestedModel", f.Asked)
	o.someText("extractedModel", f.Found)
	o.someFlag("signatureFound", f.Any)
}

func (f *PriceFound) write(o *object) {
	if f == nil {
		return
	}
	o.someText("modelName", f.Named)
	o.someText("resolvedModelName", f.Model)
	o.someText("resolvedPricingProviderKey", f.Node)
	o.someNumber("thresholdTokens", f.LongFrom)
	o.someText("pricingScope", f.Scope)
}

// AppendJSON appends the change as encoding/json writes it.
func (c *ParameterChange) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.text("path", c.Path)
	o.value("before", c.Before)
	o.value("after", c.After)
	return o.close()
}
