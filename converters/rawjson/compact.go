package rawjson

import (
	"strings"

	"github.com/tidwall/gjson"
)

// Compact returns a valid JSON text without white space between tokens and with
// non-ASCII characters unescaped. A text that is so already is returned as is.
func Compact(json string) string {
	if isCompact(json) {
		return json
	}
	out := make([]byte, 0, len(json))
	for i := 0; i < len(json); {
		switch c := json[i]; c {
		case ' ', '\t', '\n', '\r':
			i++
		case '"':
			end := StringEnd(json, i)
			if token := json[i:end]; strings.Contains(token, `\u`) {
				out = AppendString(out, gjson.Parse(token).Str)
			} else {
				out = append(out, token...)
			}
			i = end
		default:
			out = append(out, c)
			i++
		}
	}
	return string(out)
}

func isCompact(json string) bool {
	for i := 0; i < len(json); i++ {
		switch json[i] {
		case ' ', '\t', '\n', '\r':
			return false
		case '"':
			end := StringEnd(json, i)
			if strings.Contains(json[i:end], `\u`) {
				return false
			}
			i = end - 1
		}
	}
	return true
}

// StringEnd is the index after the string token that starts at i of a valid
// document: behind the first quote with an even number of backslashes before it.
func StringEnd(json string, i int) int {
	for at := i + 1; ; {
		n := strings.IndexByte(json[at:], '"')
		if n < 0 {
			return len(json)
		}
		quote := at + n
		back := quote
		for back > at && json[back-1] == '\\' {
			back--
		}
		at = quote + 1
		if (quote-back)%2 == 0 {
			return at
		}
	}
}

// Object returns json if it is an object, and wraps any other text as
// {"_raw":"…"}, for formats whose arguments have to be an object. Nothing at all
// is an empty object.
func Object(json string) string {
	trimmed := strings.TrimSpace(json)
	if trimmed == "" {
		return "{}"
	}
	if trimmed[0] == '{' && Valid(trimmed) {
		return trimmed
	}
	return string(append(AppendString([]byte(`{"_raw":`), json), '}'))
}
