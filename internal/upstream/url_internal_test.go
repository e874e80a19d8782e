package upstream

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func TestTargetJoinsBaseAndPath(t *testing.T) {
	t.Parallel()
	cases := []struct{ base, path, query, want string }{
		{"https://api.anthropic.com", "/v1/messages", "beta=true", "https://api.anthropic.com/v1/messages?beta=true"},
		{"https://api.anthropic.com/", "/v1/messages", "", "https://api.anthropic.com/v1/messages"},
		{"https://h/v1", "/v1/messages", "", "https://h/v1/messages"},
		{"https://h/v1/messages", "/v1/messages", "", "https://h/v1/messages"},
		{"https://h/v1/messages", "/v1/messages/count_tokens", "", "https://h/v1/messages/count_tokens"},
		{"https://h/api/v1", "/v1/messages", "", "https://h/api/v1/messages"},
		{"https://h/api/paas/v4", "/v1/chat/completions", "", "https://h/api/paas/v4/chat/completions"},
		{"https://h/openai/responses", "/v1/responses", "", "https://h/openai/responses"},
		{"https://h/openai/responses", "/v1/responses/compact", "", "https://h/openai/responses/compact"},
		{"https://h/v1api", "/v1/messages", "", "https://h/v1api/v1/messages"},
		{"https://h/anthropic", "/v1/messages", "", "https://h/anthropic/v1/messages"},
		{"https://h/v1beta", "/v1beta/models/m:generateContent", "alt=sse", "https://h/v1beta/models/m:generateContent?alt=sse"},
		{"https://h/?api-version=3", "/v1/messages", "key=sk-1&beta=true", "https://h/v1/messages?beta=true&api-version=3"},
		{"https://h", "/v1/messages", "key=sk-1", "https://h/v1/messages"},
		{"https://h", "/v1/messages", "monkey=1", "https://h/v1/messages?monkey=1"},
	}
	for _, c := range cases {
		base, err := url.Parse(c.base)
		require.NoError(t, err)
		require.Equal(t, c.want, target(base, c.path, c.query).String(), "%s + %s", c.base, c.path)
	}
}

func TestIsVersion(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"v1": true, "v4": true, "v1beta": true, "v1beta1": true, "v12": true, "v2alpha": true,
		"v": false, "v1api": false, "1": false, "": false, "version": false, "vbeta": false,
	} {
		require.Equal(t, want, isVersion(s), s)
	}
}

func TestGuessStyle(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]domain.AuthStyle{
		"api.anthropic.com":                        domain.AuthBoth,
		"relay.example.com":                        domain.AuthBearer,
		"claude.gateway.example":                   domain.AuthBearer,
		"myrelay.example.com":                      domain.AuthBoth,
		"openrouter.ai":                            domain.AuthBearer,
		"aws-external-anthropic.us-east-1.api.aws": domain.AuthXAPIKey,
	} {
		require.Equal(t, want, guessStyle(host), host)
	}
}
