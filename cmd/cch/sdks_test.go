//go:build clients

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// sdk runs a script that uses an official library and reads what it reports.
func (h *agentHub) sdk(t *testing.T, script string, env ...string) gjson.Result {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", "sdks", script))
	require.NoError(t, err)
	t.Setenv("NODE_BIN", "node")
	out := h.run(t, t.TempDir(), "NODE_BIN", append(env, "BASE="+h.url, "KEY="+h.key, "NODE_PATH="+os.Getenv("SDK_MODULES")), path)
	require.True(t, gjson.Valid(out), out)
	return gjson.Parse(out)
}

const sdkText = "up-0 up-1 up-2 up-3 up-4 "

func TestAnthropicSDK(t *testing.T) {
	h := startAgentHub(t)
	got := h.sdk(t, "anthropic.cjs")
	require.Equal(t, sdkText, got.Get("text").String())
	require.EqualValues(t, 15, got.Get("output").Int())
	require.True(t, got.Get("models").IsArray(), "the list of models has pages that the library understands")
	require.JSONEq(t, `{"name":"AuthenticationError","status":401,"type":"authentication_error"}`, got.Get("error").Raw)
	h.answered(t, "/v1/messages", "^[0-9a-f]{32}$")
}

func TestOpenAISDK(t *testing.T) {
	h := startAgentHub(t)
	got := h.sdk(t, "openai.cjs")
	require.Equal(t, sdkText, got.Get("text").String())
	require.EqualValues(t, 7, got.Get("chunks").Int(), "the usage report that only the hub asked for stays there")
	require.Equal(t, sdkText, got.Get("response").String())
	require.EqualValues(t, 15, got.Get("output").Int())
	require.JSONEq(t, `{"name":"AuthenticationError","status":401,"type":"invalid_request_error","code":"invalid_api_key"}`, got.Get("error").Raw)
	for _, endpoint := range []string{"/v1/chat/completions", "/v1/responses"} {
		row := h.AwaitLogs(t, "endpoint="+endpoint, 1)[0]
		require.EqualValues(t, 15, row.Get("outputTokens").Int(), endpoint)
		require.EqualValues(t, 100, row.Get("cacheReadInputTokens").Int(), endpoint)
	}
}

func TestGoogleSDK(t *testing.T) {
	h := startAgentHub(t)
	got := h.sdk(t, "google.cjs")
	require.Equal(t, sdkText, got.Get("text").String())
	require.EqualValues(t, 15, got.Get("output").Int())
	require.Equal(t, "ApiError", got.Get("error.name").String(), got.Raw)
	require.EqualValues(t, 401, got.Get("error.status").Int())
	require.Equal(t, "UNAUTHENTICATED", got.Get("error.body.error.status").String())
	h.answered(t, "/v1/models/model-1:streamGenerateContent", "^[0-9a-f]{32}$")
}
