package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

func TestDemoUpstreamAsAProcess(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := serveDemo(ctx, []string{"-listen", "127.0.0.1:0"}, in)
		_ = in.Close()
		ended <- err
	}()
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	require.NoError(t, err)
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	base := strings.TrimSpace(strings.TrimPrefix(first, "demo upstream on "))

	status, answer := testkit.CallJSON(t, http.MethodPost, base+"/v1/messages", "any", testkit.M{"model": "m"})
	require.Equal(t, http.StatusOK, status, answer.Raw)
	require.Equal(t, "end_turn", answer.Get("stop_reason").String())
	status, _ = testkit.CallJSON(t, http.MethodPost, base+"/fault/529/v1/messages", "any", testkit.M{"model": "m"})
	require.Equal(t, 529, status)
	cancel()
	require.NoError(t, <-ended)

	require.Error(t, serveDemo(t.Context(), []string{"-listen", "nowhere:99999"}, io.Discard))
	require.NoError(t, serveDemo(t.Context(), []string{"-h"}, io.Discard))
}
