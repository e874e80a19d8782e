package gemini

import (
	"fmt"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// AppendError appends an error body and returns it with its status. Errors are
// not wrapped for Gemini CLI.
func AppendError(dst []byte, e *neutral.Error) (status int, body []byte) {
	w := &rawjson.Writer{B: dst}
	status, name := errorStatus(e)
	w.Obj()
	w.OpenObj("error")
	w.IntField("code", int64(status))
	w.StrField("message", errorMessage(e))
	w.StrField("status", name)
	w.End()
	w.End()
	return status, w.B
}

func errorStatus(e *neutral.Error) (status int, name string) {
	switch e.Kind {
	case neutral.BadRequest:
		return 400, "INVALID_ARGUMENT"
	case neutral.Unauthenticated:
		return 401, "UNAUTHENTICATED"
	case neutral.Payment:
		return 402, "RESOURCE_EXHAUSTED"
	case neutral.Forbidden:
		return 403, "PERMISSION_DENIED"
	case neutral.NotFound:
		return 404, "NOT_FOUND"
	case neutral.TooLarge:
		return 413, "INVALID_ARGUMENT"
	case neutral.RateLimit:
		return 429, "RESOURCE_EXHAUSTED"
	case neutral.Timeout:
		return 504, "DEADLINE_EXCEEDED"
	case neutral.Overloaded:
		return 503, "UNAVAILABLE"
	case neutral.Upstream:
	}
	if e.Status == 502 {
		return 502, "UNAVAILABLE"
	}
	return 500, "INTERNAL"
}

// errorMessage words a prompt that is too long as Google does, since agents
// shorten their history only if they recognise it.
func errorMessage(e *neutral.Error) string {
	switch {
	case !e.ContextLength:
		return e.Message
	case e.Tokens > 0 && e.MaxTokens > 0:
		return fmt.Sprintf("The input token count (%d) exceeds the maximum number of tokens allowed (%d).", e.Tokens, e.MaxTokens)
	default:
		return "The input token count exceeds the maximum number of tokens allowed."
	}
}
