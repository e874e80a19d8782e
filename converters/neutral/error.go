package neutral

import (
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/rawjson"
)

// ErrorKind is the meaning of an upstream's error, apart from any wording.
type ErrorKind uint8

// Kinds of errors.
const (
	BadRequest ErrorKind = iota
	Unauthenticated
	Payment
	Forbidden
	NotFound
	TooLarge
	RateLimit
	Timeout
	Overloaded
	Upstream // any other 5xx
)

// Error is an error an upstream answered with, before or within a stream.
type Error struct {
	Kind    ErrorKind
	Status  int // HTTP status of the upstream, made up from Kind within a stream
	Message string
	// RetryAfter is when to try again; 0 if unknown.
	RetryAfter time.Duration
	// ContextLength marks a prompt that is too long; Tokens and MaxTokens are its
	// figures, 0 if unknown.
	ContextLength     bool
	Tokens, MaxTokens int64
}

// Error is the message.
func (e *Error) Error() string { return e.Message }

// ReadError reads an error answer of any vendor. A body that is not JSON is not
// quoted: its text belongs into a log.
func ReadError(status int, header http.Header, body []byte) *Error {
	root := gjson.Result{}
	if s := View(body); rawjson.Valid(s) {
		root = gjson.Parse(s)
	}
	e := parseError(root, status)
	if e.Message == "" {
		e.Message = "upstream returned HTTP " + strconv.Itoa(status)
	}
	if d, ok := retryHeader(header); ok {
		e.RetryAfter = d
	}
	if e.Kind == RateLimit && e.RetryAfter == 0 {
		e.RetryAfter = 5 * time.Second
	}
	return e
}

// StreamError reads an error object that came inside a stream, where only its
// own words tell the status.
func StreamError(root gjson.Result) *Error {
	e := parseError(root, 0)
	if e.Message == "" {
		e.Message = "upstream reported an error"
	}
	return e
}

func parseError(root gjson.Result, status int) *Error {
	if root.IsArray() {
		root = root.Get("0")
	}
	if inner := root.Get("response"); inner.IsObject() {
		root = inner
	}
	detail := root.Get("error")
	if !detail.Exists() || detail.Type == gjson.Null {
		detail = root
	}
	e := &Error{Status: status, Message: strings.Clone(errorText(detail))}
	code := errorCode(detail)
	e.Kind = kindOf(status, code, detail)
	if e.Status == 0 {
		e.Status = statusOf(e.Kind)
	}
	List(detail.Get("details")).ForEach(func(_, d gjson.Result) bool {
		if delay := d.Get("retryDelay").Str; delay != "" {
			e.RetryAfter = retryDelay(delay)
		}
		return true
	})
	e.detectContextLength(code)
	e.Message = scrub(e.Message)
	return e
}

// errorText finds the message: {"message"}, {"detail"} or the text itself.
func errorText(detail gjson.Result) string {
	if detail.Type == gjson.String {
		return detail.Str
	}
	for _, path := range []string{"message", "detail", "error_description"} {
		if m := detail.Get(path); m.Type == gjson.String && m.Str != "" {
			return m.Str
		}
	}
	return ""
}

// errorCode is every machine-readable word of the error, in lower case.
func errorCode(detail gjson.Result) string {
	var words []string
	for _, path := range []string{"code", "type", "status"} {
		if w := detail.Get(path); w.Type == gjson.String {
			words = append(words, strings.ToLower(w.Str))
		}
	}
	return strings.Join(words, " ")
}

var errorWords = []struct { //nolint:gochecknoglobals // a read-only table
	word string
	kind ErrorKind
}{
	{"insufficient_quota", Payment},
	{"billing_error", Payment},
	{"rate_limit", RateLimit},
	{"resource_exhausted", RateLimit},
	{"overloaded", Overloaded},
	{"service_unavailable", Overloaded},
	{"unavailable", Overloaded},
	{"authentication_error", Unauthenticated},
	{"invalid_api_key", Unauthenticated},
	{"unauthenticated", Unauthenticated},
	{"permission", Forbidden},
	{"not_found", NotFound},
	{"request_too_large", TooLarge},
	{"timeout", Timeout},
	{"deadline_exceeded", Timeout},
	{"context_length_exceeded", BadRequest},
	{"invalid_prompt", BadRequest},
	{"invalid_request", BadRequest},
	{"invalid_argument", BadRequest},
	{"api_error", Upstream},
	{"server_error", Upstream},
	{"internal", Upstream},
}

// kindOf trusts the status where there is one; only a spent quota hides behind
// another status. In a stream the words decide, and Gemini's numeric code.
func kindOf(status int, code string, detail gjson.Result) ErrorKind {
	if strings.Contains(code, "insufficient_quota") {
		return Payment
	}
	if status == 0 {
		if n, ok := count(detail.Get("code")); ok && n >= 400 {
			return kindOfStatus(int(n))
		}
		for _, w := range errorWords {
			if strings.Contains(code, w.word) {
				return w.kind
			}
		}
		return Upstream
	}
	return kindOfStatus(status)
}

func kindOfStatus(status int) ErrorKind {
	switch status {
	case http.StatusUnauthorized:
		return Unauthenticated
	case http.StatusPaymentRequired:
		return Payment
	case http.StatusForbidden:
		return Forbidden
	case http.StatusNotFound:
		return NotFound
	case http.StatusRequestEntityTooLarge:
		return TooLarge
	case http.StatusTooManyRequests:
		return RateLimit
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return Timeout
	case http.StatusServiceUnavailable, 529:
		return Overloaded
	}
	if status >= 500 || status < 400 {
		return Upstream
	}
	return BadRequest
}

func statusOf(kind ErrorKind) int {
	return [...]int{400, 401, 402, 403, 404, 413, 429, 504, 503, 500}[kind]
}

var contextPatterns = []struct { //nolint:gochecknoglobals // a read-only table
	re             *regexp.Regexp
	tokens, maxima int // submatch of each figure
}{
	{regexp.MustCompile(`(?i)prompt is too long(?:: (\d+) tokens > (\d+))?`), 1, 2},
	{regexp.MustCompile(`(?i)maximum context length is (\d+) tokens(?:.*?(\d+) tokens)?`), 2, 1},
	{regexp.MustCompile(`(?i)input token count(?: \((\d+)\))? exceeds the maximum number of tokens allowed(?: \((\d+)\))?`), 1, 2},
}

func (e *Error) detectContextLength(code string) {
	e.ContextLength = strings.Contains(code, "context_length_exceeded")
	for _, p := range contextPatterns {
		if m := p.re.FindStringSubmatch(e.Message); m != nil && (e.Kind == BadRequest || e.Kind == TooLarge) {
			e.ContextLength = true
			e.Tokens, _ = strconv.ParseInt(m[p.tokens], 10, 64)
			e.MaxTokens, _ = strconv.ParseInt(m[p.maxima], 10, 64)
			break
		}
	}
	if e.ContextLength {
		e.Kind, e.Status = BadRequest, http.StatusBadRequest
	}
}

// RetrySeconds is RetryAfter in whole seconds, rounded up; 0 if unknown.
func (e *Error) RetrySeconds() int {
	return int(math.Ceil(e.RetryAfter.Seconds()))
}

func retryHeader(h http.Header) (time.Duration, bool) {
	v := h.Get("Retry-After")
	if v == "" {
		return 0, false
	}
	if s, err := strconv.ParseFloat(v, 64); err == nil && s >= 0 && s < 1e9 {
		return time.Duration(s * float64(time.Second)), true
	}
	return 0, false
}

// retryDelay reads a protobuf duration such as "17.4s".
func retryDelay(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0
	}
	return d
}

var secrets = regexp.MustCompile(`(?i)\b(?:sk|pk|gsk|xai|key)-[\w*.-]{6,}|AIza[\w-]{16,}|\bBearer\s+\S+|https?://[^\s"'<>]+`)

// scrub takes keys and addresses out of a message that a client will see.
func scrub(message string) string {
	return secrets.ReplaceAllString(message, "[redacted]")
}
