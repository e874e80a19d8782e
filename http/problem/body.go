package problem

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// limitFields are what a limit's refusal adds to the error object.
type limitFields struct {
	LimitType  domain.LimitType `json:"limit_type"`
	Scope      domain.Scope     `json:"scope"`
	Current    float64          `json:"current"`
	Limit      float64          `json:"limit"`
	ResetTime  *string          `json:"reset_time"`  // RFC 3339; null only when no such time exists
	RetryAfter *int64           `json:"retry_after"` // seconds
}

func newLimitFields(f *domain.Fault, retry time.Duration) *limitFields {
	if f.Limit == nil {
		return nil
	}
	l := &limitFields{LimitType: f.Limit.Type, Scope: f.Limit.Scope, Current: f.Limit.Current, Limit: f.Limit.Limit}
	if !f.Limit.ResetAt.IsZero() {
		at := f.Limit.ResetAt.UTC().Format(time.RFC3339)
		l.ResetTime = &at
	}
	if retry > 0 {
		s := seconds(retry)
		l.RetryAfter = &s
	}
	return l
}

// metadata renders the fields as the strings of a google.rpc.ErrorInfo. When to
// come again is the business of a RetryInfo.
func (l *limitFields) metadata() map[string]string {
	if l == nil {
		return nil
	}
	m := map[string]string{
		"limit_type": string(l.LimitType),
		"scope":      string(l.Scope),
		"current":    strconv.FormatFloat(l.Current, 'f', -1, 64),
		"limit":      strconv.FormatFloat(l.Limit, 'f', -1, 64),
	}
	if l.ResetTime != nil {
		m["reset_time"] = *l.ResetTime
	}
	return m
}

type claudeBody struct {
	Type      string      `json:"type"`
	Error     claudeError `json:"error"`
	RequestID string      `json:"request_id,omitempty"`
}

type claudeError struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	*limitFields
}

type openaiBody struct {
	Error openaiError `json:"error"`
}

type openaiError struct {
	Message string      `json:"message"`
	Type    string      `json:"type"`
	Param   *string     `json:"param"` // always null: we never blame one parameter
	Code    domain.Code `json:"code"`
	*limitFields
}

// codexBody is the one refusal on which Codex stops at once and shows its own
// text; it retries 402 and 403 five times.
type codexBody struct {
	Error codexError `json:"error"`
}

type codexError struct {
	Type      string  `json:"type"`
	Message   string  `json:"message"`
	Param     *string `json:"param"`     // always null, as elsewhere
	ResetsAt  *int64  `json:"resets_at"` // Unix seconds
	ResetsIn  *int64  `json:"resets_in_seconds"`
	ErrorCode string  `json:"code"`
	*limitFields
}

type geminiBody struct {
	Error geminiError `json:"error"`
}

type geminiError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Status  string `json:"status"`
	Details []any  `json:"details"`
}

type retryInfo struct {
	Type       string `json:"@type"`
	RetryDelay string `json:"retryDelay"`
}

type errorInfo struct {
	Type     string            `json:"@type"`
	Reason   domain.Code       `json:"reason"`
	Domain   string            `json:"domain"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

// body renders the fault as the protocol's error document.
func body(p domain.Protocol, f *domain.Fault, s shape, retry time.Duration, requestID string) []byte {
	extra := newLimitFields(f, retry)
	switch p {
	case domain.ProtocolChat, domain.ProtocolResponses:
		return marshal(openaiBody{openaiError{Message: f.Detail, Type: s.openai, Code: f.Code, limitFields: extra}})
	case domain.ProtocolGemini, domain.ProtocolGeminiCLI:
		details := make([]any, 0, 2)
		if retry > 0 {
			details = append(details, retryInfo{
				Type:       "type.googleapis.com/google.rpc.RetryInfo",
				RetryDelay: strconv.FormatInt(seconds(retry), 10) + "s",
			})
		}
		details = append(details, errorInfo{
			Type: "type.googleapis.com/google.rpc.ErrorInfo", Reason: f.Code, Domain: "cch", Metadata: extra.metadata(),
		})
		return marshal(geminiBody{geminiError{Code: s.status, Message: f.Detail, Status: s.gemini, Details: details}})
	case domain.ProtocolClaude:
	}
	return marshal(claudeBody{
		Type:      "error",
		Error:     claudeError{Type: s.claude, Message: f.Detail, limitFields: extra},
		RequestID: requestID,
	})
}

func codexLimit(f *domain.Fault, now time.Time, retry time.Duration) []byte {
	e := codexError{
		Type: "usage_limit_reached", Message: f.Detail, ErrorCode: string(f.Code),
		limitFields: newLimitFields(f, retry),
	}
	if at := f.Limit.ResetAt; !at.IsZero() {
		unix, in := at.Unix(), max(0, seconds(at.Sub(now)))
		e.ResetsAt, e.ResetsIn = &unix, &in
	}
	return marshal(codexBody{e})
}

// marshal leaves <, > and & as they are: no browser reads these bodies. The
// types above always marshal.
func marshal(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}

// seconds rounds up: a client that waits that long must not come too early.
func seconds(d time.Duration) int64 {
	return int64((d + time.Second - 1) / time.Second)
}
