package upstream_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// requireDialed checks which phases were reached, and that they are in order.
func requireDialed(t *testing.T, d *domain.Dialed, phases string) {
	t.Helper()
	require.NotNil(t, d, phases)
	var got []string
	last := time.Time{}
	for _, phase := range []struct {
		name string
		at   time.Time
	}{{"dns", d.Resolved}, {"connect", d.Connected}, {"tls", d.Secured}} {
		if !phase.at.IsZero() {
			require.False(t, phase.at.Before(last), "%s before what precedes it", phase.name)
			got, last = append(got, phase.name), phase.at
		}
	}
	require.Equal(t, phases, strings.Join(got, " "))
}

// The call that a connection is made for tells when that was; the next one, which
// finds it there, has nothing to tell.
func TestNewConnectionsAreTakenDown(t *testing.T) {
	t.Parallel()
	open := serve(t, func(w http.ResponseWriter, _ *http.Request, _ <-chan struct{}) { _, _ = io.WriteString(w, "ok") })
	tls, roots := secure(t, false)
	http2, _ := secure(t, true)
	roots.AddCert(http2.Certificate())
	via := httptest.NewServer(&tunnel{user: "u:p", target: hostOf(t, tls.URL), asked: make(chan string, 4)})
	t.Cleanup(via.Close)
	socks := (&socks5{user: "u:p", target: hostOf(t, tls.URL), asked: make(chan string, 4)}).start(t)
	for name, c := range map[string]struct {
		url, proxy string
		http2      bool
		want       string
	}{
		"by address":    {open.URL, "", false, "connect"},
		"by name":       {strings.Replace(open.URL, "127.0.0.1", "localhost", 1), "", false, "dns connect"},
		"TLS":           {tls.URL, "", false, "connect tls"},
		"HTTP/2":        {http2.URL, "", true, "connect tls"},
		"through HTTP":  {"https://example.com:8443", "http://u:p@" + hostOf(t, via.URL), false, "connect"},
		"through SOCKS": {"https://example.com:8443", "socks5://u:p@" + socks, false, "connect tls"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, upstream.Options{Roots: roots})
			to := provider(domain.TypeClaude, c.url)
			to.Transport.ProxyURL = domain.Secret(c.proxy)
			first, second := post(to), post(to)
			first.HTTP2, second.HTTP2 = c.http2, c.http2
			answerOf(t, client, first)
			requireDialed(t, first.Dialed, c.want)
			answerOf(t, client, second)
			require.Nil(t, second.Dialed)
		})
	}
}

// Of a connection that failed it is known how far it came.
func TestConnectionsThatFailAreTakenDown(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	stranger := httptest.NewUnstartedServer(http.NotFoundHandler())
	stranger.Config.ErrorLog = log.New(io.Discard, "", 0)
	stranger.StartTLS()
	t.Cleanup(stranger.Close)
	for name, c := range map[string]struct{ url, want string }{
		"refused":     {strings.Replace(closed.URL, "127.0.0.1", "localhost", 1), "dns"},
		"certificate": {stranger.URL, "connect"},
	} {
		call := post(provider(domain.TypeClaude, c.url))
		_, err := newClient(t, upstream.Options{}).Do(t.Context(), call)
		requireFailure(t, err, domain.FailDial, nil)
		t.Log(name)
		requireDialed(t, call.Dialed, c.want)
	}
	call := post(provider(domain.TypeClaude, closed.URL))
	_, err := newClient(t, upstream.Options{}).Do(t.Context(), call)
	requireFailure(t, err, domain.FailDial, nil)
	require.Nil(t, call.Dialed, "nothing was reached")
}

// What a connection tells is for the call that asked for it: the watch is a
// context like any other, with its values, its end and its cause.
func TestTheContextOfACallIsTheCallers(t *testing.T) {
	t.Parallel()
	type key struct{}
	seen := make(chan context.Context, 1)
	client := newClient(t, upstream.Options{Schemes: map[string]http.RoundTripper{"demo": roundTripper(func(r *http.Request) (*http.Response, error) {
		seen <- r.Context()
		<-r.Context().Done()
		return nil, r.Context().Err()
	})}})
	ctx, cancel := context.WithCancelCause(context.WithValue(t.Context(), key{}, "value"))
	go func() {
		inner := <-seen
		cancel(upstream.ErrClientGone)
		seen <- inner
	}()
	call := post(provider(domain.TypeClaude, "demo://x"))
	_, err := client.Do(ctx, call)
	requireFailure(t, err, domain.FailNone, upstream.ErrClientGone)
	require.Nil(t, call.Dialed)
	inner := <-seen
	require.Equal(t, "value", inner.Value(key{}))
	require.ErrorIs(t, context.Cause(inner), upstream.ErrClientGone)
}
