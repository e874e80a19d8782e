package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	dialTimeout  = 10 * time.Second
	maxRedirects = 3
)

// Options configure a Client.
type Options struct {
	Policy  Policy
	Retries int           // tries after the first, for network errors, 429 and 5xx
	Proxy   domain.Secret // http, https, socks5 or socks5h; empty = direct
	// Wander follows redirects to other hosts, for calls without credentials.
	Wander bool
	// Stay follows none at all: the answer that redirects is the answer.
	Stay bool
	// Schemes serve URL schemes that are no network at all, such as "demo".
	Schemes map[string]http.RoundTripper
}

// Client makes checked calls. Safe for concurrent use. Close it when done.
type Client struct {
	transport *http.Transport
	retry     *retryablehttp.Client
}

// ErrProxyURL means that the proxy's URL cannot be used. It does not quote it.
var ErrProxyURL = errors.New("the proxy URL is not an http, https, socks5 or socks5h URL")

// New makes a client.
func New(o Options) (*Client, error) {
	t := &http.Transport{
		DialContext:         o.Policy.Dialer().DialContext,
		TLSHandshakeTimeout: dialTimeout,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 2,
		IdleConnTimeout:     time.Minute,
	}
	for scheme, rt := range o.Schemes {
		t.RegisterProtocol(scheme, rt)
	}
	if o.Proxy != "" {
		u, err := url.Parse(o.Proxy.Reveal())
		if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
			return nil, ErrProxyURL
		}
		t.Proxy = o.Policy.throughProxy(u)
	}
	r := retryablehttp.NewClient()
	r.Logger = nil // it would log URLs
	r.RetryMax = o.Retries
	r.RetryWaitMin = time.Second
	r.ErrorHandler = retryablehttp.PassthroughErrorHandler // the last answer is the caller's to read
	r.HTTPClient = &http.Client{Transport: t, CheckRedirect: sameHost}
	switch {
	case o.Stay:
		r.HTTPClient.CheckRedirect = nowhereElse
	case o.Wander:
		r.HTTPClient.CheckRedirect = anyHost
	}
	return &Client{transport: t, retry: r}, nil
}

// Do makes a call. ctx bounds all of it, the body included; the caller closes
// the answer's body. body may be nil.
func (c *Client) Do(ctx context.Context, method string, u *url.URL, header http.Header, body []byte) (*http.Response, error) {
	var payload any
	if body != nil {
		payload = body
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, method, u.String(), payload)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header = header
	return c.retry.Do(req)
}

// Close drops idle connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Dialer makes connections that the policy allows.
func (p Policy) Dialer() *net.Dialer {
	return &net.Dialer{Timeout: dialTimeout, ControlContext: p.control}
}

// control runs for each address a dialer tries, names resolved.
func (p Policy) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %q is not an address", ErrAddressDenied, address)
	}
	return p.Check(to)
}

// throughProxy checks literal targets itself: behind a proxy the dialer sees
// the proxy's address only.
func (p Policy) throughProxy(proxy *url.URL) func(*http.Request) (*url.URL, error) {
	return func(r *http.Request) (*url.URL, error) {
		if addr, err := netip.ParseAddr(r.URL.Hostname()); err == nil {
			if err := p.Check(netip.AddrPortFrom(addr, 0)); err != nil {
				return nil, err
			}
		}
		return proxy, nil
	}
}

// anyHost follows a few redirects; the addresses are checked like the first.
func anyHost(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects || req.URL.Scheme != "https" && req.URL.Scheme != "http" {
		return http.ErrUseLastResponse
	}
	req.Header.Del("Referer") // an address may hold a token
	return nil
}

func nowhereElse(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// sameHost ends a redirect that leads elsewhere: its answer is the last one, so
// that no credential follows it.
func sameHost(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	if req.URL.Host != first.Host || req.URL.Scheme != first.Scheme || len(via) > maxRedirects {
		return http.ErrUseLastResponse
	}
	return nil
}
