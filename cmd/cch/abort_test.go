package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

func TestAClientThatLeavesBeforeTheAnswerCancelsTheUpstreamCall(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	u := testkit.NewUpstream(t, "up")
	u.Set(testkit.Hang)
	p.AddProvider(t, u, nil)
	key := p.NewKey(t, "ann")

	ctx, leave := context.WithCancel(context.Background())
	gone := make(chan error, 1)
	go func() {
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, p.URL+"/v1/messages", strings.NewReader(testkit.Prompt(true, "hi")))
		req.Header.Set("X-Api-Key", key)
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		gone <- err
	}()
	require.Eventually(t, func() bool { return u.Count() == 1 }, 5*time.Second, 5*time.Millisecond)
	leave()
	require.ErrorIs(t, <-gone, context.Canceled)
	select {
	case <-u.Calls()[0].Aborted:
	case <-time.After(5 * time.Second):
		t.Fatal("the upstream call goes on")
	}
	row := p.AwaitLogs(t, "", 1)[0]
	require.EqualValues(t, 499, row.Get("statusCode").Int())
	require.Equal(t, "client_abort", row.Get("outcome").String())
	awaitIdle(t, p)
}

func TestAClientThatLeavesInMidStreamKeepsItsSession(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	up := map[int64]*testkit.Upstream{}
	for _, name := range []string{"a", "b", "c"} {
		u := testkit.NewUpstream(t, name)
		up[p.AddProvider(t, u, nil)] = u
	}
	key := p.NewKey(t, "ann")
	session := []string{"X-Claude-Code-Session-Id", "leaver"}
	status, _, body := p.Messages(t, key, testkit.Prompt(true, "first"), session...)
	require.Equal(t, http.StatusOK, status, body)
	bound := p.AwaitLogs(t, "", 1)[0].Get("providerId").Int()

	up[bound].Set(testkit.StallMid)
	ctx, leave := context.WithCancel(context.Background())
	resp := p.Open(ctx, t, key, testkit.Prompt(true, "second"), session...)
	_, err := bufio.NewReader(resp.Body).ReadString('\n')
	require.NoError(t, err)
	leave()
	_ = resp.Body.Close()
	up[bound].Set(testkit.Healthy)
	up[bound].Release()

	rows := p.AwaitLogs(t, "", 2)
	require.Equal(t, bound, rows[0].Get("providerId").Int())
	require.EqualValues(t, 15, rows[0].Get("outputTokens").Int(), "the rest of the answer was read for its usage")
	_, _, _ = p.Messages(t, key, testkit.Prompt(true, "third"), session...)
	require.Equal(t, bound, p.AwaitLogs(t, "", 3)[0].Get("providerId").Int(), "an abort keeps the binding")
	awaitIdle(t, p)
}

func TestAStreamThatBreaksAfterContentEndsWithAnErrorEvent(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	u := testkit.NewUpstream(t, "up")
	u.Set(testkit.CutLate)
	p.AddProvider(t, u, nil)
	key := p.NewKey(t, "ann")

	status, _, body := p.Messages(t, key, testkit.Prompt(true, "hi"))
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "event: error\n")
	require.Equal(t, 1, u.Count(), "nothing is retried once content went out")
	row := p.AwaitLogs(t, "", 1)[0]
	require.Equal(t, "failure", row.Get("outcome").String())
	require.EqualValues(t, 502, row.Get("statusCode").Int())
	awaitIdle(t, p)
}

func TestAnUpstreamThatFallsSilentIsGivenUp(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t, "FETCH_BODY_TIMEOUT=1000")
	u := testkit.NewUpstream(t, "up")
	u.Set(testkit.StallMid)
	p.AddProvider(t, u, nil)
	key := p.NewKey(t, "ann")

	_, _, body := p.Messages(t, key, testkit.Prompt(true, "hi"))
	require.Contains(t, body, "event: error\n")
	row := p.AwaitLogs(t, "", 1)[0]
	require.EqualValues(t, 524, row.Get("statusCode").Int())
	awaitIdle(t, p)
}

func TestShutdownLetsAStreamFinish(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t, "SHUTDOWN_DRAIN_MS=8000", "SHUTDOWN_CLEANUP_MS=5000")
	u := testkit.NewUpstream(t, "up")
	u.Set(testkit.StallMid)
	p.AddProvider(t, u, nil)
	key := p.NewKey(t, "ann")

	resp := p.Open(context.Background(), t, key, testkit.Prompt(true, "hi"))
	first, err := bufio.NewReader(resp.Body).ReadString('\n')
	require.NoError(t, err)
	require.NotEmpty(t, first)
	stopped := make(chan error, 1)
	go func() { stopped <- p.Stop() }()
	require.Eventually(t, func() bool {
		r, err := http.Get(p.URL + "/api/health/ready")
		if err != nil {
			return true
		}
		_ = r.Body.Close()
		return r.StatusCode == http.StatusServiceUnavailable
	}, 5*time.Second, 10*time.Millisecond)
	u.Release()
	rest, err := io.ReadAll(resp.Body)
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatalf("the stream was cut: %v", err)
	}
	require.Contains(t, string(rest), "message_stop")
	require.NoError(t, <-stopped)
}
