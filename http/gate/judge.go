package gate

import (
	"bytes"
	"strings"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/internal/domain"
)

// inspected is how much of a body is searched for signs of an error.
const inspected = 32 << 10

// Judge tells what a whole 2xx body that is no stream really is: FailNone for
// an answer, FailEmpty for one without content, FailFake200 for an error in
// disguise, with the status it should have had.
func Judge(v neutral.Verdict, body []byte, contentType string) (domain.FailureKind, int) {
	head := body[:min(len(body), inspected)]
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return domain.FailEmpty, domain.StatusEmptyResponse
	case isHTML(head, contentType), v == neutral.Failure, v == neutral.Malformed:
		return domain.FailFake200, InferStatus(string(head))
	case v == neutral.Neutral:
		return domain.FailEmpty, domain.StatusEmptyResponse
	}
	return domain.FailNone, 0
}

func isHTML(head []byte, contentType string) bool {
	if hasPrefixFold(contentType, "text/html") {
		return true
	}
	head = bytes.TrimLeft(head, " \t\r\n")
	return hasPrefixFold(head, "<!doctype html") || hasPrefixFold(head, "<html")
}

func hasPrefixFold[T string | []byte](s T, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(string(s[:len(prefix)]), prefix)
}

// sign is a wording by which a status is recognised.
type sign struct {
	status int
	words  []string
}

// signs are looked for in this order; the first that occurs decides.
func signs() []sign {
	return []sign{
		{429, []string{"rate limit", "rate_limit", "ratelimit", "too many requests", "resource_exhausted", "quota exceeded", "exceeded your current quota"}},
		{402, []string{"payment required", "insufficient balance", "insufficient_quota", "insufficient quota", "insufficient credit", "billing", "余额不足"}},
		{401, []string{"unauthorized", "unauthenticated", "authentication", "invalid api key", "invalid_api_key", "incorrect api key", "invalid token"}},
		{403, []string{"forbidden", "permission denied", "permission_denied", "permission_error", "access denied"}},
		{404, []string{"not found", "not_found", "does not exist", "no such model"}},
		{413, []string{"too large", "request_too_large", "payload exceeds"}},
		{415, []string{"unsupported media type"}},
		{409, []string{"conflict"}},
		{422, []string{"unprocessable"}},
		{408, []string{"request timeout", "request timed out"}},
		{451, []string{"legal reasons"}},
		{503, []string{"service unavailable", "unavailable", "overloaded", "no capacity", "at capacity", "try again later"}},
		{504, []string{"gateway timeout", "gateway time-out", "timed out", "deadline exceeded", "deadline_exceeded"}},
		{500, []string{"internal server error", "internal error", "internal_error", "api_error", "server_error"}},
		{400, []string{"bad request", "bad_request", "invalid request", "invalid_request", "invalid argument", "invalid_argument", "validation"}},
	}
}

// InferStatus reads from an error's text the status it should have come with;
// 502 when it gives no sign.
func InferStatus(text string) int {
	folded := strings.ToLower(text[:min(len(text), inspected)])
	for _, s := range signs() {
		for _, w := range s.words {
			if strings.Contains(folded, w) {
				return s.status
			}
		}
	}
	return 502
}
