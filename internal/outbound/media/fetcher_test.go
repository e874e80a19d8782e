package media_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/internal/outbound"
	"github.com/claude-code-hub/cch/internal/outbound/media"
)

const png = "\x89PNG\r\n\x1a\nrest"

func fetcher(t *testing.T, o media.Options) *media.Fetcher {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	f, err := media.New(o)
	require.NoError(t, err)
	t.Cleanup(f.Close)
	return f
}

// lan admits the loopback network, but for one address of it.
func lan() outbound.Policy {
	return outbound.Policy{AllowPrivate: true, Deny: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}}
}

func host(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestMediaIsFetched(t *testing.T) {
	t.Parallel()
	url := host(t, func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Authorization", "Cookie", "Referer"} {
			if r.Header.Get(name) != "" {
				http.Error(w, "no header of anybody belongs here", http.StatusTeapot)
				return
			}
		}
		switch r.URL.Path {
		case "/said":
			w.Header().Set("Content-Type", "image/webp; q=1")
		case "/unsaid":
			w.Header().Set("Content-Type", "application/octet-stream")
		case "/moved":
			http.Redirect(w, r, "/said", http.StatusFound)
			return
		case "/page":
			_, _ = io.WriteString(w, "<html><body>sign in</body></html>")
			return
		case "/empty":
			w.Header().Set("Content-Type", "image/png")
			return
		default:
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, png)
	})
	data := base64.StdEncoding.EncodeToString([]byte(png))
	got := fetcher(t, media.Options{Policy: lan()}).Fetch(t.Context(), []string{
		url + "/said", url + "/unsaid", url + "/moved", url + "/page", url + "/empty", url + "/absent",
		strings.Replace(url, "http://", "http://user:secret@", 1) + "/said", "file:///etc/passwd",
	})
	require.Equal(t, map[string]neutral.Media{
		url + "/said": {Mime: "image/webp", Data: data}, url + "/unsaid": {Mime: "image/png", Data: data},
		url + "/moved": {Mime: "image/webp", Data: data},
	}, got)
}

func TestPrivateHostsAreNotCalled(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	url := host(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	_, port, _ := strings.Cut(strings.TrimPrefix(url, "http://"), ":")
	got := fetcher(t, media.Options{}).Fetch(t.Context(), []string{
		url, "http://localhost:" + port, "http://[::1]:" + port, "http://[::ffff:127.0.0.1]:" + port, "http://2130706433:" + port,
		"http://0.0.0.0:" + port, "http://169.254.169.254/latest/meta-data",
	})
	require.Empty(t, got)
	require.Zero(t, reached.Load())
}

func TestRedirectsIntoDeniedNetworksEnd(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.2:0")
	require.NoError(t, err)
	inner := &httptest.Server{Listener: listener, Config: &http.Server{
		Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }),
	}}
	inner.Start()
	defer inner.Close()
	outer := host(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, inner.URL, http.StatusFound) })

	require.Empty(t, fetcher(t, media.Options{Policy: lan()}).Fetch(t.Context(), []string{outer}))
	require.Zero(t, reached.Load())
	fetcher(t, media.Options{Policy: outbound.Policy{AllowPrivate: true}}).Fetch(t.Context(), []string{outer})
	require.EqualValues(t, 1, reached.Load(), "it is the policy that stands in the way")
}

func TestSizeIsBoundedForAllTogether(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(make([]byte, 1<<20))
	require.NoError(t, z.Close())
	url := host(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		switch r.URL.Path {
		case "/packed":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(packed.Bytes())
		default:
			_, _ = io.WriteString(w, strings.Repeat("x", 600))
		}
	})
	got := fetcher(t, media.Options{Policy: lan(), MaxBytes: 1000}).Fetch(t.Context(), []string{url + "/packed", url + "/a", url + "/b"})
	require.Len(t, got, 1)
	require.Contains(t, got, url+"/a")
}

func TestTimeIsBounded(t *testing.T) {
	t.Parallel()
	url := host(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = io.WriteString(w, png)
		w.(http.Flusher).Flush() //nolint:forcetypeassert // the server's does
		<-r.Context().Done()
	})
	got := fetcher(t, media.Options{Policy: lan(), Timeout: 50 * time.Millisecond}).Fetch(t.Context(), []string{url, url + "/next"})
	require.Empty(t, got)
}

func TestErrorsDoNotQuoteAddresses(t *testing.T) {
	t.Parallel()
	var logs bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	fetcher(t, media.Options{Logger: logger}).Fetch(t.Context(), []string{"http://127.0.0.1:1/private?token=secret"})
	require.Contains(t, logs.String(), "in a private network")
	require.NotContains(t, logs.String(), "secret")
}
