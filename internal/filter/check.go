package filter

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Fault is one thing that is wrong with a filter: where, in the words of the
// management API, and what.
type Fault struct {
	Path    []any
	Code    string
	Message string
}

// Faults are all that is wrong with a filter.
type Faults []Fault

func (f *Faults) add(code, message string, path ...any) {
	*f = append(*f, Fault{Path: path, Code: code, Message: message})
}

func (f *Faults) within(part Faults, path ...any) {
	for _, p := range part {
		p.Path = append(slices.Clone(path), p.Path...)
		*f = append(*f, p)
	}
}

// Codes and texts of faults.
const (
	codeRequired   = "required"
	codeChoice     = "invalid_choice"
	codeFormat     = "invalid_format"
	codeType       = "invalid_type"
	codeTooLong    = "too_long"
	codeNotAllowed = "not_allowed"

	tooLong     = "has more than 500 bytes"
	matchChoice = "is exact, contains or regex"
)

// maxName is the length of a filter's name, in characters.
const maxName = 100

// Check tells what is wrong with a filter, nothing if it can be used.
func Check(f *domain.RequestFilter) Faults {
	_, wrong := compile(f)
	switch {
	case strings.TrimSpace(f.Name) == "":
		wrong.add(codeRequired, "is empty", "name")
	case utf8.RuneCountInString(f.Name) > maxName:
		wrong.add(codeTooLong, "has more than 100 characters", "name")
	}
	if f.Phase != domain.FilterGuard && f.Phase != domain.FilterFinal {
		wrong.add(codeChoice, "is guard or final", "phase")
	}
	providers, groups := len(f.Providers) > 0, len(f.Groups) > 0
	switch f.Binding {
	case domain.FilterGlobal, domain.FilterProviders, domain.FilterGroups:
		wrong.binding(f.Binding == domain.FilterProviders, providers, "providerIds")
		wrong.binding(f.Binding == domain.FilterGroups, groups, "groupIds")
	default:
		wrong.add(codeChoice, "is global, providers or groups", "binding")
	}
	slices.SortStableFunc(wrong, func(a, b Fault) int { return strings.Compare(first(a), first(b)) })
	return wrong
}

// first keeps the order of faults the same from call to call.
func first(f Fault) string {
	name, _ := f.Path[0].(string)
	return name
}

func (f *Faults) binding(wanted, given bool, name string) {
	switch {
	case wanted && !given:
		f.add(codeRequired, "is required for this binding", name)
	case given && !wanted:
		f.add(codeNotAllowed, "is not used by this binding", name)
	}
}

// isToken tells whether a text may be the name of a header.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?={}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// isFieldValue tells whether a text may be the value of a header.
func isFieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return strings.Trim(s, " \t") == s
}
