package upstream

import (
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"syscall"

	"github.com/claude-code-hub/cch/internal/domain"
)

const masked = "***"

// Describe tells where a call goes and with which headers, for the record of
// its failure. Credentials and whatever an operator configured as a header are
// masked; the URL is without user and query.
func Describe(call *Call) (address string, headers map[string]string) {
	base, err := parseBase(call.Provider.URL)
	if err != nil {
		return "", nil
	}
	u := target(base, call.Path, "")
	headers = make(map[string]string)
	for name, values := range outgoing(call, base.Hostname()) {
		if len(values) == 0 || values[0] == "" {
			continue
		}
		headers[name] = values[0]
		if secret(name) || configured(call.Provider, name) {
			headers[name] = masked
		}
	}
	return u.Scheme + "://" + u.Host + u.Path, headers
}

func secret(name string) bool {
	return slices.Contains([]string{"Authorization", "X-Api-Key", "X-Goog-Api-Key", "Cookie", "Proxy-Authorization"}, name)
}

func configured(p *domain.Provider, name string) bool {
	for custom := range p.Transport.CustomHeaders {
		if http.CanonicalHeaderKey(custom) == name {
			return true
		}
	}
	return false
}

// System says what the operating system or the resolver called the failure, in
// the terms of errno: the type of the error, its code and the call that failed.
// Empty where they have no part in it.
func (f *Failure) System() (name, code, call string) {
	if op, ok := errors.AsType[*net.OpError](f.Cause); ok {
		name, call = "OpError", op.Op
	}
	if dns, ok := errors.AsType[*net.DNSError](f.Cause); ok {
		code = "EAI_AGAIN"
		if dns.IsNotFound {
			code = "ENOTFOUND"
		}
		return "DNSError", code, "getaddrinfo"
	}
	if number, ok := errors.AsType[syscall.Errno](f.Cause); ok {
		return name, errnoName(number), call
	}
	switch {
	case isTLS(f.Cause):
		return "TLSError", "", "handshake"
	case isTimeout(f.Cause):
		code = "ETIMEDOUT"
	case errors.Is(f.Cause, io.ErrUnexpectedEOF), errors.Is(f.Cause, io.EOF):
		name, code = "EOF", "ECONNRESET"
	}
	return name, code, call
}

// errnoName names the numbers that connections fail with.
func errnoName(e syscall.Errno) string {
	switch e {
	case syscall.ECONNREFUSED:
		return "ECONNREFUSED"
	case syscall.ECONNRESET:
		return "ECONNRESET"
	case syscall.EPIPE:
		return "EPIPE"
	case syscall.ETIMEDOUT:
		return "ETIMEDOUT"
	case syscall.EHOSTUNREACH:
		return "EHOSTUNREACH"
	case syscall.ENETUNREACH:
		return "ENETUNREACH"
	case syscall.EADDRNOTAVAIL:
		return "EADDRNOTAVAIL"
	case syscall.EMFILE:
		return "EMFILE"
	default:
		return e.Error()
	}
}
