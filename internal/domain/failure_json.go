package domain

// AppendJSON appends the evidence as encoding/json writes it.
func (d *ErrorDetails) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	somePart(&o, "provider", d.Provider)
	somePart(&o, "system", d.System)
	o.someText("clientError", d.ClientError)
	somePart(&o, "matchedRule", d.MatchedRule)
	somePart(&o, "request", d.Request)
	return o.close()
}

// AppendJSON appends the call as encoding/json writes it.
func (d *RequestErrorDetails) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.text("url", d.URL)
	o.text("method", d.Method)
	if len(d.Headers) > 0 {
		o.value("headers", d.Headers)
	}
	o.someText("body", d.Body)
	o.someFlag("bodyTruncated", d.BodyTruncated)
	return o.close()
}

// AppendJSON appends the rule as encoding/json writes it.
func (r *MatchedRule) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.number("ruleId", r.RuleID)
	o.text("pattern", r.Pattern)
	o.text("matchType", r.MatchType)
	o.text("category", r.Category)
	o.someText("description", r.Description)
	o.flag("hasOverrideResponse", r.HasOverrideResponse)
	o.flag("hasOverrideStatusCode", r.HasOverrideStatusCode)
	return o.close()
}

// AppendJSON appends what the upstream said as encoding/json writes it.
func (d *ProviderErrorDetails) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.number("id", int64(d.ID))
	o.text("name", d.Name)
	o.number("statusCode", int64(d.StatusCode))
	o.someText("statusText", d.StatusText)
	o.someText("upstreamBody", d.UpstreamBody)
	if d.UpstreamParsed != nil {
		o.value("upstreamParsed", d.UpstreamParsed)
	}
	return o.close()
}

// AppendJSON appends what went wrong as encoding/json writes it.
func (d *SystemErrorDetails) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.text("errorType", d.ErrorType)
	o.someText("errorName", d.ErrorName)
	o.text("errorMessage", d.ErrorMessage)
	o.someText("errorCode", d.ErrorCode)
	o.someText("errorSyscall", d.ErrorSyscall)
	return o.close()
}
