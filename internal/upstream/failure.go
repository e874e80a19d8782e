package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Causes for which a running call is cancelled. The first four are set by this
// package's own timers, the others by the caller through its context.
var (
	ErrFirstByte  = errors.New("no first byte in time")
	ErrIdle       = errors.New("no further byte in time")
	ErrTotal      = errors.New("answer not finished in time")
	ErrHeaders    = errors.New("no answer in time")
	ErrClientGone = errors.New("the client left")
	ErrShutdown   = errors.New("the server is shutting down")
	ErrHedgeLost  = errors.New("another call of the request was faster")
)

// Failure is a call that gave no answer, or an answer that broke off.
type Failure struct { //nolint:errname // the word used everywhere for it
	Kind   domain.FailureKind
	Status int // 524 for a timeout, else 0
	Cause  error

	unreached bool // the proxy could not be reached
	http2     bool // HTTP/2 was broken by the other side
}

func (f *Failure) Error() string {
	if f.Kind == domain.FailNone { // the caller's own doing
		return f.Cause.Error()
	}
	return string(f.Kind) + ": " + f.Cause.Error()
}

func (f *Failure) Unwrap() error { return f.Cause }

// dialError marks an error of reaching the first hop.
type dialError struct {
	proxy bool // the first hop is a proxy
	err   error
}

func (e *dialError) Error() string { return e.err.Error() }

func (e *dialError) Unwrap() error { return e.err }

// errProxyRefused is an HTTP proxy that answers CONNECT with anything but 200.
var errProxyRefused = errors.New("the proxy refused the connection")

// failure sorts an error of a call made under ctx. The context's cause comes
// first: what the transport says after a cancellation is a consequence of it.
func failure(ctx context.Context, err error) *Failure {
	if cause := context.Cause(ctx); cause != nil {
		return cancelled(cause)
	}
	if d, ok := errors.AsType[*dialError](err); ok {
		if d.proxy {
			return &Failure{Kind: domain.FailProxy, Cause: err, unreached: true}
		}
		return &Failure{Kind: domain.FailDial, Cause: err}
	}
	switch {
	case errors.Is(err, errProxyRefused), socksRefused(err):
		return &Failure{Kind: domain.FailProxy, Cause: err}
	case isHTTP2(err):
		return &Failure{Kind: domain.FailReset, Cause: err, http2: true}
	case isTLS(err), isTimeout(err), isSocks(err):
		// No timer of the transport runs but those of connecting.
		return &Failure{Kind: domain.FailDial, Cause: err}
	}
	return &Failure{Kind: domain.FailReset, Cause: err}
}

func cancelled(cause error) *Failure {
	switch {
	case errors.Is(cause, ErrFirstByte), errors.Is(cause, ErrIdle), errors.Is(cause, ErrTotal), errors.Is(cause, ErrHeaders):
		return &Failure{Kind: domain.FailTimeout, Status: domain.StatusTimeout, Cause: cause}
	}
	return &Failure{Kind: domain.FailNone, Cause: cause}
}

func isTLS(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok {
		return true
	}
	_, ok := errors.AsType[x509.UnknownAuthorityError](err)
	return ok
}

func isTimeout(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

// isSocks finds an error of a proxy that was reached.
func isSocks(err error) bool {
	e, ok := errors.AsType[*net.OpError](err)
	return ok && e.Op == "socks connect"
}

// socksRefused tells a proxy that would not have us, for want of a password say,
// from one that could not reach the target: the client words the reply codes of
// the latter as unknown errors and has no types for either.
func socksRefused(err error) bool {
	e, ok := errors.AsType[*net.OpError](err)
	return ok && e.Op == "socks connect" && !isTimeout(err) && !strings.HasPrefix(e.Err.Error(), "unknown error ")
}

// isHTTP2 finds errors of the HTTP/2 client. Its types are not exported, so
// there are only the texts to go by.
func isHTTP2(err error) bool {
	text := err.Error()
	for _, sign := range [...]string{"http2: ", "stream error: ", "connection error: "} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}
