package problem

import (
	"net/http"

	"github.com/claude-code-hub/cch/converters/sse"
	"github.com/claude-code-hub/cch/internal/domain"
)

// Stream is what an error inside a running stream has to continue.
type Stream struct {
	RequestID  string
	Sequence   int64  // responses: the next sequence number
	ResponseID string // responses: id of the response that fails
	Language   string // of what we say ourselves; empty = English
}

type responseFailed struct {
	Type     string         `json:"type"`
	Sequence int64          `json:"sequence_number"`
	Response failedResponse `json:"response"`
}

type failedResponse struct {
	ID     string      `json:"id,omitempty"`
	Object string      `json:"object"`
	Status string      `json:"status"`
	Error  failedError `json:"error"`
}

type failedError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Frame is the event that ends a running stream with the fault, in the form the
// protocol's clients heed. The caller closes the stream after it; Chat gets no
// [DONE].
func Frame(p domain.Protocol, f *domain.Fault, st Stream) []byte {
	f = localized(f, st.Language)
	s := shapeOf(f)
	switch p {
	case domain.ProtocolResponses:
		return sse.AppendFrame(nil, "response.failed", marshal(responseFailed{
			Type:     "response.failed",
			Sequence: st.Sequence,
			Response: failedResponse{
				ID: st.ResponseID, Object: "response", Status: "failed",
				Error: failedError{Code: failedCode(s.status), Message: f.Detail},
			},
		}))
	case domain.ProtocolChat, domain.ProtocolGemini, domain.ProtocolGeminiCLI:
		return sse.AppendFrame(nil, "", body(p, f, s, f.RetryAfter, ""))
	case domain.ProtocolClaude:
	}
	return sse.AppendFrame(nil, "error", body(p, f, s, f.RetryAfter, st.RequestID))
}

// failedCode is the code inside response.failed. Codex ends the turn on any
// word for overload, while it tries again on server_error and
// rate_limit_exceeded.
func failedCode(status int) string {
	switch status {
	case http.StatusTooManyRequests:
		return "rate_limit_exceeded"
	case http.StatusBadRequest:
		return "invalid_prompt"
	case http.StatusPaymentRequired:
		return "insufficient_quota"
	}
	return "server_error"
}
