package main

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

func TestSessionsStayOnTheirProvider(t *testing.T) {
	t.Parallel()
	onEachEngine(t, testSessionsStayOnTheirProvider)
}

func testSessionsStayOnTheirProvider(t *testing.T, p *testkit.Program) {
	t.Helper()
	ups := map[int64]*testkit.Upstream{}
	for i := range 3 {
		u := testkit.NewUpstream(t, fmt.Sprint("up", i))
		ups[p.AddProvider(t, u, nil)] = u
	}
	key := p.NewKey(t, "ann")

	for round := range 10 {
		for s := range 10 {
			status, _, body := p.Messages(t, key, testkit.Prompt(true, fmt.Sprintf("round %d", round)),
				"X-Claude-Code-Session-Id", fmt.Sprintf("session-%d", s))
			require.Equal(t, http.StatusOK, status, body)
		}
	}
	providers, seqs := map[string]map[int64]bool{}, map[string]int64{}
	for _, row := range p.AwaitLogs(t, "", 100) {
		id := row.Get("sessionId").String()
		if providers[id] == nil {
			providers[id] = map[int64]bool{}
		}
		providers[id][row.Get("providerId").Int()] = true
		seqs[id] = max(seqs[id], row.Get("sessionSeq").Int())
	}
	require.Len(t, providers, 10)
	used := map[int64]bool{}
	for id, set := range providers {
		require.Len(t, set, 1, "session %s changed its provider", id)
		require.EqualValues(t, 10, seqs[id], "session %s", id)
		for provider := range set {
			used[provider] = true
		}
	}
	require.Greater(t, len(used), 1, "ten sessions are spread over the providers")

	_, res := p.Admin(t, http.MethodGet, "/sessions?state=active&limit=100", nil)
	require.Len(t, res.Get("items").Array(), 10)
	for _, s := range res.Get("items").Array() {
		require.EqualValues(t, 10, s.Get("requests").Int())
		require.True(t, providers[s.Get("sessionId").String()][s.Get("providerId").Int()])
	}
}

func TestAConversationWithoutSessionHeaderKeepsItsProvider(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	for i := range 3 {
		p.AddProvider(t, testkit.NewUpstream(t, fmt.Sprint("up", i)), nil)
	}
	key := p.NewKey(t, "ann")
	turn := `{"role":"user","content":"open the door"}`
	for range 6 {
		body := `{"model":"claude-test","max_tokens":9,"stream":true,"system":"be brief","messages":[` + turn + `]}`
		status, _, answer := p.Messages(t, key, body)
		require.Equal(t, http.StatusOK, status, answer)
		turn += `,{"role":"assistant","content":"done"},{"role":"user","content":"and now?"}`
	}
	rows := p.AwaitLogs(t, "", 6)
	sessions, providers := map[string]bool{}, map[int64]bool{}
	for _, r := range rows {
		sessions[r.Get("sessionId").String()] = true
		providers[r.Get("providerId").Int()] = true
	}
	require.Len(t, sessions, 1, "a growing conversation is one session")
	require.Len(t, providers, 1)
}

func TestABindingSurvivesARestart(t *testing.T) {
	t.Parallel()
	onEachEngine(t, testABindingSurvivesARestart)
}

func testABindingSurvivesARestart(t *testing.T, p *testkit.Program) {
	t.Helper()
	for i := range 5 {
		p.AddProvider(t, testkit.NewUpstream(t, fmt.Sprint("up", i)), nil)
	}
	key := p.NewKey(t, "ann")
	ask := func() {
		status, _, body := p.Messages(t, key, testkit.Prompt(true, "hi"), "X-Claude-Code-Session-Id", "survivor")
		require.Equal(t, http.StatusOK, status, body)
	}
	ask()
	ask()
	require.NoError(t, p.Stop())
	p.Start()
	ask()
	rows := p.AwaitLogs(t, "", 3)
	for _, r := range rows {
		require.Equal(t, rows[0].Get("providerId").Int(), r.Get("providerId").Int())
	}
	require.EqualValues(t, 3, rows[0].Get("sessionSeq").Int(), "the sequence counts on")
}
