package outbound_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/outbound"
)

func TestPolicy(t *testing.T) {
	t.Parallel()
	lan := outbound.Policy{
		AllowPrivate: true,
		Self:         func(a netip.AddrPort) bool { return a.Addr().IsLoopback() && a.Port() == 23000 },
		Deny:         []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")},
	}
	strict := outbound.Policy{}
	tests := []struct {
		address     string
		lan, strict bool // may be called
	}{
		{"93.184.216.34:443", true, true},
		{"[2606:2800::1]:443", true, true},
		{"10.1.2.3:80", true, false},
		{"192.168.0.9:80", true, false},
		{"172.31.0.1:80", true, false},
		{"100.64.0.1:80", true, false},
		{"127.0.0.1:11434", true, false},
		{"[::1]:80", true, false},
		{"[fd12::1]:80", true, false},
		{"127.0.0.1:23000", false, false},
		{"[::ffff:127.0.0.1]:23000", false, false},
		{"203.0.113.9:443", false, false},
		{"198.18.0.1:80", true, false},
		{"240.0.0.1:80", true, false},
		{"[::7f00:1]:80", true, false},
		{"[2002:7f00:1::]:80", true, false},
		{"[64:ff9b:1::7f00:1]:80", true, false},
		{"[fec0::1]:80", true, false},
		{"169.254.169.254:80", false, false},
		{"[::ffff:169.254.169.254]:80", false, false},
		{"[64:ff9b::a9fe:a9fe]:80", false, false},
		{"[fe80::1]:80", false, false},
		{"[fd00:ec2::254]:80", false, false},
		{"100.100.100.200:80", false, false},
		{"192.0.0.192:80", false, false},
		{"0.0.0.0:80", false, false},
		{"0.1.2.3:80", false, false},
		{"[::]:80", false, false},
		{"224.0.0.1:80", false, false},
		{"[ff02::1]:80", false, false},
		{"255.255.255.255:80", false, false},
	}
	for _, test := range tests {
		to := netip.MustParseAddrPort(test.address)
		for name, p := range map[string]struct {
			policy outbound.Policy
			ok     bool
		}{"lan": {lan, test.lan}, "strict": {strict, test.strict}} {
			err := p.policy.Check(to)
			if p.ok {
				require.NoError(t, err, "%s %s", name, test.address)
				continue
			}
			require.ErrorIs(t, err, outbound.ErrAddressDenied, "%s %s", name, test.address)
		}
	}
}
