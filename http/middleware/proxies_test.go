package middleware_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/http/middleware"
)

func TestParseProxies(t *testing.T) {
	t.Parallel()
	got, err := middleware.ParseProxies([]string{" 10.0.0.7", "192.168.1.9/24", "", "::1", "::ffff:10.1.2.3"})
	require.NoError(t, err)
	var text []string
	for _, p := range got {
		text = append(text, p.String())
	}
	require.Equal(t, []string{"10.0.0.7/32", "192.168.1.0/24", "::1/128", "10.1.2.3/32"}, text)

	_, err = middleware.ParseProxies([]string{"proxy.example.com"})
	require.ErrorContains(t, err, "proxy.example.com")
}

func TestClientIP(t *testing.T) {
	t.Parallel()
	fixed, err := middleware.ParseProxies([]string{"10.0.0.0/8", "fd00::/8"})
	require.NoError(t, err)
	setting := []string{"203.0.113.9", "nonsense"}
	proxies := middleware.NewProxies(fixed, func() []string { return setting })

	tests := map[string]struct {
		peer      string
		forwarded []string
		want      string
	}{
		"direct":                                {"198.51.100.1:4000", nil, "198.51.100.1"},
		"a client's own header is not believed": {"198.51.100.1:4000", []string{"1.1.1.1"}, "198.51.100.1"},
		"behind a proxy":                        {"10.0.0.2:1", []string{"198.51.100.1"}, "198.51.100.1"},
		"spoofed entries stand further left":    {"10.0.0.2:1", []string{"1.1.1.1, 2.2.2.2, 198.51.100.1"}, "198.51.100.1"},
		"through two proxies":                   {"10.0.0.2:1", []string{"1.1.1.1, 198.51.100.1, 10.0.0.3"}, "198.51.100.1"},
		"several header lines":                  {"10.0.0.2:1", []string{"1.1.1.1", "198.51.100.1"}, "198.51.100.1"},
		"proxy named by a setting":              {"203.0.113.9:1", []string{"198.51.100.1"}, "198.51.100.1"},
		"trusted proxy without header":          {"10.0.0.2:1", nil, "10.0.0.2"},
		"only proxies in the chain":             {"10.0.0.2:1", []string{"10.0.0.4, 10.0.0.3"}, "10.0.0.4"},
		"unreadable entry stops":                {"10.0.0.2:1", []string{"198.51.100.1, unknown"}, "10.0.0.2"},
		"entry with port":                       {"10.0.0.2:1", []string{"198.51.100.1:5555"}, "198.51.100.1"},
		"IPv6 entry with port":                  {"[fd00::1]:1", []string{"[2001:db8::5]:99"}, "2001:db8::5"},
		"mapped IPv4 peer":                      {"[::ffff:10.0.0.2]:1", []string{"198.51.100.1"}, "198.51.100.1"},
		"no address (unix socket)":              {"@", []string{"198.51.100.1"}, "invalid IP"},
	}
	for name, test := range tests {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = test.peer
		for _, h := range test.forwarded {
			r.Header.Add("X-Forwarded-For", h)
		}
		require.Equal(t, test.want, proxies.ClientIP(r).String(), name)
	}
}

func TestHTTPS(t *testing.T) {
	t.Parallel()
	fixed, err := middleware.ParseProxies([]string{"10.0.0.2"})
	require.NoError(t, err)
	proxies := middleware.NewProxies(fixed, nil)
	request := func(peer, proto string, own bool) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "http://h/", nil)
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-Proto", proto)
		if own {
			r.TLS = &tls.ConnectionState{}
		}
		return r
	}
	require.True(t, proxies.HTTPS(request("1.2.3.4:5", "", true)))
	require.True(t, proxies.HTTPS(request("10.0.0.2:5", "https", false)))
	require.True(t, proxies.HTTPS(request("10.0.0.2:5", "HTTPS, http", false)))
	require.False(t, proxies.HTTPS(request("1.2.3.4:5", "https", false)), "anybody can send the header")
	require.False(t, proxies.HTTPS(request("10.0.0.2:5", "http", false)))
}

func TestSettingOfProxiesMayChange(t *testing.T) {
	t.Parallel()
	var setting []string
	proxies := middleware.NewProxies(nil, func() []string { return setting })
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = "172.16.0.1:1"
	r.Header.Set("X-Forwarded-For", "8.8.8.8")
	require.Equal(t, "172.16.0.1", proxies.ClientIP(r).String())
	setting = []string{"172.16.0.0/12"}
	require.Equal(t, "8.8.8.8", proxies.ClientIP(r).String())
	setting = []string{"192.0.2.1"}
	require.Equal(t, "172.16.0.1", proxies.ClientIP(r).String())
}
