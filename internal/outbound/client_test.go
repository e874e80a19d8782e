package outbound_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/outbound"
)

func newClient(t *testing.T, o outbound.Options) *outbound.Client {
	t.Helper()
	c, err := outbound.New(o)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func local() outbound.Policy { return outbound.Policy{AllowPrivate: true} }

func get(t *testing.T, c *outbound.Client, raw string) (*http.Response, error) {
	t.Helper()
	u, err := url.Parse(raw)
	require.NoError(t, err)
	res, err := c.Do(t.Context(), http.MethodGet, u, http.Header{"Authorization": {"Bearer key"}}, nil)
	if err == nil {
		t.Cleanup(func() { _ = res.Body.Close() })
	}
	return res, err
}

func TestAddressesAreCheckedAfterTheNameWasResolved(t *testing.T) {
	t.Parallel()
	var reached atomic.Bool
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	defer srv.Close()
	byName := strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)

	_, err := get(t, newClient(t, outbound.Options{}), byName)
	require.ErrorIs(t, err, outbound.ErrAddressDenied)
	require.False(t, reached.Load())

	_, err = get(t, newClient(t, outbound.Options{Policy: local()}), byName)
	require.NoError(t, err)
	require.True(t, reached.Load())
}

func TestMetadataStaysOutOfReachThroughAProxy(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer proxy.Close()
	c := newClient(t, outbound.Options{Policy: local(), Proxy: domain.Secret(proxy.URL)})
	_, err := get(t, c, "http://169.254.169.254/latest/meta-data")
	require.ErrorIs(t, err, outbound.ErrAddressDenied)
	require.Zero(t, asked.Load())

	_, err = get(t, c, "http://example.test/")
	require.NoError(t, err)
	require.EqualValues(t, 1, asked.Load())
}

func TestRedirectsStayOnTheHost(t *testing.T) {
	t.Parallel()
	var leaked atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { leaked.Store(true) }))
	defer other.Close()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		case "/round":
			http.Redirect(w, r, "/there", http.StatusFound)
		default:
			_, _ = io.WriteString(w, "there")
		}
	}))
	defer srv.Close()
	c := newClient(t, outbound.Options{Policy: local()})

	res, err := get(t, c, srv.URL+"/away")
	require.NoError(t, err)
	require.Equal(t, http.StatusTemporaryRedirect, res.StatusCode)
	require.False(t, leaked.Load())

	res, err = get(t, c, srv.URL+"/round")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode)
}

func TestLastAnswerIsReturnedWhenTriesAreUsedUp(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		http.Error(w, "broken", http.StatusBadGateway)
	}))
	defer srv.Close()
	res, err := get(t, newClient(t, outbound.Options{Policy: local()}), srv.URL)
	require.NoError(t, err)
	require.Equal(t, http.StatusBadGateway, res.StatusCode)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "broken\n", string(body))
	require.EqualValues(t, 1, calls.Load())
}

func TestProxyURLsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"ftp://h:1", "://", "proxy:3128", "socks4://h:1"} {
		_, err := outbound.New(outbound.Options{Proxy: domain.Secret(raw)})
		require.ErrorIs(t, err, outbound.ErrProxyURL, raw)
		require.NotContains(t, err.Error(), raw)
	}
}
