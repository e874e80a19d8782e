package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// An answer exists at the provider that gave it: calls that name it go there,
// after a restart too, or are refused, but never go elsewhere.
func TestCallsAboutAnAnswerGoToItsProvider(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	one, two := testkit.NewUpstream(t, "one"), testkit.NewUpstream(t, "two")
	codex := testkit.M{"type": "codex"}
	ids := map[int64]*testkit.Upstream{p.AddProvider(t, one, codex): one, p.AddProvider(t, two, codex): two}
	key := p.NewKey(t, "ann")

	status, _, body := p.Call(t, http.MethodPost, "/v1/responses", key, `{"model":"m","input":"hello"}`)
	require.Equal(t, http.StatusOK, status, body)
	answer := gjson.Get(body, "id").String()
	require.NotEmpty(t, answer, body)
	home := p.AwaitLogs(t, "", 1)[0].Get("providerId").Int()
	away := one
	if ids[home] == one {
		away = two
	}

	require.NoError(t, p.Stop())
	p.Start()
	before := away.Count()
	for range 8 {
		status, _, body = p.Call(t, http.MethodPost, "/v1/responses", key, `{"model":"m","input":"go on","previous_response_id":"`+answer+`"}`)
		require.Equal(t, http.StatusOK, status, body)
	}
	_, _, _ = p.Call(t, http.MethodGet, "/v1/responses/"+answer, key, "")
	require.Equal(t, before, away.Count(), "the other provider does not know the answer")

	status, res := p.Admin(t, http.MethodPatch, "/providers/"+itoa(home), testkit.M{"isEnabled": false})
	require.Equal(t, http.StatusOK, status, res.Raw)
	status, _, body = p.Call(t, http.MethodPost, "/v1/responses", key, `{"model":"m","input":"go on","previous_response_id":"`+answer+`"}`)
	require.Equal(t, http.StatusNotFound, status, body)
	require.Equal(t, "resource_provider_unavailable", gjson.Get(body, "error.code").String(), body)
	require.Equal(t, before, away.Count())
	other := p.NewKey(t, "bob")
	status, _, body = p.Call(t, http.MethodPost, "/v1/responses", other, `{"model":"m","input":"x","previous_response_id":"`+answer+`"}`)
	require.Equal(t, http.StatusOK, status, "the id means nothing under another key: %s", body)
}
