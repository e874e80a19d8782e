// Package openai holds what OpenAI's two formats, chat and responses, share:
// the bodies and the wording of errors.
package openai

import (
	"fmt"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// AppendError appends an error body and returns it with its status.
func AppendError(dst []byte, e *neutral.Error) (status int, body []byte) {
	w := &rawjson.Writer{B: dst}
	status, kind, code := errorType(e)
	w.Obj()
	w.OpenObj("error")
	w.StrField("message", ErrorMessage(e))
	w.StrField("type", kind)
	w.RawField("param", "null")
	if code == "" {
		w.RawField("code", "null")
	} else {
		w.StrField("code", code)
	}
	w.End()
	w.End()
	return status, w.B
}

func errorType(e *neutral.Error) (status int, kind, code string) {
	const invalid, server = "invalid_request_error", "server_error"
	switch e.Kind {
	case neutral.BadRequest:
		if e.ContextLength {
			return 400, invalid, "context_length_exceeded"
		}
		return 400, invalid, ""
	case neutral.Unauthenticated:
		return 401, invalid, "invalid_api_key"
	case neutral.Payment:
		return 402, "insufficient_quota", "insufficient_quota"
	case neutral.Forbidden:
		return 403, "permission_error", ""
	case neutral.NotFound:
		return 404, invalid, "model_not_found"
	case neutral.TooLarge:
		return 413, invalid, "request_too_large"
	case neutral.RateLimit:
		return 429, "rate_limit_error", "rate_limit_exceeded"
	case neutral.Timeout:
		return 504, server, "timeout"
	case neutral.Overloaded:
		return 503, server, "overloaded"
	case neutral.Upstream:
	}
	return e.Status, server, server
}

// ErrorMessage words a prompt that is too long as OpenAI does, since agents
// shorten their history only if they recognise it.
func ErrorMessage(e *neutral.Error) string {
	switch {
	case !e.ContextLength:
		return e.Message
	case e.Tokens > 0 && e.MaxTokens > 0:
		return fmt.Sprintf("This model's maximum context length is %d tokens. However, your messages resulted in %d tokens.",
			e.MaxTokens, e.Tokens)
	default:
		return "Your messages exceed this model's maximum context length."
	}
}
