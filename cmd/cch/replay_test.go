package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// The same call with the same key of idempotency gets the same answer, from
// memory and after a restart, and pays for it once.
func TestAnAnswerIsGivenAgainForNothing(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t, "ENABLE_REQUEST_REPLAY=true")
	up := testkit.NewUpstream(t, "up")
	p.AddProvider(t, up, nil)
	user := p.AddUser(t, "ann", testkit.M{"rpmLimit": 1})
	key := p.AddKey(t, user, "key")
	ask := func() (http.Header, string) {
		t.Helper()
		status, header, body := p.Messages(t, key, testkit.Prompt(true, "hi"), "Idempotency-Key", "job-1")
		require.Equal(t, http.StatusOK, status, body)
		return header, body
	}
	first, body := ask()
	p.AwaitLogs(t, "", 1)
	again, same := ask()
	require.Equal(t, body, same)
	require.Equal(t, first.Get("X-Request-Id"), again.Get("X-Cch-Replay"))

	rows := p.AwaitLogs(t, "replay=true", 1)
	require.Len(t, rows, 1)
	require.True(t, rows[0].Get("isReplay").Bool())
	require.Zero(t, rows[0].Get("costUsd").Float())
	require.Equal(t, "replayed", p.Detail(t, rows[0].Get("id").String()).Get("decisionChain.0").Get("reason").String())
	require.Len(t, p.AwaitLogs(t, "replay=false", 1), 1)
	status, _, refusal := p.Messages(t, key, testkit.Prompt(true, "hi"))
	require.Equal(t, http.StatusTooManyRequests, status, refusal)

	require.NoError(t, p.Stop())
	p.Start()
	_, same = ask()
	require.Equal(t, body, same, "after a restart")
	require.Equal(t, 1, up.Count())
}
