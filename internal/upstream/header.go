package upstream

import (
	"net/http"
	"strings"

	"github.com/claude-code-hub/cch/internal/domain"
)

// codexUserAgent is sent to a Codex provider when the client names none: some
// refuse calls without it.
const codexUserAgent = "codex_cli_rs/0.93.0 (Linux; x86_64) unknown"

// dropped tells which of a client's headers end here: hop-by-hop and framing,
// credentials, everything that tells who and where the client is, and traces
// of the way so far. Names are in canonical form.
func dropped(name string) bool {
	switch name {
	case "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer",
		"Transfer-Encoding", "Upgrade", "Expect", "Host", "Content-Length", "Content-Encoding", "Accept-Encoding",
		"Authorization", "X-Api-Key", "X-Goog-Api-Key", "Cookie",
		"X-Real-Ip", "X-Client-Ip", "X-Originating-Ip", "X-Remote-Ip", "X-Remote-Addr", "True-Client-Ip",
		"X-Cluster-Client-Ip", "Fastly-Client-Ip", "Cf-Connecting-Ip", "Forwarded", "Cf-Ray", "Cf-Visitor",
		"Cf-Ipcountry", "Cdn-Loop", "X-Request-Id", "X-Correlation-Id", "X-Trace-Id", "X-Amzn-Trace-Id",
		"Traceparent", "Tracestate", "Baggage":
		return true
	}
	for _, prefix := range [...]string{"X-Cch-", "X-Forwarded-", "X-Azure-", "Akamai-", "X-B3-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// protected headers cannot be set by a provider's custom headers.
func protected(name string) bool {
	switch name {
	case "Host", "Authorization", "X-Api-Key", "X-Goog-Api-Key", "Content-Length", "Transfer-Encoding", "Connection",
		"Content-Encoding", "Accept-Encoding", "Te", "Trailer", "Upgrade":
		return true
	}
	return false
}

// outgoing builds the headers of the call: what the client sent and may pass,
// defaults, the provider's custom headers, then the provider's credential.
// Value slices are shared with the client's header and must not be changed.
func outgoing(call *Call, host string) http.Header {
	p := call.Provider
	h := make(http.Header, len(call.Header)+4)
	hop := call.Header["Connection"]
	for name, values := range call.Header {
		if !dropped(name) && !named(hop, name) {
			h[name] = values
		}
	}
	h["Accept-Encoding"] = []string{"identity"}
	if encoding, ok := call.Header["Content-Encoding"]; ok && call.Encoded {
		h["Content-Encoding"] = encoding
	}
	if _, ok := h["User-Agent"]; !ok {
		h["User-Agent"] = []string{""} // keeps net/http from naming itself
		if p.Type == domain.TypeCodex {
			h["User-Agent"] = []string{codexUserAgent}
		}
	}
	if p.Transport.PreserveClientIP && call.ClientIP != "" {
		h["X-Forwarded-For"] = []string{call.ClientIP}
		h["X-Real-Ip"] = []string{call.ClientIP}
	}
	for name, value := range p.Transport.CustomHeaders {
		if name = http.CanonicalHeaderKey(name); !protected(name) {
			h[name] = []string{value.Reveal()}
		}
	}
	authorize(h, p, host)
	if call.Finish != nil {
		return call.Finish(h)
	}
	return h
}

// named tells whether a Connection header makes name hop-by-hop.
func named(connection []string, name string) bool {
	for _, line := range connection {
		for token := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(token), name) {
				return true
			}
		}
	}
	return false
}

// authorize puts the provider's credential where its kind expects it.
func authorize(h http.Header, p *domain.Provider, host string) {
	key := p.Key.Reveal()
	switch p.Type {
	case domain.TypeGemini, domain.TypeGeminiCLI:
		h["X-Goog-Api-Key"] = []string{key}
		if p.Type == domain.TypeGeminiCLI {
			h["X-Goog-Api-Client"] = []string{"GeminiCLI/1.0"}
		}
		return
	case domain.TypeClaude:
		style := p.Transport.AuthStyle
		if style == "" || style == domain.AuthAuto {
			style = guessStyle(host)
		}
		if style != domain.AuthBearer {
			h["X-Api-Key"] = []string{key}
		}
		if style == domain.AuthXAPIKey {
			return
		}
	case domain.TypeClaudeAuth, domain.TypeCodex, domain.TypeOpenAICompatible:
	}
	h["Authorization"] = []string{"Bearer " + key}
}

// guessStyle reads from its host how a Claude provider wants its key: relays
// take Bearer only, the AWS gateway x-api-key only, others either.
func guessStyle(host string) domain.AuthStyle {
	if strings.HasPrefix(host, "aws-external-anthropic.") && strings.HasSuffix(host, ".api.aws") {
		return domain.AuthXAPIKey
	}
	for label := range strings.SplitSeq(host, ".") {
		switch label {
		case "proxy", "relay", "gateway", "router", "worker", "openrouter", "api2d", "oaipro":
			return domain.AuthBearer
		}
	}
	return domain.AuthBoth
}

// CopyHeaders puts those of an upstream's answer that a client may see into dst.
func CopyHeaders(dst, src http.Header) {
	for name, values := range src {
		switch name {
		case "Content-Type", "Cache-Control", "Retry-After", "X-Should-Retry":
			dst[name] = values
		case "X-Request-Id", "Request-Id":
			dst["X-Upstream-Request-Id"] = values
		default:
			if strings.HasPrefix(name, "Anthropic-Ratelimit-") || strings.HasPrefix(name, "X-Ratelimit-") ||
				strings.HasPrefix(name, "Openai-") {
				dst[name] = values
			}
		}
	}
}

// RequestID is the id the upstream gave the call, "" if none.
func RequestID(h http.Header) string {
	if id := h.Get("Request-Id"); id != "" {
		return id
	}
	return h.Get("X-Request-Id")
}
