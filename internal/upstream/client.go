package upstream

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Options configure a Client. Zero durations take the defaults.
type Options struct {
	Connect time.Duration // reaching the first hop, TLS included; default 30 s
	Headers time.Duration // send to response headers; default 600 s
	Gap     time.Duration // silence inside an answer; default 600 s
	Now     func() time.Time
	// Roots are the authorities that sign certificates; nil = the system's.
	Roots *x509.CertPool
	// Schemes serve provider URLs of schemes that are no network at all, such
	// as the built-in demo upstream behind "demo:".
	Schemes map[string]http.RoundTripper
}

// Client makes calls to providers. Safe for concurrent use.
type Client struct {
	headers, gap time.Duration
	now          func() time.Time
	pool         *pool
}

// New makes a client without connections.
func New(o Options) *Client {
	orDefault := func(d, def time.Duration) time.Duration {
		if d > 0 {
			return d
		}
		return def
	}
	return &Client{
		headers: orDefault(o.Headers, 600*time.Second),
		gap:     orDefault(o.Gap, 600*time.Second),
		now:     o.Now,
		pool:    newPool(dialing{connect: orDefault(o.Connect, 30*time.Second), roots: o.Roots, now: o.Now}, o.Schemes, o.Now),
	}
}

// Close drops idle connections. Calls under way go on.
func (c *Client) Close() { c.pool.close() }

// Body is a request body. The transport opens it again when a kept-alive
// connection turns out to be dead.
type Body interface {
	Len() int64          // -1 = unknown
	Open() io.ReadCloser // nil = it cannot be sent once more
}

// Call is one request to a provider.
type Call struct {
	Provider *domain.Provider
	Method   string
	Path     string // as the client called it
	RawQuery string
	Header   http.Header // the client's; read, never changed
	// Finish, if set, has the last word about the header that is sent. It may be
	// called more than once, by the goroutine that makes the call, and returns the
	// header it was given or a copy.
	Finish   func(http.Header) http.Header
	Body     Body   // nil = none
	Encoded  bool   // the body still has the client's Content-Encoding
	Stream   bool   // which of the provider's timeouts apply
	ClientIP string // sent on only if the provider asks for it
	HTTP2    bool   // may be spoken, where the provider can and no SOCKS proxy is on the way
	// Dialed is set by Do: when a connection was made for the call. Nil = one was
	// there, or it is no network that is called.
	Dialed *domain.Dialed
	// OnDetour, if set, hears of a first way that failed before another one is
	// taken. It is called by the goroutine that makes the call.
	OnDetour func(d Detour, why *Failure)
}

// Detour is another way to the same provider than the configured one.
type Detour string

// The detours.
const (
	DetourDirect Detour = "direct" // the proxy could not be reached, and need not be used
	DetourHTTP1  Detour = "http1"  // HTTP/2 was offered and then not spoken properly
)

var errSentOnce = errors.New("the request body cannot be sent once more")

// Response is an answer's head and its body, decoded to identity. Reading the
// body fails with a *Failure. Close must be called on every path.
type Response struct {
	Status   int
	Header   http.Header // shared with the transport: read only
	Body     io.ReadCloser
	Endpoint string // scheme and host, for the record
}

// Do makes the call. The error is always a *Failure. Cancelling ctx with a
// cause ends the call, the reading of the body included.
func (c *Client) Do(ctx context.Context, call *Call) (*Response, error) {
	w := way{proxy: call.Provider.Transport.ProxyURL, http2: call.HTTP2}
	for {
		res, err := c.through(ctx, call, w)
		if err == nil {
			return res, nil
		}
		f, _ := errors.AsType[*Failure](err) // nothing else comes
		next, detour := w.around(f, call)
		if detour == "" {
			return nil, err
		}
		if call.OnDetour != nil {
			call.OnDetour(detour, f)
		}
		w = next
	}
}

// way is how a provider is reached.
type way struct {
	proxy domain.Secret // empty = directly
	http2 bool
}

// around is the way to take after one that failed, with the name of the detour;
// no name if there is none. Each is taken once.
func (w way) around(f *Failure, call *Call) (way, Detour) {
	switch {
	case f.unreached && w.proxy != "" && call.Provider.Transport.ProxyFallbackToDirect:
		w.proxy = ""
		return w, DetourDirect
	case f.http2 && w.http2 && repeatable(call.Body):
		w.http2 = false
		return w, DetourHTTP1
	}
	return w, ""
}

func repeatable(b Body) bool {
	if b == nil {
		return true
	}
	again := b.Open()
	if again == nil {
		return false
	}
	_ = again.Close()
	return true
}

// through makes the call in one way.
func (c *Client) through(parent context.Context, call *Call, by way) (*Response, error) {
	dest, err := c.pool.get(call.Provider.URL, by)
	if err != nil {
		return nil, &Failure{Kind: domain.FailRequest, Cause: err}
	}
	ctx, cancel := context.WithCancelCause(parent)
	w := newWatch(ctx, c.timeouts(call), c.now, cancel)
	res, err := dest.transport.RoundTrip(request(w, call, dest.base)) //nolint:bodyclose,contextcheck // closed by answer.Close; the watch is of ctx
	call.Dialed = w.dialed(err != nil)
	if err != nil {
		f := failure(ctx, err)
		w.stop()
		cancel(nil)
		if isTLS(err) {
			c.pool.retire(dest)
		}
		return nil, f
	}
	w.answered()
	body := (*answer)(w)
	w.raw = res.Body
	if w.reader, err = decoded(res.Header.Get("Content-Encoding"), (*touching)(w)); err != nil {
		_ = body.Close()
		return nil, &Failure{Kind: domain.FailReset, Cause: err}
	}
	return &Response{
		Status: res.StatusCode, Header: res.Header, Body: body, Endpoint: dest.base.Scheme + "://" + dest.base.Host,
	}, nil
}

func (c *Client) timeouts(call *Call) Timeouts {
	t, own := Timeouts{Headers: c.headers, Gap: c.gap}, &call.Provider.Transport
	if call.Stream {
		t.FirstByte, t.Idle = own.FirstByteTimeout, own.StreamIdleTimeout
	} else {
		t.Total = own.RequestTimeout
	}
	return t
}

func request(ctx context.Context, call *Call, base *url.URL) *http.Request {
	u := target(base, call.Path, call.RawQuery)
	req := &http.Request{
		Method: call.Method, URL: u, Host: u.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: outgoing(call, base.Hostname()),
	}
	if b := call.Body; b != nil {
		req.ContentLength = b.Len()
		req.Body = b.Open()
		req.GetBody = func() (io.ReadCloser, error) {
			if again := b.Open(); again != nil {
				return again, nil
			}
			return nil, errSentOnce
		}
	}
	return req.WithContext(tellingSent(ctx, call.Body))
}

// answer is a call's watch as the body of its response: reading feeds the watch,
// closing ends the call. Among hundreds of slow streams each read finds the
// caches of the processor cold, so that what it needs lies together.
type answer watch

func (a *answer) Read(p []byte) (int, error) {
	n, err := a.reader.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // io.Reader promises the bare value
		err = failure(a.Context, err)
	}
	return n, err
}

func (a *answer) Close() error {
	(*watch)(a).stop()
	err := a.raw.Close()
	a.cancel(nil)
	return err
}

// touching is a call's watch as the raw bytes of its answer. They are noted as
// they come, so that a decoder that waits for more input does not look idle.
type touching watch

func (t *touching) Read(p []byte) (int, error) {
	n, err := t.raw.Read(p)
	if n > 0 {
		(*watch)(t).touch()
	}
	return n, err
}
