package domain

// AppendSpecial appends a list of what the gateway did as JSON.
func AppendSpecial(dst []byte, list []SpecialSetting) []byte { return appendArray(dst, list) }

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
	return o.close()
}

// AppendJSON appends the change as encoding/json writes it.
func (c *ParameterChange) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.text("path", c.Path)
	o.value("before", c.Before)
	o.value("after", c.After)
	return o.close()
}
