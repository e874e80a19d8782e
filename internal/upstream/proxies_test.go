package upstream_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// tunnel is an HTTP proxy that answers CONNECT. Whatever is asked for, it leads
// to target, so that names need not exist.
type tunnel struct {
	user, target string
	refuse       int // status to answer instead
	asked        chan string
}

func (p *tunnel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.asked <- r.Method + " " + r.Host
	user, password, _ := (&http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}).BasicAuth()
	switch {
	case p.refuse != 0:
		w.WriteHeader(p.refuse)
		return
	case user+":"+password != p.user:
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	up, err := net.Dial("tcp", p.target)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
	join(conn, buffered.Reader, up)
}

// join copies both ways until either side ends.
func join(down net.Conn, from io.Reader, up net.Conn) {
	var once sync.Once
	end := func() { once.Do(func() { _ = down.Close(); _ = up.Close() }) }
	go func() {
		defer end()
		_, _ = io.Copy(up, from)
	}()
	defer end()
	_, _ = io.Copy(down, up)
}

// socks5 is a SOCKS5 proxy that wants a password and tells what it was asked for.
type socks5 struct {
	user, target string
	reply        byte
	asked        chan string
}

func (p *socks5) start(t *testing.T) string {
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
			go p.serve(c)
		}
	}()
	return l.Addr().String()
}

func (p *socks5) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	take := func(n int) []byte {
		b := make([]byte, n)
		_, _ = io.ReadFull(r, b)
		return b
	}
	take(int(take(2)[1]))             // the methods on offer
	_, _ = c.Write([]byte{5, 2})      // a password, please
	user := take(int(take(2)[1]))     //
	password := take(int(take(1)[0])) //
	if string(user)+":"+string(password) != p.user {
		_, _ = c.Write([]byte{1, 1})
		return
	}
	_, _ = c.Write([]byte{1, 0})
	host := ""
	switch take(4)[3] {
	case 1:
		host = net.IP(take(4)).String()
	case 3:
		host = string(take(int(take(1)[0])))
	}
	p.asked <- net.JoinHostPort(host, strconv.Itoa(int(binary.BigEndian.Uint16(take(2)))))
	_, _ = c.Write([]byte{5, p.reply, 0, 1, 0, 0, 0, 0, 0, 0})
	if p.reply != 0 {
		return
	}
	if up, err := net.Dial("tcp", p.target); err == nil {
		join(c, r, up)
	}
}

// secure is an upstream with TLS that says which protocol it was spoken to in.
func secure(t *testing.T, http2 bool) (*httptest.Server, *x509.CertPool) {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, r.Proto+" "+r.Host)
	}))
	srv.EnableHTTP2 = http2
	srv.StartTLS()
	t.Cleanup(srv.Close)
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	return srv, roots
}

func hostOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u.Host
}

func answerOf(t *testing.T, c *upstream.Client, call *upstream.Call) string {
	t.Helper()
	res, err := c.Do(t.Context(), call)
	require.NoError(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(b)
}

// TestEveryKindOfProxyLeadsToTheUpstream has each of them reach a name that only
// the proxy knows, through TLS from end to end.
func TestEveryKindOfProxyLeadsToTheUpstream(t *testing.T) {
	t.Parallel()
	srv, roots := secure(t, false)
	asked := make(chan string, 4)
	p := &tunnel{user: "u:p", target: hostOf(t, srv.URL), asked: asked}
	plain := httptest.NewServer(p)
	t.Cleanup(plain.Close)
	overTLS := httptest.NewTLSServer(p)
	t.Cleanup(overTLS.Close)
	roots.AddCert(overTLS.Certificate())
	socks := (&socks5{user: "u:p", target: hostOf(t, srv.URL), asked: asked}).start(t)
	for scheme, addr := range map[string]string{
		"http": hostOf(t, plain.URL), "https": hostOf(t, overTLS.URL), "socks5": socks, "socks5h": socks,
	} {
		to := provider(domain.TypeClaude, "https://example.com:8443") // the test certificate's name
		to.Transport.ProxyURL = domain.Secret(scheme + "://u:p@" + addr)
		c := newClient(t, upstream.Options{Roots: roots})
		require.Equal(t, "HTTP/1.1 example.com:8443", answerOf(t, c, post(to)), scheme)
		require.Contains(t, <-asked, "example.com:8443", "%s: the proxy resolves names", scheme)
	}
}

func TestOnlyAProxyThatIsNotThereIsGoneAround(t *testing.T) {
	t.Parallel()
	srv, roots := secure(t, false)
	asked := make(chan string, 16)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	proxy := func(p *tunnel) string {
		p.asked, p.target, p.user = asked, hostOf(t, srv.URL), "u:p"
		s := httptest.NewServer(p)
		t.Cleanup(s.Close)
		return strings.Replace(s.URL, "http://", "http://u:p@", 1)
	}
	for name, c := range map[string]struct {
		proxy  string
		kind   domain.FailureKind
		around bool
	}{
		"nobody listens":        {closed.URL, domain.FailProxy, true},
		"SOCKS, nobody listens": {strings.Replace(closed.URL, "http", "socks5h", 1), domain.FailProxy, true},
		"wrong password":        {strings.Replace(proxy(&tunnel{}), "u:p", "u:x", 1), domain.FailProxy, false},
		"it refuses":            {proxy(&tunnel{refuse: http.StatusForbidden}), domain.FailProxy, false},
		"the target is dead":    {proxy(&tunnel{refuse: http.StatusBadGateway}), domain.FailDial, false},
		"SOCKS, wrong password": {"socks5://u:x@" + (&socks5{user: "u:p", asked: asked}).start(t), domain.FailProxy, false},
		"SOCKS, dead target":    {"socks5://u:p@" + (&socks5{user: "u:p", reply: 5, asked: asked}).start(t), domain.FailDial, false},
	} {
		t.Run(name, func(t *testing.T) {
			to := provider(domain.TypeClaude, srv.URL)
			to.Transport.ProxyURL = domain.Secret(c.proxy)
			client := newClient(t, upstream.Options{Roots: roots})
			_, err := client.Do(t.Context(), post(to))
			requireFailure(t, err, c.kind, nil)
			require.NotContains(t, err.Error(), "u:x")

			to.Transport.ProxyFallbackToDirect = true
			var detours []upstream.Detour
			call := post(to)
			call.OnDetour = func(d upstream.Detour, _ *upstream.Failure) { detours = append(detours, d) }
			if !c.around {
				_, err = client.Do(t.Context(), call)
				requireFailure(t, err, c.kind, nil)
				require.Empty(t, detours)
				return
			}
			require.Contains(t, answerOf(t, client, call), "HTTP/1.1")
			require.Equal(t, []upstream.Detour{upstream.DetourDirect}, detours)
		})
	}
}

func TestHTTP2IsSpokenWhereItIsAllowed(t *testing.T) {
	t.Parallel()
	srv, roots := secure(t, true)
	asked := make(chan string, 4)
	p := httptest.NewServer(&tunnel{user: "u:p", target: hostOf(t, srv.URL), asked: asked})
	t.Cleanup(p.Close)
	socks := (&socks5{user: "u:p", target: hostOf(t, srv.URL), asked: asked}).start(t)
	c := newClient(t, upstream.Options{Roots: roots})
	for name, want := range map[string]struct {
		proxy string
		http2 bool
		proto string
	}{
		"not wanted":    {"", false, "HTTP/1.1"},
		"direct":        {"", true, "HTTP/2.0"},
		"by HTTP proxy": {strings.Replace(p.URL, "http://", "http://u:p@", 1), true, "HTTP/2.0"},
		"by SOCKS":      {"socks5://u:p@" + socks, true, "HTTP/1.1"},
	} {
		to := provider(domain.TypeClaude, srv.URL)
		to.Transport.ProxyURL = domain.Secret(want.proxy)
		call := post(to)
		call.HTTP2 = want.http2
		for range 2 { // the second one finds a connection
			require.Contains(t, answerOf(t, c, call), want.proto, name)
		}
	}
}

// TestHTTP2ThatFailsIsTriedWithoutIt meets an upstream that agrees on HTTP/2 and
// then does not speak it.
func TestHTTP2ThatFailsIsTriedWithoutIt(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	srv, roots := brokenHTTP2(t, &calls)
	c := newClient(t, upstream.Options{Roots: roots})
	call := post(provider(domain.TypeClaude, srv))
	call.HTTP2 = true
	var detours []upstream.Detour
	call.OnDetour = func(d upstream.Detour, why *upstream.Failure) {
		require.Equal(t, domain.FailReset, why.Kind)
		detours = append(detours, d)
	}
	require.Equal(t, "HTTP/1.1 once", answerOf(t, c, call))
	require.Equal(t, []upstream.Detour{upstream.DetourHTTP1}, detours)
	require.EqualValues(t, 1, calls.Load())

	call.Body = sentOnce{strings.NewReader("x")}
	_, err := c.Do(t.Context(), call)
	requireFailure(t, err, domain.FailReset, nil)
}

// sentOnce is a body that is gone once it was opened.
type sentOnce struct{ r *strings.Reader }

func (sentOnce) Len() int64 { return -1 }

func (s sentOnce) Open() io.ReadCloser {
	if s.r.Len() == 0 {
		return nil
	}
	rest := make([]byte, s.r.Len())
	_, _ = s.r.Read(rest)
	return io.NopCloser(strings.NewReader(string(rest)))
}

// brokenHTTP2 agrees on HTTP/2 in the handshake and answers the preface with a
// complaint; HTTP/1.1 it serves.
func brokenHTTP2(t *testing.T, calls *atomic.Int32) (address string, roots *x509.CertPool) {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		calls.Add(1)
		_, _ = io.WriteString(w, r.Proto+" once")
	}))
	srv.TLS = &tls.Config{NextProtos: []string{"h2", "http/1.1"}}
	srv.Config.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){
		"h2": func(_ *http.Server, c *tls.Conn, _ http.Handler) {
			defer c.Close()
			settings := []byte{0, 0, 0, 4, 0, 0, 0, 0, 0}
			goaway := []byte{0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1} // PROTOCOL_ERROR
			_, _ = c.Write(append(settings, goaway...))
			_, _ = io.Copy(io.Discard, c)
		},
	}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	roots = x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	return srv.URL, roots
}
