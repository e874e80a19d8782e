package routing

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

//go:embed error_rules.json
var builtinRules []byte

// ErrorRule says that an upstream's error text is the client's own fault, so
// that no other provider is asked.
type ErrorRule struct {
	ID          int64  `json:"id"` // of the built-in ones their place in the list, from 1
	Pattern     string `json:"pattern"`
	MatchType   string `json:"matchType"` // contains, exact or regex; all ignore case
	Category    string `json:"category"`
	Priority    int    `json:"priority"` // highest is tried first
	Description string `json:"description"`
}

// ErrorRules is a compiled rule set. Safe for concurrent use.
type ErrorRules struct{ rules []errorRule }

type errorRule struct {
	ErrorRule
	folded string         // contains, exact
	re     *regexp.Regexp // regex
}

// BuiltinErrorRules compiles the rules that ship with the program. It takes
// about a millisecond: call it once at start.
func BuiltinErrorRules() (*ErrorRules, error) {
	var rules []ErrorRule
	if err := json.Unmarshal(builtinRules, &rules); err != nil {
		return nil, fmt.Errorf("read the built-in error rules: %w", err)
	}
	for i := range rules {
		rules[i].ID = int64(i + 1)
	}
	return CompileErrorRules(rules)
}

// CompileErrorRules prepares rules for matching, highest priority first; equal
// priorities keep their order.
func CompileErrorRules(rules []ErrorRule) (*ErrorRules, error) {
	compiled := make([]errorRule, 0, len(rules))
	for _, r := range rules {
		c := errorRule{ErrorRule: r, folded: strings.ToLower(r.Pattern)}
		switch r.MatchType {
		case "contains", "exact":
		case "regex":
			re, err := regexp.Compile("(?i)" + r.Pattern)
			if err != nil {
				return nil, fmt.Errorf("compile error rule %q: %w", r.Pattern, err)
			}
			c.re = re
		default:
			return nil, fmt.Errorf("error rule %q: unknown match type %q", r.Pattern, r.MatchType)
		}
		compiled = append(compiled, c)
	}
	slices.SortStableFunc(compiled, func(a, b errorRule) int { return b.Priority - a.Priority })
	return &ErrorRules{rules: compiled}, nil
}

// match finds the first rule whose pattern is in the text.
func (s *ErrorRules) match(text string) (ErrorRule, bool) {
	if text == "" {
		return ErrorRule{}, false
	}
	folded := strings.ToLower(text)
	for i := range s.rules {
		if s.rules[i].matches(text, folded) {
			return s.rules[i].ErrorRule, true
		}
	}
	return ErrorRule{}, false
}

func (r *errorRule) matches(text, folded string) bool {
	switch {
	case r.re != nil:
		return r.re.MatchString(text)
	case r.MatchType == "exact":
		return strings.TrimSpace(folded) == r.folded
	}
	return strings.Contains(folded, r.folded)
}

// Len is the number of rules.
func (s *ErrorRules) Len() int { return len(s.rules) }
