package problem_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
)

func TestManagementCodes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fault  *domain.Fault
		status int
		code   string
		retry  string
	}{
		{domain.NewFault(domain.KindInvalid, "", "d"), 400, "request.invalid", ""},
		{domain.NewFault(domain.KindUnauthenticated, domain.CodeAuthMissing, "d"), 401, "auth.missing", ""},
		{domain.NewFault(domain.KindUnauthenticated, domain.CodeInvalidAPIKey, "d"), 401, "auth.invalid", ""},
		{domain.NewFault(domain.KindUnauthenticated, domain.CodeKeyExpired, "d"), 401, "auth.key_expired", ""},
		{domain.NewFault(domain.KindUnauthenticated, domain.CodeUserDisabled, "d"), 401, "auth.user_disabled", ""},
		{domain.NewFault(domain.KindForbidden, "", "d"), 403, "auth.forbidden", ""},
		{domain.NotFound("user", 7), 404, "resource.not_found", ""},
		{domain.NewFault(domain.KindConflict, "", "d"), 409, "resource.conflict", ""},
		{domain.NewFault(domain.KindStaleVersion, "", "d"), 412, "resource.version_mismatch", ""},
		{domain.NewFault(domain.KindTooLarge, "", "d"), 413, "request.too_large", ""},
		{domain.NewFault(domain.KindUnsupportedEncoding, "", "d"), 415, "request.unsupported_media_type", ""},
		{&domain.Fault{Kind: domain.KindRateLimited, RetryAfter: 90 * time.Second}, 429, "rate_limit.exceeded", "90"},
		{domain.NewFault(domain.KindOverloaded, "", "d"), 503, "dependency.unavailable", "5"},
		{domain.NewFault(domain.KindInternal, "", "d"), 500, "internal.error", ""},
	}
	for _, test := range tests {
		p := problem.Management(test.fault)
		require.Equal(t, test.status, p.GetStatus(), test.code)
		require.Equal(t, test.code, p.ErrorCode)
		require.Equal(t, "urn:cch:problem:"+test.code, p.Type)
		require.Equal(t, test.retry, p.GetHeaders().Get("Retry-After"), test.code)
		require.Equal(t, test.status == 401, p.GetHeaders().Get("WWW-Authenticate") != "")
	}
}

func TestManagementHidesCauses(t *testing.T) {
	t.Parallel()
	p := problem.Management(domain.AsFault(errors.New("SELECT key_enc FROM providers")))
	body, err := json.Marshal(p)
	require.NoError(t, err)
	require.NotContains(t, string(body), "SELECT")

	p = problem.Management(domain.NewFault(domain.KindInternal, "", "disk /var/lib full"))
	require.NotContains(t, p.Detail, "/var/lib")
}

func TestWriteManagement(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/api/v1/users?key=sk-secret", nil)
	p := problem.Invalid(problem.InvalidParam{Path: []any{"groups", 1}, Code: "too_long", Message: "max 200"})
	problem.WriteManagement(w, r, p, "abc")

	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Equal(t, problem.ManagementType, w.Header().Get("Content-Type"))
	require.JSONEq(t, `{
		"type": "urn:cch:problem:request.validation_failed", "title": "Validation failed", "status": 400,
		"detail": "One or more fields are invalid.", "instance": "/api/v1/users",
		"errorCode": "request.validation_failed", "requestId": "abc",
		"invalidParams": [{"path": ["groups", 1], "code": "too_long", "message": "max 200"}]
	}`, w.Body.String())
	require.Empty(t, p.Instance, "the problem itself is not changed")
}

func TestCurrentIsShownWhenStale(t *testing.T) {
	t.Parallel()
	p := problem.Management(domain.NewFault(domain.KindStaleVersion, "", "d")).WithCurrent(map[string]int{"version": 3})
	body, err := json.Marshal(p)
	require.NoError(t, err)
	require.Contains(t, string(body), `"current":{"version":3}`)
}
