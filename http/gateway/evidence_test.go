package gateway_test

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func TestAFailureRecordsTheCallWithoutItsCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.config.Providers[0].Transport.CustomHeaders = map[string]domain.Secret{"x-tenant": "tenant-secret"}
		w.actor.model = "glm-5"
	}, says(500, "application/json", `{"error":{"message":"no"}}`))
	body := strings.Replace(streamBody, `"hi"`, `"my key is sk-live-0123456789abcdef `+strings.Repeat("x", 3000)+`"`, 1)
	require.Equal(t, 503, w.post(body).status)

	got := w.actor.only(t).Request
	require.NotNil(t, got)
	require.Equal(t, http.MethodPost, got.Method)
	require.Equal(t, w.config.Providers[0].URL+"/v1/messages", got.URL)
	require.Equal(t, "***", got.Headers["X-Api-Key"])
	require.Equal(t, "***", got.Headers["Authorization"])
	require.Equal(t, "***", got.Headers["X-Tenant"])
	require.Equal(t, "application/json", got.Headers["Content-Type"])
	require.True(t, strings.HasPrefix(got.Body, `{"model":"glm-5","stream":true`), "as it was sent: %s", got.Body)
	require.Len(t, got.Body, 2000)
	require.True(t, got.BodyTruncated)

	all, err := json.Marshal(got)
	require.NoError(t, err)
	for _, secret := range []string{"sk-upstream", "tenant-secret", "sk-live-0123456789abcdef", clientKey} {
		require.NotContains(t, string(all), secret)
	}
}

func TestAShortBodyIsRecordedWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, says(500, "application/json", `{}`))
	w.post(plainBody)
	got := w.actor.only(t).Request
	require.Equal(t, plainBody, got.Body) //nolint:testifylint // byte by byte
	require.False(t, got.BodyTruncated)
}

func TestABreakOfTheNetworkSaysWhatTheSystemCalledIt(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close()) // nobody listens there any more
	w := newWorld(t, func(w *world) { w.config.Providers[0].URL = "http://" + l.Addr().String() }, breaks(""))
	w.post(plainBody)
	res := w.actor.only(t)
	require.Equal(t, &domain.SystemErrorDetails{
		ErrorType: "dial", ErrorName: "OpError", ErrorCode: "ECONNREFUSED", ErrorSyscall: "dial",
	}, res.System)
	require.NotNil(t, res.Request)
}

func TestARuleThatMatchedIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, says(400, "application/json", `{"error":{"message":"tool_use ids must be unique"}}`))
	w.post(plainBody)
	rule := w.actor.only(t).Matrix.Rule
	require.NotNil(t, rule)
	require.NotEmpty(t, rule.Pattern)
	require.NotEmpty(t, rule.Category)
}

func TestSuccessRecordsNoCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, says(200, "application/json", message))
	w.post(plainBody)
	require.Nil(t, w.actor.only(t).Request)
}
