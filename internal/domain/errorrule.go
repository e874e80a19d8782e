package domain

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"time"
)

// ErrorRuleID names an error rule.
type ErrorRuleID int64

// Bounds of error rules.
const (
	MaxErrorRules       = 500
	MaxErrorPattern     = 500      // characters
	MaxOverrideResponse = 10 << 10 // bytes
	maxPatternSize      = 10_000   // instructions of a compiled pattern, about
	LeastOverrideStatus = 400      // of the answer in an upstream's stead
	MostOverrideStatus  = 600 - 1
)

// ErrorRule says that an upstream's error text is the client's own fault, so
// that no other provider is asked, and what the client is told then.
type ErrorRule struct {
	ID          ErrorRuleID
	Version     int
	Pattern     string
	MatchType   MatchType // contains, exact (but for white space around) or regex; all ignore case
	Category    string
	Description string
	Priority    int // highest is tried first, then the lowest id
	Enabled     bool
	Default     bool // it came with the program: what it looks for stays as it is
	Override    ErrorOverride
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// ErrorOverride is what a client gets instead of the upstream's refusal.
type ErrorOverride struct {
	Status   int    // 0 = the upstream's
	Response []byte // an error in the form of Claude, OpenAI or Gemini; empty = the upstream's
}

// ErrPatternTooLarge reports a pattern whose automaton would take too much memory.
var ErrPatternTooLarge = errors.New("the pattern's repetitions multiply to too large a program")

// CompilePattern compiles a pattern of RE2 that ignores case. Patterns come from
// operators: what would take more than some hundred kilobytes is refused.
func CompilePattern(pattern string) (*regexp.Regexp, error) {
	parsed, err := syntax.Parse(pattern, syntax.Perl|syntax.FoldCase)
	if err != nil {
		return nil, fmt.Errorf("read the pattern: %w", err)
	}
	if patternSize(parsed) > maxPatternSize {
		return nil, ErrPatternTooLarge
	}
	return regexp.Compile("(?i)" + pattern) //nolint:wrapcheck // it says all there is
}

// patternSize is about how many instructions a pattern takes, worked out before
// its repetitions are written out.
func patternSize(re *syntax.Regexp) int {
	size := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		size = min(size+patternSize(sub), maxPatternSize+1)
	}
	if re.Op == syntax.OpRepeat {
		size = min(size*max(re.Min, re.Max, 1), maxPatternSize+1)
	}
	return size
}

// Check tells what is wrong with what the rule looks for, nil if nothing.
func (r *ErrorRule) Check() error {
	switch r.MatchType {
	case MatchContains, MatchExact:
		return nil
	case MatchRegex:
		_, err := CompilePattern(r.Pattern)
		return err
	case MatchPrefix, MatchSuffix:
	}
	return fmt.Errorf("unknown match type %q", r.MatchType)
}

// ErrorRules are the enabled rules, ready to match. The zero value has none. Safe
// for concurrent use.
type ErrorRules struct{ rules []compiledRule }

type compiledRule struct {
	*ErrorRule

	folded string         // contains, exact
	re     *regexp.Regexp // regex
}

// NewErrorRules prepares rules for matching, which takes some milliseconds for
// hundreds of them. Rules that do not compile are left out: they were checked
// when they were written.
func NewErrorRules(rules []*ErrorRule) *ErrorRules {
	s := new(ErrorRules)
	for _, r := range rules {
		if !r.Enabled || r.Pattern == "" {
			continue
		}
		c := compiledRule{ErrorRule: r, folded: strings.ToLower(r.Pattern)}
		if r.MatchType == MatchRegex {
			re, err := CompilePattern(r.Pattern)
			if err != nil {
				continue
			}
			c.re = re
		}
		s.rules = append(s.rules, c)
	}
	slices.SortStableFunc(s.rules, func(a, b compiledRule) int { return b.Priority - a.Priority })
	return s
}

// Match finds the first rule whose pattern is in the text, or nil.
func (s *ErrorRules) Match(text string) *ErrorRule {
	if s == nil || text == "" {
		return nil
	}
	folded := strings.ToLower(text)
	for i := range s.rules {
		if s.rules[i].matches(text, folded) {
			return s.rules[i].ErrorRule
		}
	}
	return nil
}

func (r *compiledRule) matches(text, folded string) bool {
	switch {
	case r.re != nil:
		return r.re.MatchString(text)
	case r.MatchType == MatchExact:
		return strings.TrimSpace(folded) == r.folded
	}
	return strings.Contains(folded, r.folded)
}

// Len is the number of rules that are matched.
func (s *ErrorRules) Len() int { return len(s.rules) }

// Matched is the rule as a record tells of it.
func (r *ErrorRule) Matched() *MatchedRule {
	return &MatchedRule{
		RuleID: int64(r.ID), Pattern: r.Pattern, MatchType: string(r.MatchType), Category: r.Category, Description: r.Description,
		HasOverrideResponse: len(r.Override.Response) > 0, HasOverrideStatusCode: r.Override.Status != 0,
	}
}
