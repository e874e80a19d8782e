package reach_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/outbound"
	"github.com/claude-code-hub/cch/internal/outbound/reach"
)

func look(t *testing.T, m reach.Method, base string) domain.EndpointProbe {
	t.Helper()
	p, err := reach.New(m, outbound.Policy{AllowPrivate: true})
	require.NoError(t, err)
	defer p.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	return p.Look(ctx, base)
}

func TestWhatCountsAsReached(t *testing.T) {
	t.Parallel()
	methods := make(chan string, 10)
	answers := func(status int) string {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			methods <- r.Method
			if status == http.StatusMethodNotAllowed && r.Method == http.MethodGet {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(status)
		}))
		t.Cleanup(srv.Close)
		return srv.URL
	}
	for _, c := range []struct {
		method reach.Method
		status int
		ok     bool
		want   int
		asked  []string
	}{
		{reach.Head, 401, true, 401, []string{"HEAD"}},
		{reach.Head, 302, true, 302, []string{"HEAD"}},
		{reach.Head, 405, true, 401, []string{"HEAD", "GET"}},
		{reach.Head, 503, false, 503, []string{"HEAD"}},
		{reach.Get, 404, true, 404, []string{"GET"}},
		{reach.TCP, 503, true, 0, nil},
	} {
		got := look(t, c.method, answers(c.status))
		require.Equal(t, c.ok, got.OK, "%v %v", c, got)
		require.Equal(t, c.want, got.Status, "%v", c)
		require.Positive(t, got.Latency)
		for _, m := range c.asked {
			require.Equal(t, m, <-methods)
		}
		require.Empty(t, methods)
	}
}

func TestWhyAnEndpointIsNotReached(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, free.Close())
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	for _, m := range []reach.Method{reach.TCP, reach.Head} {
		got := look(t, m, "http://user:secret@"+free.Addr().String()+"/v1")
		require.False(t, got.OK)
		require.Equal(t, "network", got.ErrorType, got.Error)
		require.NotContains(t, got.Error, "secret")
	}
	require.Equal(t, "timeout", look(t, reach.Get, "http://"+silent.Addr().String()).ErrorType)
	require.Equal(t, "network", look(t, reach.TCP, "not a url").ErrorType)

	p, err := reach.New(reach.TCP, outbound.Policy{})
	require.NoError(t, err)
	defer p.Close()
	got := p.Look(t.Context(), "http://"+silent.Addr().String())
	require.False(t, got.OK, "the policy holds here, too")
}
