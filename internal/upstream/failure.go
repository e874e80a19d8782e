package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"

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
)

// Failure is a call that gave no answer, or an answer that broke off.
type Failure struct { //nolint:errname // the word used everywhere for it
	Kind   domain.FailureKind
	Status int // 524 for a timeout, else 0
	Cause  error
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
			return &Failure{Kind: domain.FailProxy, Cause: err}
		}
		return &Failure{Kind: domain.FailDial, Cause: err}
	}
	switch {
	case errors.Is(err, errProxyRefused):
		return &Failure{Kind: domain.FailProxy, Cause: err}
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

// isSocks finds a proxy's word that it could not reach the target.
func isSocks(err error) bool {
	e, ok := errors.AsType[*net.OpError](err)
	return ok && e.Op == "socks connect"
}
