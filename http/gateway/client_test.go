package gateway_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func gzipped(tb testing.TB, text string) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	require.NoError(tb, err)
	require.NoError(tb, w.Close())
	return b.Bytes()
}

// leaver makes a call in the background that can be broken off.
func (w *world) leaver(body string) (leave func(), res <-chan *http.Response) {
	ctx, cancel := context.WithCancel(w.t.Context())
	ch := make(chan *http.Response, 1)
	go func() {
		r, err := w.server.Client().Do(w.request(ctx, body))
		if err == nil {
			ch <- r
		}
		close(ch)
	}()
	return cancel, ch
}

func TestClientLeavesBeforeContent(t *testing.T) {
	t.Parallel()
	called, aborted := make(chan struct{}), make(chan struct{})
	w := newWorld(t, nil, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		close(called)
		<-r.Context().Done()
		close(aborted)
	}, streams(wholeStream("m")))
	leave, _ := w.leaver(streamBody)
	<-called
	leave()
	<-aborted // the upstream call ends at once
	res := w.actor.only(t)
	require.Equal(t, domain.ClassClientAbort, res.Class)
	require.Equal(t, domain.StatusClientGone, res.Status)
	require.False(t, res.Committed)
}

func TestClientLeavesInMidStreamAndUsageIsStillLearnt(t *testing.T) {
	t.Parallel()
	next := make(chan string)
	w := newWorld(t, nil, paced(next))
	leave, res := w.leaver(streamBody)
	next <- messageStart("m") + textDelta("Hel")
	_ = (<-res).Body.Close()
	leave()
	for range 3 {
		next <- textDelta("lo")
	}
	next <- messageEnd()
	close(next)
	got := w.actor.only(t)
	require.Equal(t, domain.ClassOK, got.Class, "the answer was made and is paid for")
	require.True(t, got.Complete)
	require.Equal(t, int64(15), got.Usage.Output)
}

func TestDrainAfterAbortIsBounded(t *testing.T) {
	t.Parallel()
	next := make(chan string)
	w := newWorld(t, func(w *world) { w.config.Settings.ClientAbortDrain = 50 * time.Millisecond }, paced(next))
	leave, res := w.leaver(streamBody)
	next <- messageStart("m") + textDelta("Hello, you")
	_ = (<-res).Body.Close()
	leave()
	got := w.actor.only(t)
	require.Equal(t, domain.ClassClientAbort, got.Class)
	require.Equal(t, domain.StatusClientGone, got.Status)
	require.True(t, got.Committed)
	require.Equal(t, domain.UsagePartial, got.UsageSource)
	require.Equal(t, int64(25), got.Usage.Input)
	require.Equal(t, int64(4), got.Usage.Output, "a third of ten characters, rounded up")
}

func TestAbortCanCancelAtOnce(t *testing.T) {
	t.Parallel()
	next := make(chan string)
	w := newWorld(t, func(w *world) {
		w.config.Settings.OnClientAbort = domain.AbortCancel
		w.config.Settings.ClientAbortDrain = time.Hour
	}, paced(next))
	leave, res := w.leaver(streamBody)
	next <- messageStart("m") + textDelta("Hel")
	_ = (<-res).Body.Close()
	leave()
	require.Equal(t, domain.ClassClientAbort, w.actor.only(t).Class)
}

func TestWaitingForAnAttemptEndsWithTheClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.actor.pause = time.Hour }, streams(wholeStream("m")))
	leave, _ := w.leaver(streamBody)
	require.Eventually(t, func() bool { return w.gateway.Stats().Running == 1 }, 5*time.Second, time.Millisecond)
	leave()
	require.Eventually(t, func() bool {
		w.actor.mu.Lock()
		defer w.actor.mu.Unlock()
		return w.actor.gone == 1 && w.actor.closed == 1
	}, 5*time.Second, time.Millisecond)
	require.Eventually(t, func() bool { return w.gateway.Stats().Running == 0 }, 5*time.Second, time.Millisecond)
}

func TestShortBodyIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.server.URL, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST /v1/messages HTTP/1.1\r\nHost: x\r\nx-api-key: "+clientKey+"\r\nContent-Length: 100\r\n\r\n{\"model\":")
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, 400, res.StatusCode)
	require.Equal(t, string(domain.CodeBadEncoding), w.records.onlyRefusal(t).Result.ErrorCode)
}

func TestConnectionIsReusedAfterAnAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, streams(wholeStream("m")))
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.server.URL, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	r := bufio.NewReader(conn)
	for range 3 {
		req := w.request(t.Context(), streamBody)
		require.NoError(t, req.Write(conn))
		res, err := http.ReadResponse(r, req)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Equal(t, wholeStream("m"), string(body))
	}
}
