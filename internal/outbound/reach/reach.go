// Package reach finds out whether a base URL can be reached, without a key: by
// a connection alone, or by a request for its header. It judges hosts, not
// services: a server that refuses is there.
package reach

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/outbound"
)

// Method is how it is found out.
type Method string

// The methods.
const (
	TCP  Method = "TCP"  // a connection, no request
	Head Method = "HEAD" // a request, and GET where HEAD is not known
	Get  Method = "GET"
)

// Prober looks at base URLs. Safe for concurrent use.
type Prober struct {
	method Method
	dialer *net.Dialer
	client *outbound.Client
}

// New makes a prober that keeps to the policy.
func New(method Method, policy outbound.Policy) (*Prober, error) {
	client, err := outbound.New(outbound.Options{Policy: policy, Stay: true})
	if err != nil {
		return nil, err
	}
	return &Prober{method: method, dialer: policy.Dialer(), client: client}, nil
}

// Close drops idle connections.
func (p *Prober) Close() { p.client.Close() }

// Look finds out whether a base URL can be reached. The context bounds it.
func (p *Prober) Look(ctx context.Context, base string) domain.EndpointProbe {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return domain.EndpointProbe{ErrorType: "network", Error: "not a URL"}
	}
	begun := time.Now()
	status, err := p.reach(ctx, u)
	out := domain.EndpointProbe{OK: err == nil && status < 500, Status: status, Latency: max(time.Millisecond, time.Since(begun))}
	switch {
	case err != nil:
		out.ErrorType, out.Error = kindOf(ctx, err), plain(err)
	case !out.OK:
		out.ErrorType, out.Error = "status", http.StatusText(status)
	}
	return out
}

// reach is the status of the answer; 0 if no HTTP was spoken.
func (p *Prober) reach(ctx context.Context, u *url.URL) (status int, err error) {
	if p.method == TCP {
		return 0, p.connect(ctx, u)
	}
	status, err = p.request(ctx, string(p.method), u)
	if p.method == Head && (status == http.StatusMethodNotAllowed || status == http.StatusNotImplemented) {
		return p.request(ctx, http.MethodGet, u)
	}
	return status, err
}

func (p *Prober) connect(ctx context.Context, u *url.URL) error {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	conn, err := p.dialer.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return err
	}
	return conn.Close() // nothing was sent
}

func (p *Prober) request(ctx context.Context, method string, u *url.URL) (int, error) {
	res, err := p.client.Do(ctx, method, u, http.Header{}, nil)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

func kindOf(ctx context.Context, err error) string {
	var (
		dns     *net.DNSError
		timeout net.Error
	)
	switch {
	case errors.As(err, &dns) && !dns.IsTimeout:
		return "dns"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded), ctx.Err() != nil:
		return "timeout"
	}
	return "network"
}

// plain leaves the URL out, which may hold a password.
func plain(err error) string {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return err.Error()
}
