package gateway_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/claude-code-hub/cch/internal/domain"
)

// tenKB is a request of the size small agents send.
func tenKB() string {
	return `{"model":"claude-5","stream":false,"metadata":{"user_id":"u"},"messages":[{"role":"user","content":"` +
		strings.Repeat("lorem ipsum ", 850) + `"}]}`
}

func benchmarkCalls(b *testing.B, h http.Handler, r func() *http.Request) {
	b.Helper()
	srv := httptest.NewServer(h)
	defer srv.Close()
	target, _ := url.Parse(srv.URL)
	client := &http.Transport{MaxIdleConnsPerHost: 64}
	defer client.CloseIdleConnections()
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		req := r()
		req.URL.Host = target.Host
		res, err := client.RoundTrip(req)
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
}

// BenchmarkDocument compares a call through the gateway (actor side scripted)
// with one through a bare reverse proxy.
func BenchmarkDocument(b *testing.B) {
	body := tenKB()
	b.Run("gateway", func(b *testing.B) {
		w := newWorld(b, nil, says(200, "application/json", message))
		benchmarkCalls(b, w.gateway, func() *http.Request { return w.request(b.Context(), body) })
	})
	b.Run("reverse proxy", func(b *testing.B) {
		w := newWorld(b, nil, says(200, "application/json", message))
		target, _ := url.Parse(w.config.Providers[0].URL)
		proxy := httputil.NewSingleHostReverseProxy(target)
		proxy.Transport = &http.Transport{MaxIdleConnsPerHost: 64}
		defer proxy.Transport.(*http.Transport).CloseIdleConnections()
		benchmarkCalls(b, proxy, func() *http.Request { return w.request(b.Context(), body) })
	})
}

// BenchmarkStream relays a megabyte of five-byte deltas.
func BenchmarkStream(b *testing.B) {
	var text bytes.Buffer
	text.WriteString(messageStart("m"))
	for text.Len() < 1<<20 {
		text.WriteString(textDelta("lorem"))
	}
	text.WriteString(messageEnd())
	w := newWorld(b, nil, streams(text.String()))
	b.SetBytes(int64(text.Len()))
	benchmarkCalls(b, w.gateway, func() *http.Request { return w.request(b.Context(), streamBody) })
}

// BenchmarkConvertedStream has a Chat provider serve a megabyte of five-byte
// deltas to a Claude client.
func BenchmarkConvertedStream(b *testing.B) {
	p := wires()["chat"]
	var text bytes.Buffer
	text.WriteString(as("m", p.events[0]))
	for text.Len() < 1<<20 {
		text.WriteString(strings.Replace(as("m", p.events[1]), "Hello", "lorem", 1))
	}
	text.WriteString(as("m", strings.Join(p.events[2:], "")))
	w := newWorld(b, converting(b, domain.TypeOpenAICompatible), streams(text.String()))
	b.SetBytes(int64(text.Len()))
	benchmarkCalls(b, w.gateway, func() *http.Request { return w.request(b.Context(), streamBody) })
}

// BenchmarkConvertedRequest has a request of a megabyte put into another
// protocol and its short answer back.
func BenchmarkConvertedRequest(b *testing.B) {
	body := strings.Replace(tenKB(), "lorem", strings.Repeat("lorem ", 200), 850)
	w := newWorld(b, converting(b, domain.TypeOpenAICompatible), says(200, "application/json", as("m", wires()["chat"].document)))
	b.SetBytes(int64(len(body)))
	benchmarkCalls(b, w.gateway, func() *http.Request { return w.request(b.Context(), body) })
}

// BenchmarkProtocols makes a streamed call of ten kilobytes in every protocol
// but Claude's, with a short answer.
func BenchmarkProtocols(b *testing.B) {
	for name, p := range wires() {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, nil, streams(p.stream("m")))
			body := as("m", strings.Replace(p.body, `h\u00e9`, strings.Repeat("lorem ipsum ", 850), 1))
			b.SetBytes(int64(len(body)))
			benchmarkCalls(b, w.gateway, func() *http.Request {
				r, _ := http.NewRequestWithContext(b.Context(), http.MethodPost, w.server.URL+as("m", p.path), strings.NewReader(body))
				r.Header.Set("Authorization", "Bearer "+clientKey)
				return r
			})
		})
	}
}
