package routing_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

// claudeCode is a request of Claude Code, started as named.
func claudeCode(entrypoint string) domain.ClientFacts {
	return domain.ClientFacts{UserAgent: "claude-cli/2.1.197 (external, " + entrypoint + ")", App: "cli", Beta: true, UserID: true}
}

func agent(userAgent string) domain.ClientFacts { return domain.ClientFacts{UserAgent: userAgent} }

func TestClientPatterns(t *testing.T) {
	t.Parallel()
	without := func(edit func(*domain.ClientFacts)) domain.ClientFacts {
		c := claudeCode("cli")
		edit(&c)
		return c
	}
	tests := map[string]struct {
		pattern string
		client  domain.ClientFacts
		want    bool
	}{
		"claude code":                   {"claude-code", claudeCode("cli"), true},
		"however it was started":        {"claude-code", claudeCode("sdk-py, agent-sdk/0.1"), true},
		"keywords ignore case":          {"Claude-Code", claudeCode("cli"), true},
		"its user agent alone":          {"claude-code", agent("claude-cli/2.1.197 (external, cli)"), false},
		"without the app header":        {"claude-code", without(func(c *domain.ClientFacts) { c.App = "" }), false},
		"without betas":                 {"claude-code", without(func(c *domain.ClientFacts) { c.Beta = false }), false},
		"without a user id":             {"claude-code", without(func(c *domain.ClientFacts) { c.UserID = false }), false},
		"counting without a user id":    {"claude-code", without(func(c *domain.ClientFacts) { c.UserID, c.Counting = false, true }), true},
		"cli":                           {"claude-code-cli", claudeCode("cli"), true},
		"cli is not sdk-cli":            {"claude-code-cli", claudeCode("sdk-cli"), false},
		"sdk-cli":                       {"claude-code-cli-sdk", claudeCode("sdk-cli"), true},
		"vscode":                        {"claude-code-vscode", claudeCode("claude-vscode, agent-sdk/0.2"), true},
		"sdk-ts":                        {"claude-code-sdk-ts", claudeCode("sdk-ts"), true},
		"sdk-py":                        {"claude-code-sdk-py", claudeCode("sdk-ts"), false},
		"action":                        {"claude-code-gh-action", claudeCode("claude-code-github-action"), true},
		"codex, any":                    {"codex-cli", agent("codex_exec/0.169.0 (Linux)"), true},
		"codex desktop":                 {"codex-cli", agent("Codex Desktop/1.0"), true},
		"codex narrowed":                {"codex_vscode", agent("codex_exec/0.169.0"), false},
		"codex narrowed to itself":      {"codex_exec", agent("codex_exec/0.169.0"), true},
		"part of the user agent":        {"geminicli", agent("GeminiCLI/0.9 (linux)"), true},
		"hyphens and underscores alike": {"gemini_cli", agent("Gemini-CLI/0.9"), true},
		"glob":                          {"opencode/*", agent("opencode/1.18.33"), true},
		"globs match the whole":         {"code/*", agent("opencode/1.18.33"), false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			facts := func(in *routing.Input) { in.Client = tc.client }
			allowed := routing.Choose(input(plan(provider(1, clients([]string{tc.pattern}, nil))), facts), seeded(1))
			require.Equal(t, tc.want, allowed.Provider != nil)
			blocked := routing.Choose(input(plan(provider(1, clients(nil, []string{tc.pattern}))), facts), seeded(1))
			require.Equal(t, !tc.want, blocked.Provider != nil)
		})
	}
}

func TestClientListsTogether(t *testing.T) {
	t.Parallel()
	refusal := func(p *domain.Provider, userAgent string) string {
		got := routing.Choose(input(plan(p), from(userAgent)), seeded(1))
		if got.Provider != nil {
			return ""
		}
		return got.Context.Filtered[0].Details
	}
	both := provider(1, clients([]string{"codex"}, []string{"codex_exec"}))
	require.Equal(t, "blocked by codex_exec", refusal(both, "codex_exec/1.0"), "blocked beats allowed")
	require.Empty(t, refusal(both, "codex-tui/1.0"))
	require.Equal(t, "not among the allowed clients", refusal(both, "curl/8"))
	require.Equal(t, "no User-Agent to allow", refusal(both, ""))
	require.Empty(t, refusal(provider(1, clients(nil, []string{"curl"})), ""), "a block-list needs no User-Agent")
}
