package upstream_test

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// text is a request body.
type text string

func (s text) Len() int64          { return int64(len(s)) }
func (s text) Open() io.ReadCloser { return io.NopCloser(strings.NewReader(string(s))) }

func post(p *domain.Provider) *upstream.Call {
	return &upstream.Call{Provider: p, Method: http.MethodPost, Path: "/v1/messages", Header: http.Header{}, Body: text("{}")}
}

// serve starts an upstream whose handlers end with the test.
func serve(t *testing.T, h func(w http.ResponseWriter, r *http.Request, stop <-chan struct{})) *httptest.Server {
	t.Helper()
	stop := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h(w, r, stop) }))
	t.Cleanup(func() { close(stop); srv.Close() })
	return srv
}

func requireFailure(t *testing.T, err error, kind domain.FailureKind, cause error) {
	t.Helper()
	var f *upstream.Failure
	require.ErrorAs(t, err, &f)
	require.Equal(t, kind, f.Kind, "%v", f.Cause)
	if cause != nil {
		require.ErrorIs(t, f, cause)
	}
	if kind == domain.FailTimeout {
		require.Equal(t, domain.StatusTimeout, f.Status)
	}
}

func TestAnswerComesBackWhole(t *testing.T) {
	t.Parallel()
	srv := serve(t, func(w http.ResponseWriter, r *http.Request, _ <-chan struct{}) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Request-Id", "up-1")
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write(append(body, r.URL.String()...))
	})
	call := post(provider(domain.TypeClaude, srv.URL))
	call.RawQuery = "beta=true"
	res, err := newClient(t, upstream.Options{}).Do(t.Context(), call)
	require.NoError(t, err)
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "{}/v1/messages?beta=true", string(got))
	require.Equal(t, http.StatusTeapot, res.Status)
	require.Equal(t, srv.URL, res.Endpoint)
}

func TestConnectionsAreReused(t *testing.T) {
	t.Parallel()
	var opened atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	srv.Start()
	defer srv.Close()
	c := newClient(t, upstream.Options{})
	for range 5 {
		res, err := c.Do(t.Context(), post(provider(domain.TypeClaude, srv.URL)))
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
	}
	require.Equal(t, int32(1), opened.Load())
}

func TestTimeoutsHaveTypedCauses(t *testing.T) {
	t.Parallel()
	silent := func(_ http.ResponseWriter, _ *http.Request, stop <-chan struct{}) { <-stop }
	headOnly := func(w http.ResponseWriter, _ *http.Request, stop <-chan struct{}) {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-stop
	}
	oneByte := func(w http.ResponseWriter, _ *http.Request, stop <-chan struct{}) {
		_, _ = io.WriteString(w, "x")
		w.(http.Flusher).Flush()
		<-stop
	}
	const d = 30 * time.Millisecond
	cases := map[string]struct {
		handler func(http.ResponseWriter, *http.Request, <-chan struct{})
		set     func(*domain.Transport)
		options upstream.Options
		stream  bool
		cause   error
	}{
		"first byte, no headers": {handler: silent, set: func(tr *domain.Transport) { tr.FirstByteTimeout = d }, stream: true, cause: upstream.ErrFirstByte},
		"first byte, no body":    {handler: headOnly, set: func(tr *domain.Transport) { tr.FirstByteTimeout = d }, stream: true, cause: upstream.ErrFirstByte},
		"idle":                   {handler: oneByte, set: func(tr *domain.Transport) { tr.StreamIdleTimeout = d }, stream: true, cause: upstream.ErrIdle},
		"total":                  {handler: oneByte, set: func(tr *domain.Transport) { tr.RequestTimeout = d }, cause: upstream.ErrTotal},
		"global headers":         {handler: silent, options: upstream.Options{Headers: d}, cause: upstream.ErrHeaders},
		"global gap at start":    {handler: headOnly, options: upstream.Options{Gap: d}, cause: upstream.ErrIdle},
		"global gap later":       {handler: oneByte, options: upstream.Options{Gap: d}, stream: true, cause: upstream.ErrIdle},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := serve(t, c.handler)
			call := post(provider(domain.TypeClaude, srv.URL))
			call.Stream = c.stream
			if c.set != nil {
				c.set(&call.Provider.Transport)
			}
			res, err := newClient(t, c.options).Do(t.Context(), call)
			if err == nil {
				defer res.Body.Close()
				_, err = io.Copy(io.Discard, res.Body)
			}
			requireFailure(t, err, domain.FailTimeout, c.cause)
		})
	}
}

func TestSteadyStreamOutlivesItsIdleTimeout(t *testing.T) {
	t.Parallel()
	tick := make(chan struct{})
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request, _ <-chan struct{}) {
		for range 8 {
			<-tick
			_, _ = io.WriteString(w, "x")
			w.(http.Flusher).Flush()
		}
	})
	call := post(provider(domain.TypeClaude, srv.URL))
	call.Stream = true
	call.Provider.Transport.FirstByteTimeout = 400 * time.Millisecond
	call.Provider.Transport.StreamIdleTimeout = 400 * time.Millisecond
	go func() {
		beat := time.NewTicker(100 * time.Millisecond)
		defer beat.Stop()
		for range 8 {
			<-beat.C
			tick <- struct{}{}
		}
	}()
	res, err := newClient(t, upstream.Options{}).Do(t.Context(), call)
	require.NoError(t, err)
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Len(t, got, 8)
}

func TestCallerCancelsWithACause(t *testing.T) {
	t.Parallel()
	srv := serve(t, func(_ http.ResponseWriter, _ *http.Request, stop <-chan struct{}) { <-stop })
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(20*time.Millisecond, func() { cancel(upstream.ErrClientGone) })
	_, err := newClient(t, upstream.Options{}).Do(ctx, post(provider(domain.TypeClaude, srv.URL)))
	requireFailure(t, err, domain.FailNone, upstream.ErrClientGone)
}

func TestBrokenConnections(t *testing.T) {
	t.Parallel()
	hijack := func(write string) func(http.ResponseWriter, *http.Request, <-chan struct{}) {
		return func(w http.ResponseWriter, r *http.Request, _ <-chan struct{}) {
			_, _ = io.Copy(io.Discard, r.Body)
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, write)
				_ = conn.Close()
			}
		}
	}
	for name, write := range map[string]string{
		"before the head": "",
		"in the body":     "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
		"in a chunk":      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
		"garbage":         "this is no HTTP\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := serve(t, hijack(write))
			res, err := newClient(t, upstream.Options{}).Do(t.Context(), post(provider(domain.TypeClaude, srv.URL)))
			if err == nil {
				defer res.Body.Close()
				_, err = io.ReadAll(res.Body)
			}
			requireFailure(t, err, domain.FailReset, nil)
		})
	}
}

func TestUnreachableHosts(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	selfSigned := httptest.NewUnstartedServer(http.NotFoundHandler())
	selfSigned.Config.ErrorLog = log.New(io.Discard, "", 0)
	selfSigned.StartTLS()
	defer selfSigned.Close()
	for name, u := range map[string]string{
		"refused":     closed.URL,
		"unknown":     "http://no-such-host.invalid",
		"certificate": selfSigned.URL,
	} {
		_, err := newClient(t, upstream.Options{}).Do(t.Context(), post(provider(domain.TypeClaude, u)))
		t.Log(name, err)
		requireFailure(t, err, domain.FailDial, nil)
	}
}

func TestURLsThatCannotBeCalled(t *testing.T) {
	t.Parallel()
	for _, p := range []*domain.Provider{
		provider(domain.TypeClaude, "ftp://host"),
		provider(domain.TypeClaude, "http://"),
		provider(domain.TypeClaude, "http://a b"),
		{Type: domain.TypeClaude, URL: "http://host", Transport: domain.Transport{ProxyURL: "http://user:hunter2@"}},
		{Type: domain.TypeClaude, URL: "http://host", Transport: domain.Transport{ProxyURL: "gopher://user:hunter2@host:1"}},
		{Type: domain.TypeClaude, URL: "http://host", Transport: domain.Transport{ProxyURL: "http://user:hunter2@%zz"}},
	} {
		_, err := newClient(t, upstream.Options{}).Do(t.Context(), post(p))
		requireFailure(t, err, domain.FailRequest, nil)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func TestCompressedAnswersAreDecoded(t *testing.T) {
	t.Parallel()
	const want = "the answer, as it was before"
	pack := map[string]func(io.Writer) io.WriteCloser{
		"gzip":    func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"br":      func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) },
		"deflate": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
		"zstd": func(w io.Writer) io.WriteCloser {
			e, err := zstd.NewWriter(w)
			require.NoError(t, err)
			return e
		},
		"raw": func(w io.Writer) io.WriteCloser {
			f, err := flate.NewWriter(w, flate.BestSpeed)
			require.NoError(t, err)
			return f
		},
	}
	for name, open := range pack {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			w := open(&b)
			_, _ = io.WriteString(w, want)
			require.NoError(t, w.Close())
			encoding := strings.Replace(name, "raw", "deflate", 1)
			srv := serve(t, func(w http.ResponseWriter, _ *http.Request, _ <-chan struct{}) {
				w.Header().Set("Content-Encoding", encoding)
				_, _ = w.Write(b.Bytes())
			})
			res, err := newClient(t, upstream.Options{}).Do(t.Context(), post(provider(domain.TypeClaude, srv.URL)))
			require.NoError(t, err)
			defer res.Body.Close()
			got, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.Equal(t, want, string(got))
		})
	}
}

func TestUnknownEncodingIsAFailure(t *testing.T) {
	t.Parallel()
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request, _ <-chan struct{}) {
		w.Header().Set("Content-Encoding", "rot13")
		_, _ = io.WriteString(w, "x")
	})
	_, err := newClient(t, upstream.Options{}).Do(t.Context(), post(provider(domain.TypeClaude, srv.URL)))
	requireFailure(t, err, domain.FailReset, nil)
}

// httpProxy is an HTTP proxy for plain HTTP and CONNECT.
func httpProxy(t *testing.T, status int) (proxyURL string, used *atomic.Int32) {
	t.Helper()
	used = new(atomic.Int32)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		used.Add(1)
		switch {
		case status != http.StatusOK:
			w.WriteHeader(status)
			return
		case r.Header.Get("Proxy-Authorization") != "Basic dTpw":
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		r.Header.Del("Proxy-Authorization")
		r.RequestURI = ""
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer res.Body.Close()
		w.WriteHeader(res.StatusCode)
		_, _ = io.Copy(w, res.Body)
	}))
	t.Cleanup(srv.Close)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return strings.Replace(srv.URL, "http://", "http://u:p@", 1), used
}

func TestHTTPProxyIsUsedWithItsCredentials(t *testing.T) {
	t.Parallel()
	srv, seen := echo(t)
	proxyURL, used := httpProxy(t, http.StatusOK)
	p := provider(domain.TypeClaude, srv.URL)
	p.Transport.ProxyURL = domain.Secret(proxyURL)
	res, err := newClient(t, upstream.Options{}).Do(t.Context(), post(p))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.Status)
	require.Equal(t, int32(1), used.Load())
	require.Equal(t, "Bearer sk-upstream", (<-seen).Header.Get("Authorization"))
}

func TestRefusedConnectIsAProxyFailure(t *testing.T) {
	t.Parallel()
	proxyURL, _ := httpProxy(t, http.StatusProxyAuthRequired)
	p := provider(domain.TypeClaude, "https://127.0.0.1:1")
	p.Transport.ProxyURL = domain.Secret(proxyURL)
	_, err := newClient(t, upstream.Options{}).Do(t.Context(), post(p))
	requireFailure(t, err, domain.FailProxy, nil)
}

func TestProxyFallback(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, scheme := range []string{"http", "socks5", "socks5h"} {
		srv, _ := echo(t)
		p := provider(domain.TypeClaude, srv.URL)
		p.Transport.ProxyURL = domain.Secret(strings.Replace(gone.URL, "http", scheme, 1))

		_, err := newClient(t, upstream.Options{}).Do(t.Context(), post(p))
		requireFailure(t, err, domain.FailProxy, nil)

		p.Transport.ProxyFallbackToDirect = true
		res, err := newClient(t, upstream.Options{}).Do(t.Context(), post(p))
		require.NoError(t, err, scheme)
		require.NoError(t, res.Body.Close())
	}
}

// socksProxy is the smallest SOCKS5 proxy that serves one kind of answer.
func socksProxy(t *testing.T, reply byte, target string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serveSocks(c, reply, target)
		}
	}()
	return l.Addr().String()
}

func serveSocks(c net.Conn, reply byte, target string) {
	defer c.Close()
	r := bufio.NewReader(c)
	head := make([]byte, 2)
	if _, err := io.ReadFull(r, head); err != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, r, int64(head[1]))
	_, _ = c.Write([]byte{5, 0})
	req := make([]byte, 10) // version, connect, reserved, IPv4, port
	if _, err := io.ReadFull(r, req); err != nil {
		return
	}
	_, _ = c.Write([]byte{5, reply, 0, 1, 0, 0, 0, 0, 0, 0})
	if reply != 0 {
		return
	}
	up, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer up.Close()
	go func() { _, _ = io.Copy(up, r) }()
	_, _ = io.Copy(c, up)
}

func TestSocksProxy(t *testing.T) {
	t.Parallel()
	srv, _ := echo(t)
	host, err := url.Parse(srv.URL)
	require.NoError(t, err)

	p := provider(domain.TypeClaude, "http://192.0.2.1:80") // reachable through the proxy alone
	p.Transport.ProxyURL = domain.Secret("socks5://" + socksProxy(t, 0, host.Host))
	res, err := newClient(t, upstream.Options{}).Do(t.Context(), post(p))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())

	p.Transport.ProxyURL = domain.Secret("socks5://" + socksProxy(t, 5, ""))
	p.Transport.ProxyFallbackToDirect = true // must not help: the proxy was reached, the target was not
	_, err = newClient(t, upstream.Options{}).Do(t.Context(), post(p))
	requireFailure(t, err, domain.FailDial, nil)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestSchemesOfTheirOwn(t *testing.T) {
	t.Parallel()
	demo := roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("X-Fail") != "" {
			return nil, errors.New("connection reset")
		}
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(r.URL.Path))}, nil
	})
	c := newClient(t, upstream.Options{Schemes: map[string]http.RoundTripper{"demo": demo}})
	res, err := c.Do(t.Context(), post(provider(domain.TypeClaude, "demo:")))
	require.NoError(t, err)
	got, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, "/v1/messages", string(got))

	call := post(provider(domain.TypeClaude, "demo:"))
	call.Header.Set("X-Fail", "1")
	_, err = c.Do(t.Context(), call)
	requireFailure(t, err, domain.FailReset, nil)
}

func BenchmarkDo(b *testing.B) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "{}")
	}))
	defer srv.Close()
	c := upstream.New(upstream.Options{Now: time.Now})
	defer c.Close()
	call := post(provider(domain.TypeClaude, srv.URL))
	call.Body = text(strings.Repeat("x", 10<<10))
	b.ReportAllocs()
	for b.Loop() {
		res, err := c.Do(context.Background(), call)
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
}
