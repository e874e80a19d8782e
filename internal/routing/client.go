package routing

import (
	"regexp"
	"slices"
	"strings"

	"github.com/claude-code-hub/cch/internal/domain"
)

// clientRule is a compiled pattern over client programs: a keyword, a glob, or
// a part of the User-Agent.
type clientRule struct {
	pattern string // as written
	matches func(c *domain.ClientFacts) bool
}

// clientLists are the clients that a provider admits and refuses.
type clientLists struct{ allowed, blocked []clientRule }

// claudeCode is the keyword for Claude Code however it runs; those below are
// the ways it runs, as its User-Agent names them.
const claudeCode = "claude-code"

func claudeEntrypoint(keyword string) string {
	switch keyword {
	case "claude-code-cli":
		return "cli"
	case "claude-code-cli-sdk":
		return "sdk-cli"
	case "claude-code-vscode":
		return "claude-vscode"
	case "claude-code-sdk-ts":
		return "sdk-ts"
	case "claude-code-sdk-py":
		return "sdk-py"
	case "claude-code-gh-action":
		return "claude-code-github-action"
	}
	return ""
}

// codexAgents are the User-Agents of Codex's programs.
func codexAgents(keyword string) []string {
	switch keyword {
	case "codex-cli":
		return []string{"codex desktop", "codex-tui", "codex_cli_rs", "codex_exec", "codex_vscode"}
	case "codex_cli_core":
		return []string{"codex_cli_rs", "codex-tui"}
	case "codex_exec", "codex_vscode", "codex desktop":
		return []string{keyword}
	}
	return nil
}

func compileClients(allowed, blocked []string) *clientLists {
	if len(allowed) == 0 && len(blocked) == 0 {
		return nil
	}
	return &clientLists{allowed: compileClientRules(allowed), blocked: compileClientRules(blocked)}
}

func compileClientRules(patterns []string) []clientRule {
	rules := make([]clientRule, 0, len(patterns))
	for _, p := range patterns {
		rules = append(rules, clientRule{pattern: p, matches: compileClient(p)})
	}
	return rules
}

func compileClient(pattern string) func(*domain.ClientFacts) bool {
	keyword := strings.ToLower(strings.TrimSpace(pattern))
	if keyword == claudeCode {
		return isClaudeCode
	}
	if entrypoint := claudeEntrypoint(keyword); entrypoint != "" {
		return func(c *domain.ClientFacts) bool { return isClaudeCode(c) && entrypointOf(c.UserAgent) == entrypoint }
	}
	if agents := codexAgents(keyword); agents != nil {
		return func(c *domain.ClientFacts) bool {
			agent := strings.ToLower(c.UserAgent)
			return slices.ContainsFunc(agents, func(a string) bool { return strings.HasPrefix(agent, a) })
		}
	}
	if strings.Contains(pattern, "*") {
		glob := regexp.MustCompile(`(?is)^` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + `$`)
		return func(c *domain.ClientFacts) bool { return glob.MatchString(c.UserAgent) }
	}
	part := foldClient(pattern)
	return func(c *domain.ClientFacts) bool { return part != "" && strings.Contains(foldClient(c.UserAgent), part) }
}

// isClaudeCode wants all four signs of Claude Code, since each alone is easily
// worn by others. A token count has no metadata to show.
func isClaudeCode(c *domain.ClientFacts) bool {
	return c.App == "cli" && c.Beta && (c.UserID || c.Counting) && strings.HasPrefix(c.UserAgent, "claude-cli/")
}

// entrypointOf is how Claude Code was started: the second word of
// "claude-cli/2.1.0 (external, sdk-ts)".
func entrypointOf(userAgent string) string {
	_, inside, _ := strings.Cut(userAgent, "(external,")
	inside, _, _ = strings.Cut(inside, ")")
	first, _, _ := strings.Cut(inside, ",")
	return strings.TrimSpace(first)
}

// foldClient makes names alike that differ in case, hyphens and underscores.
func foldClient(s string) string {
	return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(s))
}

// refusal tells why the client may not use the provider, or nothing. Being
// blocked beats being allowed; only an allow-list needs a User-Agent.
func (l *clientLists) refusal(c *domain.ClientFacts) string {
	if l == nil {
		return ""
	}
	for i := range l.blocked {
		if l.blocked[i].matches(c) {
			return "blocked by " + l.blocked[i].pattern
		}
	}
	if len(l.allowed) == 0 {
		return ""
	}
	for i := range l.allowed {
		if l.allowed[i].matches(c) {
			return ""
		}
	}
	if c.UserAgent == "" {
		return "no User-Agent to allow"
	}
	return "not among the allowed clients"
}
