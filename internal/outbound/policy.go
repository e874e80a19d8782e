package outbound

import (
	"errors"
	"fmt"
	"net/netip"
)

// ErrAddressDenied means that an address is out of bounds for the call.
var ErrAddressDenied = errors.New("this address may not be called")

// Policy says which addresses a call may reach.
type Policy struct {
	// AllowPrivate admits private, shared, unique-local and loopback addresses:
	// models on the local network are common.
	AllowPrivate bool
	// Self tells whether an address is this process's own listener; nil = unknown.
	Self func(netip.AddrPort) bool
	// Deny adds ranges that are never called.
	Deny []netip.Prefix
}

// Check judges one resolved address.
func (p Policy) Check(to netip.AddrPort) error {
	addr := plain(to.Addr())
	if why := p.objection(addr, to.Port()); why != "" {
		return fmt.Errorf("%w: %s is %s", ErrAddressDenied, addr, why)
	}
	return nil
}

func (p Policy) objection(addr netip.Addr, port uint16) string {
	switch {
	case !addr.IsValid() || addr.IsUnspecified() || inAny(addr, nowhere()):
		return "no host's address"
	case addr.IsMulticast():
		return "a multicast address"
	case addr.IsLinkLocalUnicast() || inAny(addr, metadata()):
		return "link-local or of a metadata service"
	case inAny(addr, p.Deny):
		return "denied by configuration"
	case p.Self != nil && p.Self(netip.AddrPortFrom(addr, port)):
		return "this process itself"
	case !p.AllowPrivate && (addr.IsPrivate() || addr.IsLoopback() || inAny(addr, shared())):
		return "in a private network"
	case !p.AllowPrivate && inAny(addr, special()):
		return "of special use"
	}
	return ""
}

// plain strips zones and takes out IPv4 addresses that travel inside IPv6 ones:
// mapped, or behind a NAT64 gateway.
func plain(addr netip.Addr) netip.Addr {
	addr = addr.WithZone("").Unmap()
	if nat64 := netip.MustParsePrefix("64:ff9b::/96"); nat64.Contains(addr) {
		b := addr.As16()
		return netip.AddrFrom4([4]byte(b[12:]))
	}
	return addr
}

func inAny(addr netip.Addr, ranges []netip.Prefix) bool {
	for _, r := range ranges {
		if r.Contains(addr) {
			return true
		}
	}
	return false
}

// metadata services that are not link-local: of AWS over IPv6, Alibaba, Oracle.
func metadata() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("fd00:ec2::/32"),
		netip.MustParsePrefix("100.100.100.200/32"),
		netip.MustParsePrefix("192.0.0.192/32"),
	}
}

func nowhere() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("255.255.255.255/32")}
}

// special are ranges that no public host has: of the protocols, for examples and
// measurements, reserved ones, and those that carry an IPv4 address of any kind.
func special() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
		netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
		netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
		netip.MustParsePrefix("2001::/32"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
		netip.MustParsePrefix("fec0::/10"),
	}
}

// shared is the address space of carrier-grade NAT.
func shared() []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix("100.64.0.0/10")} }
