package upstream_test

import (
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// held is a body that wants to know when it was sent.
type held struct {
	text
	sent chan struct{}
}

func (h held) Sent() { close(h.sent) }

func TestABodyIsToldThatItWasSent(t *testing.T) {
	t.Parallel()
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := held{text: "hello", sent: make(chan struct{})}
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got, _ := io.ReadAll(r.Body)
				select { // long before the answer
				case <-body.sent:
					_, _ = w.Write(got)
				case <-r.Context().Done():
				}
			}))
			srv.EnableHTTP2 = http2
			srv.StartTLS()
			defer srv.Close()
			roots := x509.NewCertPool()
			roots.AddCert(srv.Certificate())

			call := post(provider(domain.TypeClaude, srv.URL))
			call.Body, call.HTTP2 = body, http2
			res, err := newClient(t, upstream.Options{Roots: roots}).Do(t.Context(), call)
			require.NoError(t, err)
			defer res.Body.Close()
			got, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.Equal(t, "hello", string(got))
		})
	}
}
