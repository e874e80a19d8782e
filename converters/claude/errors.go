package claude

import (
	"fmt"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// AppendError appends an error body and returns it with its status. requestID
// is shown if not empty.
func AppendError(dst []byte, e *neutral.Error, requestID string) (status int, body []byte) {
	w := &rawjson.Writer{B: dst}
	status = appendErrorTo(w, e, requestID)
	return status, w.B
}

func appendErrorTo(w *rawjson.Writer, e *neutral.Error, requestID string) int {
	status, kind := errorType(e)
	w.Obj()
	w.StrField("type", "error")
	w.OpenObj("error")
	w.StrField("type", kind)
	w.StrField("message", errorMessage(e))
	w.End()
	w.OptStr("request_id", requestID)
	w.End()
	return status
}

func errorType(e *neutral.Error) (status int, kind string) {
	switch e.Kind {
	case neutral.BadRequest:
		return 400, "invalid_request_error"
	case neutral.Unauthenticated:
		return 401, "authentication_error"
	case neutral.Payment:
		return 402, "billing_error"
	case neutral.Forbidden:
		return 403, "permission_error"
	case neutral.NotFound:
		return 404, "not_found_error"
	case neutral.TooLarge:
		return 413, "request_too_large"
	case neutral.RateLimit:
		return 429, "rate_limit_error"
	case neutral.Timeout:
		return 504, "timeout_error"
	case neutral.Overloaded:
		return 529, "overloaded_error"
	case neutral.Upstream:
	}
	return e.Status, "api_error"
}

// errorMessage words a prompt that is too long as Anthropic does, since agents
// shorten their history only if they recognise it.
func errorMessage(e *neutral.Error) string {
	switch {
	case !e.ContextLength:
		return e.Message
	case e.Tokens > 0 && e.MaxTokens > 0:
		return fmt.Sprintf("prompt is too long: %d tokens > %d maximum", e.Tokens, e.MaxTokens)
	default:
		return "prompt is too long"
	}
}
