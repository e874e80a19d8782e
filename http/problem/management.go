package problem

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// ManagementType is the media type of the management API's errors (RFC 9457).
const ManagementType = "application/problem+json"

const problemURN = "urn:cch:problem:"

// Error codes of the management API that have no fault of their own.
const (
	ErrorMalformedJSON    = "request.malformed_json"
	ErrorValidation       = "request.validation_failed"
	ErrorMethodNotAllowed = "request.method_not_allowed"
	ErrorForbidden        = "auth.forbidden"
	ErrorNotFound         = "resource.not_found"
	ErrorInternal         = "internal.error"
	ErrorUnavailable      = "service.unavailable"
)

// InvalidParam is one field a request got wrong.
type InvalidParam struct {
	Path    []any  `json:"path" doc:"names and list positions that lead to the field"`
	Code    string `json:"code"`
	Message string `json:"message"`
	// Params are the figures that the message speaks of, for one in another language.
	Params map[string]float64 `json:"params,omitempty"`
}

// Problem is an error of the management API. As an error value it carries its
// own status and headers.
type Problem struct { //nolint:errname // RFC 9457's word, and the name of the schema in the API's document
	Type          string         `json:"type" example:"urn:cch:problem:resource.not_found"`
	Title         string         `json:"title"`
	Status        int            `json:"status"`
	Detail        string         `json:"detail"`
	Instance      string         `json:"instance,omitempty" doc:"path of the request"`
	ErrorCode     string         `json:"errorCode" doc:"stable code for programs"`
	InvalidParams []InvalidParam `json:"invalidParams,omitempty"`
	Current       any            `json:"current,omitempty" doc:"the object as it is now, when a write was stale"`
	RequestID     string         `json:"requestId,omitempty"`

	retryAfter time.Duration
}

// New makes a problem with a code of its own.
func New(status int, code, detail string) *Problem {
	return &Problem{
		Type: problemURN + code, Title: titleOf(status, code), Status: status, Detail: detail, ErrorCode: code,
	}
}

// Invalid makes the problem of a request whose fields are wrong.
func Invalid(params ...InvalidParam) *Problem {
	p := New(http.StatusBadRequest, ErrorValidation, "One or more fields are invalid.")
	p.InvalidParams = params
	return p
}

// Management turns a fault into a problem. Only the fault's Detail is shown,
// and that of an internal one not either.
func Management(f *domain.Fault) *Problem {
	status, code := managementCode(f)
	detail := f.Detail
	if status >= http.StatusInternalServerError && f.Kind == domain.KindInternal {
		detail = "The server failed to answer. The log has the reason under this request id."
	}
	p := New(status, code, detail)
	p.retryAfter = f.RetryAfter
	if p.retryAfter == 0 && needsRetryAfter(status) {
		p.retryAfter = defaultRetryAfter
	}
	return p
}

// managementCode is the table of kinds. Why a credential was refused is told
// only once the credential itself was right.
func managementCode(f *domain.Fault) (status int, code string) {
	switch f.Kind {
	case domain.KindInvalid:
		return http.StatusBadRequest, "request.invalid"
	case domain.KindUnauthenticated:
		return http.StatusUnauthorized, authCode(f.Code)
	case domain.KindForbidden:
		return http.StatusForbidden, ErrorForbidden
	case domain.KindNotFound:
		return http.StatusNotFound, ErrorNotFound
	case domain.KindConflict:
		return http.StatusConflict, "resource.conflict"
	case domain.KindStaleVersion:
		return http.StatusPreconditionFailed, "resource.version_mismatch"
	case domain.KindTooLarge:
		return http.StatusRequestEntityTooLarge, "request.too_large"
	case domain.KindUnsupportedEncoding:
		return http.StatusUnsupportedMediaType, "request.unsupported_media_type"
	case domain.KindRateLimited, domain.KindConcurrencyLimited, domain.KindQuotaExceeded, domain.KindUpstreamRateLimited:
		return http.StatusTooManyRequests, "rate_limit.exceeded"
	case domain.KindOverloaded, domain.KindNoProvider, domain.KindAllFailed, domain.KindUpstreamRefused,
		domain.KindUpstreamTimeout:
		return http.StatusServiceUnavailable, "dependency.unavailable"
	case domain.KindInternal, domain.KindClientGone:
	}
	return http.StatusInternalServerError, ErrorInternal
}

func authCode(c domain.Code) string {
	switch c {
	case domain.CodeAuthMissing:
		return "auth.missing"
	case domain.CodeKeyDisabled, domain.CodeKeyExpired, domain.CodeUserDisabled, domain.CodeUserExpired:
		return "auth." + string(c)
	default:
		return "auth.invalid"
	}
}

func titleOf(status int, code string) string {
	if code == ErrorValidation {
		return "Validation failed"
	}
	return http.StatusText(status)
}

// WriteManagement answers a request outside the API's own machinery: unknown
// paths, wrong methods, a panic. Nothing may have been written to w yet.
func WriteManagement(w http.ResponseWriter, r *http.Request, p *Problem, requestID string) {
	doc := p.For(r.URL.Path, requestID)
	body, err := json.Marshal(doc)
	if err != nil { // Current is one of our own types
		panic("problem: encode: " + err.Error())
	}
	maps.Copy(w.Header(), doc.GetHeaders())
	send(w, doc.Status, ManagementType, append(body, '\n'))
}

// For returns a copy that names the request it answers.
func (p *Problem) For(path, requestID string) *Problem {
	c := *p
	c.Instance, c.RequestID = path, requestID
	return &c
}

// WithCurrent returns a copy that shows the object as it is now.
func (p *Problem) WithCurrent(current any) *Problem {
	c := *p
	c.Current = current
	return &c
}

func (p *Problem) Error() string { return p.ErrorCode + ": " + p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is the media type in place of plain JSON.
func (p *Problem) ContentType(string) string { return ManagementType }

// GetHeaders are the headers that belong to the problem.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.FormatInt(seconds(p.retryAfter), 10))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="cch"`)
	}
	return h
}
