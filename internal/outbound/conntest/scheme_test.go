package conntest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/demo"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/outbound/conntest"
	"github.com/claude-code-hub/cch/internal/secrets"
	"github.com/claude-code-hub/cch/internal/upstream"
)

func TestSchemesThatAreNoNetwork(t *testing.T) {
	t.Parallel()
	server := demo.NewServer(0)
	tester := conntest.New(conntest.Options{
		Schemes: map[string]http.RoundTripper{domain.DemoScheme: demo.Transport{Handler: server}},
		Timeout: 5 * time.Second, Now: time.Now,
		Target: upstream.Target, Authorize: upstream.Authorize, Redact: secrets.Redact,
	})
	test := domain.ConnectionTest{Provider: domain.Provider{Type: domain.TypeClaude, URL: domain.DemoURL, Key: "demo"}}

	r, err := tester.Test(t.Context(), test)
	require.NoError(t, err)
	require.Equal(t, domain.ConnectionGreen, r.Status, "%+v", r)
	require.Equal(t, "pong", r.Content)

	server.SetMode(demo.Reset)
	r, err = tester.Test(t.Context(), test)
	require.NoError(t, err)
	require.Equal(t, "network_error", r.SubStatus, "%+v", r)
}
