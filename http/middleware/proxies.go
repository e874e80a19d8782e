package middleware

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
)

// ParseProxies reads addresses and CIDRs of trusted proxies.
func ParseProxies(list []string) ([]netip.Prefix, error) {
	out := make([]netip.Prefix, 0, len(list))
	for _, text := range list {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			addr, addrErr := netip.ParseAddr(text)
			if addrErr != nil {
				return nil, fmt.Errorf("trusted proxy %q is neither an address nor a CIDR", text)
			}
			p = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// Proxies knows whose forwarding headers are believed. Safe for concurrent use.
type Proxies struct {
	fixed   []netip.Prefix
	current func() []string // may change at run time
	parsed  atomic.Pointer[parsedProxies]
}

type parsedProxies struct {
	from     []string
	prefixes []netip.Prefix
}

// NewProxies trusts fixed and whatever current returns at the moment (nil =
// nothing more). Entries of current that cannot be read are passed over: they
// were validated where they were written.
func NewProxies(fixed []netip.Prefix, current func() []string) *Proxies {
	if current == nil {
		current = func() []string { return nil }
	}
	return &Proxies{fixed: fixed, current: current}
}

// ClientIP is the address a request came from: the socket's peer, unless that
// is a trusted proxy. Then it is the rightmost untrusted X-Forwarded-For entry,
// because everything left of it could have been sent by the client itself. The
// zero address means that the peer has none (a Unix socket).
func (p *Proxies) ClientIP(r *http.Request) netip.Addr {
	peer := peerOf(r)
	if !p.trusts(peer) {
		return peer
	}
	client := peer
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		addr, ok := parseHop(hop)
		if !ok {
			return client
		}
		client = addr
		if !p.trusts(addr) {
			return client
		}
	}
	return client
}

// HTTPS tells whether the client spoke TLS, to us or to a trusted proxy.
func (p *Proxies) HTTPS(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	proto, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	return strings.EqualFold(strings.TrimSpace(proto), "https") && p.trusts(peerOf(r))
}

func (p *Proxies) trusts(addr netip.Addr) bool {
	if !addr.IsValid() {
		return false
	}
	contains := func(n netip.Prefix) bool { return n.Contains(addr) }
	return slices.ContainsFunc(p.fixed, contains) || slices.ContainsFunc(p.live(), contains)
}

// live parses the run-time list when it changed.
func (p *Proxies) live() []netip.Prefix {
	list := p.current()
	if len(list) == 0 {
		return nil
	}
	if known := p.parsed.Load(); known != nil && slices.Equal(known.from, list) {
		return known.prefixes
	}
	fresh := &parsedProxies{from: slices.Clone(list)}
	for _, text := range list {
		if prefixes, err := ParseProxies([]string{text}); err == nil {
			fresh.prefixes = append(fresh.prefixes, prefixes...)
		}
	}
	p.parsed.Store(fresh)
	return fresh.prefixes
}

func peerOf(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

// parseHop reads an X-Forwarded-For entry; some proxies add the port.
func parseHop(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if addr, err := netip.ParseAddr(s); err == nil {
		return addr.Unmap().WithZone(""), true
	}
	host, _, err := net.SplitHostPort(s)
	if err != nil {
		return netip.Addr{}, false
	}
	addr, err := netip.ParseAddr(host)
	return addr.Unmap().WithZone(""), err == nil
}
