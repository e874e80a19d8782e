package filter

import (
	"errors"
	"regexp"
	"strings"
)

// maxMatches is how many places of one string a filter may change.
const maxMatches = 100_000

var errMatches = errors.New("the text is found in too many places")

// replaceAll replaces a text that is not empty.
func replaceAll(old, replacement string) func(string) (string, error) {
	return func(text string) (string, error) {
		n := strings.Count(text, old)
		switch {
		case n == 0:
			return text, nil
		case n > maxMatches:
			return text, errMatches
		case n*(len(replacement)-len(old)) > maxGrowth:
			return text, errGrowth
		}
		return strings.ReplaceAll(text, old, replacement), nil
	}
}

// replaceWhole replaces strings that are the text and nothing else.
func replaceWhole(old, replacement string) func(string) (string, error) {
	return func(text string) (string, error) {
		if text == old {
			return replacement, nil
		}
		return text, nil
	}
}

// replaceMatches replaces what an expression matches; $1 and ${name} in the
// replacement are its groups.
func replaceMatches(re *regexp.Regexp, replacement string) func(string) (string, error) {
	return func(text string) (string, error) {
		if !re.MatchString(text) { // the usual case, and the cheapest question
			return text, nil
		}
		found := re.FindAllStringSubmatchIndex(text, maxMatches+1)
		if len(found) > maxMatches {
			return text, errMatches
		}
		var out []byte
		at := 0
		for _, m := range found {
			out = re.ExpandString(append(out, text[at:m[0]]...), replacement, text, m)
			at = m[1]
			if len(out) > len(text)+maxGrowth {
				return text, errGrowth
			}
		}
		return string(append(out, text[at:]...)), nil
	}
}
