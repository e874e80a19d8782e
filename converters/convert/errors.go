package convert

import (
	"net/http"
	"strconv"

	"github.com/claude-code-hub/cch/converters/claude"
	"github.com/claude-code-hub/cch/converters/gemini"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/openai"
)

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
