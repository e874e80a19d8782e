package convert

import (
	"net/http"
	"strconv"

	"github.com/tidwall/sjson"

	"github.com/claude-code-hub/cch/converters/claude"
	"github.com/claude-code-hub/cch/converters/gemini"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/openai"
)

// Override words what an operator wants a client to be told instead of an
// upstream's error. override is an error document of any vendor: in the client's
// own form it goes as it is, else it is put into that. Without a message it gets
// the given one.
func Override(to neutral.Format, override []byte, status int, message, requestID string) []byte {
	form, text := neutral.ErrorFormOf(override)
	if form != "" && form == neutral.ErrorFormFor(to) {
		if text == "" {
			if out, err := sjson.SetBytes(override, "error.message", message); err == nil {
				return out
			}
		}
		return override
	}
	e := neutral.ReadError(status, nil, override)
	if text == "" {
		e.Message = message
	}
	_, _, body := Error(to, e, requestID)
	return body
}

// Error words an error for a client of a format: status, headers to set and
// body. requestID is shown where the format has a place for it.
func Error(to neutral.Format, e *neutral.Error, requestID string) (status int, header http.Header, body []byte) {
	header = http.Header{}
	if s := e.RetrySeconds(); s > 0 {
		header.Set("Retry-After", strconv.Itoa(s))
	}
	switch to {
	case neutral.Claude:
		status, body = claude.AppendError(nil, e, requestID)
	case neutral.Gemini, neutral.GeminiCLI:
		status, body = gemini.AppendError(nil, e)
	case neutral.Chat, neutral.Responses:
		status, body = openai.AppendError(nil, e)
	}
	return status, header, body
}
