package routing

import (
	"regexp"
	"strings"

	"github.com/claude-code-hub/cch/internal/domain"
)

// matcher is a compiled pattern over model names.
type matcher struct {
	kind    domain.MatchType
	pattern string
	re      *regexp.Regexp // kind regex
}

func compileMatcher(kind domain.MatchType, pattern string) matcher {
	m := matcher{kind: kind, pattern: pattern}
	if kind == domain.MatchRegex {
		m.re = compilePattern(pattern)
	}
	return m
}

// compilePattern reads a pattern as RE2 or, where it is none, as a glob:
// operators write *-opus and mean the glob.
func compilePattern(pattern string) *regexp.Regexp {
	if re, err := regexp.Compile(pattern); err == nil {
		return re
	}
	glob := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
	return regexp.MustCompile(`^` + glob + `$`)
}

func (m *matcher) matches(model string) bool {
	switch m.kind {
	case domain.MatchPrefix:
		return strings.HasPrefix(model, m.pattern)
	case domain.MatchSuffix:
		return strings.HasSuffix(model, m.pattern)
	case domain.MatchContains:
		return strings.Contains(model, m.pattern)
	case domain.MatchRegex:
		return m.re.MatchString(model)
	case domain.MatchExact:
	}
	return model == m.pattern
}

type redirect struct {
	matcher
	target string
}

// redirect renames the client's model for the provider; the first matching rule
// wins. The second result is nil when the model stays as it is.
func (e *entry) redirect(model string) (string, *domain.ModelRedirectUsed) {
	if model == "" {
		return model, nil
	}
	for i := range e.redirects {
		r := &e.redirects[i]
		if !r.matches(model) {
			continue
		}
		if r.target == model {
			return model, nil
		}
		return r.target, &domain.ModelRedirectUsed{
			OriginalModel:   model,
			RedirectedModel: r.target,
			BillingModel:    model,
			MatchedRule:     string(r.kind) + ":" + r.pattern,
		}
	}
	return model, nil
}

// serves tells whether the provider's model rules admit the client's own model
// name. Redirects do not widen them, and a call that names no model passes.
func (e *entry) serves(model string) bool {
	if len(e.models) == 0 || model == "" {
		return true
	}
	for i := range e.models {
		if e.models[i].matches(model) {
			return true
		}
	}
	return false
}
