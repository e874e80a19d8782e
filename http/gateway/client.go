package gateway

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/claude-code-hub/cch/internal/domain"
)

// agent is a client program as its User-Agent names it.
type agent struct{ kind, version string }

// agentOf recognises the agents people use; others stay unnamed.
func agentOf(userAgent string) agent {
	product, _, _ := strings.Cut(userAgent, " ")
	name, version, _ := strings.Cut(product, "/")
	switch {
	case name == "claude-cli":
		return agent{"claude-code", version}
	case strings.HasPrefix(name, "codex"):
		return agent{"codex", version}
	case strings.HasPrefix(name, "GeminiCLI"):
		version, _, _ = strings.Cut(version, "/")
		return agent{"gemini-cli", version}
	case strings.HasPrefix(strings.ToLower(name), "opencode"):
		return agent{"opencode", version}
	}
	return agent{}
}

// client is what the request shows of the program that sent it.
func (x *exchange) client() domain.ClientFacts {
	h := x.r.Header
	return domain.ClientFacts{
		UserAgent: h.Get("User-Agent"), App: h.Get("X-App"), Beta: h.Get("Anthropic-Beta") != "",
		UserID: x.head.hints.userID.String() != "", Counting: x.target.class == domain.CallCount,
	}
}

// before tells whether the agent's version is lower than a.b.c. A version that
// cannot be read is not lower than anything.
func (c agent) before(a, b, patch int) bool {
	parts := strings.SplitN(c.version, ".", 3)
	if len(parts) != 3 {
		return false
	}
	for i, want := range [...]int{a, b, patch} {
		got, err := strconv.Atoi(parts[i])
		if err != nil {
			return false
		}
		if got != want {
			return got < want
		}
	}
	return false
}

// clip cuts s to at most n bytes without cutting a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
