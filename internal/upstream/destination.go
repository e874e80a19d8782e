package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/proxy"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	maxDestinations = 100
	destinationLife = 5 * time.Minute // then connections are made afresh, so DNS changes are seen
	idleLife        = 60 * time.Second
	idlePerHost     = 256
	writeBuffer     = 4 << 10 // for heads: of bodies it takes the beginning, the rest is written past it
	readBuffer      = 4 << 10 // holds heads; bodies are read past it into larger ones
)

// destination is a provider's base URL reached in one way, with its connections.
type destination struct {
	key       poolKey
	base      *url.URL
	transport http.RoundTripper
	born      time.Time
	used      time.Time
}

type poolKey struct {
	base, proxy string
	http2       bool
}

// dialing is how connections are made.
type dialing struct {
	connect time.Duration
	roots   *x509.CertPool // nil = the system's
	now     func() time.Time
}

// tls is the configuration for a handshake with the host.
func (d dialing) tls(host string, protocols ...string) *tls.Config {
	return &tls.Config{ServerName: host, RootCAs: d.roots, MinVersion: tls.VersionTLS12, NextProtos: protocols}
}

// pool keeps the destinations in use. A destination leaves it when it is old,
// when TLS failed, or to make room; calls under way end undisturbed.
type pool struct {
	dialing dialing
	schemes map[string]http.RoundTripper
	now     func() time.Time

	mu    sync.Mutex
	byKey map[poolKey]*destination
}

func newPool(d dialing, schemes map[string]http.RoundTripper, now func() time.Time) *pool {
	return &pool{dialing: d, schemes: schemes, now: now, byKey: make(map[poolKey]*destination)}
}

// get finds or makes the destination. It fails on a URL or proxy URL that
// cannot be used; the error names neither, as both may hold credentials.
func (p *pool) get(base string, by way) (*destination, error) {
	key, now := poolKey{base: base, proxy: by.proxy.Reveal(), http2: by.http2}, p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if d := p.byKey[key]; d != nil {
		if now.Sub(d.born) < destinationLife {
			d.used = now
			return d, nil
		}
		p.drop(d)
	}
	d, err := p.dial(key)
	if err != nil {
		return nil, err
	}
	d.born, d.used = now, now
	if len(p.byKey) >= maxDestinations {
		p.drop(p.oldest())
	}
	p.byKey[key] = d
	return d, nil
}

func (p *pool) retire(d *destination) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byKey[d.key] == d {
		p.drop(d)
	}
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.byKey {
		p.drop(d)
	}
}

func (p *pool) drop(d *destination) {
	delete(p.byKey, d.key)
	if t, ok := d.transport.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

func (p *pool) oldest() *destination {
	var least *destination
	for _, d := range p.byKey {
		if least == nil || d.used.Before(least.used) {
			least = d
		}
	}
	return least
}

// dial makes a destination; no connection is opened yet.
func (p *pool) dial(key poolKey) (*destination, error) {
	base, err := parseBase(key.base)
	if err != nil {
		return nil, err
	}
	d := &destination{key: key, base: base}
	if rt, ok := p.schemes[base.Scheme]; ok {
		d.transport = rt
		return d, nil
	}
	if base.Scheme != "http" && base.Scheme != "https" {
		return nil, errors.New("the provider's URL is neither http nor https")
	}
	d.transport, err = p.dialing.transport(key.proxy, key.http2)
	return d, err
}

// dialer opens the connection to the first hop and says so in its errors.
type dialer struct {
	net   net.Dialer
	proxy bool
	now   func() time.Time
}

func (d *dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	progress := progressOf(ctx)
	c, err := d.net.DialContext(progress.traced(ctx, d.now), network, addr)
	if err != nil {
		return nil, &dialError{proxy: d.proxy, err: err}
	}
	progress.note(func(made *domain.Dialed) { made.Connected = d.now() })
	return c, nil
}

// plain is a dial without TLS of ours: with it the connection is made.
func plain(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		if err == nil {
			progressOf(ctx).finished()
		}
		return c, err
	}
}

// Dial satisfies proxy.Dialer, which the SOCKS client asks for; it always uses
// DialContext where that is there.
func (d *dialer) Dial(network, addr string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, addr)
}

func (d dialing) transport(via string, http2 bool) (*http.Transport, error) {
	first := &dialer{net: net.Dialer{Timeout: d.connect, KeepAlive: 30 * time.Second}, proxy: via != "", now: d.now}
	t := &http.Transport{
		DialContext:            plain(first.DialContext),
		TLSHandshakeTimeout:    d.connect,
		MaxIdleConnsPerHost:    idlePerHost,
		IdleConnTimeout:        idleLife,
		DisableCompression:     true,
		WriteBufferSize:        writeBuffer,
		ReadBufferSize:         readBuffer,
		MaxResponseHeaderBytes: 256 << 10,
		TLSClientConfig:        d.tls(""),
		Protocols:              new(http.Protocols),
	}
	t.Protocols.SetHTTP1(true)
	if via == "" {
		t.DialTLSContext = d.tlsDialer(first.DialContext, false, offered(http2)...)
	} else if err := d.throughProxy(t, first, via); err != nil {
		return nil, err
	}
	if socks := via != "" && t.Proxy == nil; http2 && !socks {
		t.Protocols.SetHTTP2(true)
		t.HTTP2 = &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingPatience}
	}
	return t, nil
}

// A connection that carries many calls must not be trusted to be alive.
const (
	pingAfter    = 30 * time.Second
	pingPatience = 15 * time.Second
)

// offered are the protocols to choose from in a handshake.
func offered(http2 bool) []string {
	if http2 {
		return []string{"h2", "http/1.1"}
	}
	return []string{"http/1.1"}
}

// throughProxy sets the transport up for a proxy URL.
func (d dialing) throughProxy(t *http.Transport, first *dialer, via string) error {
	u, err := url.Parse(via)
	if err != nil || u.Host == "" {
		return errors.New("the proxy URL cannot be parsed")
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		t.Proxy = http.ProxyURL(u)
		if u.Scheme == "https" { // serves the connection to the proxy alone
			t.DialTLSContext = d.tlsDialer(first.DialContext, true, offered(false)...)
		}
		t.OnProxyConnectResponse = connected
	case "socks5", "socks5h": // names are resolved by the proxy for both
		dial, err := socksDialer(u, first)
		if err != nil {
			return err
		}
		t.DialContext = plain(dial)
		t.DialTLSContext = d.tlsDialer(dial, false, offered(false)...)
	default:
		return errors.New("the proxy URL is none of http, https, socks5, socks5h")
	}
	return nil
}

// connected judges a proxy's answer to CONNECT: it may refuse us, or say that it
// cannot reach the target.
func connected(_ context.Context, _ *url.URL, _ *http.Request, res *http.Response) error {
	switch res.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return &dialError{err: fmt.Errorf("the proxy cannot reach the target: status %d", res.StatusCode)}
	}
	return fmt.Errorf("%w: status %d", errProxyRefused, res.StatusCode)
}

type dialFunc = func(ctx context.Context, network, addr string) (net.Conn, error)

func socksDialer(u *url.URL, first *dialer) (dialFunc, error) {
	var auth *proxy.Auth
	if u.User != nil {
		password, _ := u.User.Password()
		auth = &proxy.Auth{User: u.User.Username(), Password: password}
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), "1080")
	}
	d, err := proxy.SOCKS5("tcp", host, auth, first)
	if err != nil {
		return nil, errors.New("the proxy URL cannot be used")
	}
	ctxDialer, ok := d.(proxy.ContextDialer)
	if !ok {
		return nil, errors.New("the SOCKS client cannot be cancelled")
	}
	return ctxDialer.DialContext, nil
}

// tlsDialer adds the TLS handshake, so that its errors are known as such.
func (d dialing) tlsDialer(dial dialFunc, isProxy bool, protocols ...string) dialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		raw, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			host = addr
		}
		ctx, cancel := context.WithTimeout(ctx, d.connect)
		defer cancel()
		c := tls.Client(raw, d.tls(host, protocols...))
		if err := c.HandshakeContext(ctx); err != nil {
			_ = raw.Close()
			return nil, &dialError{proxy: isProxy, err: err}
		}
		progress := progressOf(ctx)
		progress.note(func(made *domain.Dialed) { made.Secured = d.now() })
		progress.finished()
		return c, nil
	}
}
