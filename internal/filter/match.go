package filter

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/rawjson"
	"github.com/claude-code-hub/cch/internal/domain"
)

// matcher tells which values are meant.
type matcher struct {
	field rawjson.Path
	kind  domain.MatchType
	want  gjson.Result
	regex *regexp.Regexp
}

// value tells whether an element is meant.
func (m *matcher) value(v gjson.Result) bool {
	if len(m.field) > 0 {
		found, ok := rawjson.Lookup(v.Raw, m.field)
		if !ok {
			return false
		}
		v = found
	}
	if m.kind == domain.MatchExact {
		return equal(v, m.want)
	}
	switch v.Type {
	case gjson.String:
		return m.text(v.Str)
	case gjson.Number, gjson.True, gjson.False:
		return m.text(v.Raw)
	case gjson.Null, gjson.JSON:
	}
	return false
}

// text tells whether a text is meant.
func (m *matcher) text(s string) bool {
	switch m.kind {
	case domain.MatchContains:
		return strings.Contains(s, m.want.Str)
	case domain.MatchRegex:
		return m.regex.MatchString(s)
	default:
		return m.want.Type == gjson.String && s == m.want.Str
	}
}

// equal compares JSON values by what they mean.
func equal(a, b gjson.Result) bool {
	switch {
	case a.Type != b.Type:
		return false
	case a.Type == gjson.String:
		return a.Str == b.Str
	case a.Raw == b.Raw:
		return true
	case a.Type == gjson.Number:
		return a.Num == b.Num
	case a.Type != gjson.JSON || a.Raw[0] != b.Raw[0]:
		return false
	}
	var x, y any
	if json.Unmarshal([]byte(a.Raw), &x) != nil || json.Unmarshal([]byte(b.Raw), &y) != nil {
		return false
	}
	return reflect.DeepEqual(x, y)
}
