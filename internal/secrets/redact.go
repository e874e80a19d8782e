package secrets

import "strings"

const mask = "***"

// Redact masks the credentials in a text: API keys (sk-…, AIza…, ya29.…), JSON
// web tokens, Bearer and Basic credentials, the values of credential headers,
// JSON fields and query parameters, URL user-info and Telegram bot paths.
//
// It errs towards masking too much. One pass, and no allocation when nothing is
// found. Redact(Redact(s)) == Redact(s).
func Redact(s string) string {
	r := redactor{in: s}
	for i := 0; i < len(s); {
		i = r.step(i)
	}
	if r.done == 0 {
		return s
	}
	r.out.WriteString(s[r.done:])
	return r.out.String()
}

// redactor walks a text word by word and copies all but the credentials.
type redactor struct {
	in   string
	out  strings.Builder
	done int // in[:done] is dealt with
}

// hide replaces in[from:to] by the mask.
func (r *redactor) hide(from, to int) int {
	r.out.WriteString(r.in[r.done:from])
	r.out.WriteString(mask)
	r.done = to
	return to
}

// step looks at the word or the separator at i and returns where to go on.
func (r *redactor) step(i int) int {
	if !isWord(r.in[i]) {
		if strings.HasPrefix(r.in[i:], "://") {
			return r.userInfo(i + len("://"))
		}
		return i + 1
	}
	end := i
	for end < len(r.in) && isWord(r.in[end]) {
		end++
	}
	return r.word(i, end)
}

// word deals with in[i:end], a run of letters, digits, '-' and '_'.
func (r *redactor) word(i, end int) int {
	w := r.in[i:end]
	switch w[0] {
	case 's':
		if strings.HasPrefix(w, "sk-") && len(w) >= 11 {
			return r.hide(i+len("sk-"), end)
		}
	case 'A':
		if strings.HasPrefix(w, "AIza") && len(w) >= 20 {
			return r.hide(i+len("AIza"), end)
		}
	case 'e':
		if strings.HasPrefix(w, "eyJ") && len(w) >= 8 && r.at(end) == '.' {
			return r.hide(i, r.span(end, isToken))
		}
	case 'y':
		if w == "ya29" && r.at(end) == '.' {
			return r.hide(end, r.span(end, isToken))
		}
	case 'b':
		if isBot(w) && r.at(end) == ':' && r.at(i-1) == '/' {
			return r.hide(i+len("bot"), r.span(end+1, isWord))
		}
	}
	return r.named(i, end)
}

// named masks what follows a word that announces a credential.
func (r *redactor) named(i, end int) int {
	switch nameKind(r.in[i:end]) {
	case nameScheme:
		from := r.span(end, isBlank)
		to := r.span(from, isToken)
		if from > end && looksRandom(r.in[from:to]) {
			return r.hide(from, to)
		}
	case nameHeader:
		if from, ok := r.assigned(end); ok {
			return r.value(from, isHeaderValue)
		}
	case nameField:
		if from, ok := r.assigned(end); ok {
			return r.value(from, isFieldValue)
		}
	case nameQuery:
		before := r.at(i - 1)
		if (before == '?' || before == '&') && r.at(end) == '=' {
			return r.value(end+1, isFieldValue)
		}
	case nameNone:
	}
	return end
}

func (r *redactor) value(from int, in func(byte) bool) int {
	to := r.span(from, in)
	if to == from {
		return from
	}
	return r.hide(from, to)
}

// assigned steps over the quotes, blanks and the ':' or '=' between a name and
// its value, escaped quotes of JSON inside JSON included.
func (r *redactor) assigned(i int) (int, bool) {
	i = r.span(i, isQuoting)
	i = r.span(i, isBlank)
	if c := r.at(i); c != ':' && c != '=' {
		return 0, false
	}
	i = r.span(i+1, isBlank)
	return r.span(i, isQuoting), true
}

// userInfo masks the password part between "://" and "@", or all of it when
// there is no colon.
func (r *redactor) userInfo(i int) int {
	end := r.span(i, isAuthority)
	at := strings.LastIndexByte(r.in[i:end], '@')
	if at <= 0 {
		return i
	}
	return r.hide(i, i+at)
}

func (r *redactor) at(i int) byte {
	if i < 0 || i >= len(r.in) {
		return 0
	}
	return r.in[i]
}

func (r *redactor) span(i int, in func(byte) bool) int {
	for i < len(r.in) && in(r.in[i]) {
		i++
	}
	return i
}

type credentialName uint8

const (
	nameNone   credentialName = iota
	nameScheme                // a credential follows after a blank
	nameHeader                // the rest of the line is the credential
	nameField                 // a single value follows
	nameQuery                 // as a field, but only inside a query
)

// nameKind sorts a word, ignoring case. Its length bounds keep most words off
// the lower-casing.
func nameKind(w string) credentialName {
	if len(w) < len("key") || len(w) > len("proxy-authorization") {
		return nameNone
	}
	var buf [len("proxy-authorization")]byte
	for i := range len(w) {
		buf[i] = lower(w[i])
	}
	switch string(buf[:len(w)]) { // does not allocate
	case "bearer", "basic":
		return nameScheme
	case "authorization", "proxy-authorization", "cookie", "set-cookie":
		return nameHeader
	case "x-api-key", "x-goog-api-key", "api-key", "api_key", "apikey", "access_token", "accesstoken",
		"refresh_token", "refreshtoken", "id_token", "client_secret", "private_key", "password", "passwd",
		"secret", "admin_token", "encryption_key":
		return nameField
	case "key", "token", "auth", "sig", "signature":
		return nameQuery
	}
	return nameNone
}

// looksRandom keeps prose such as "bearer authentication" readable.
func looksRandom(s string) bool {
	if len(s) < 8 {
		return false
	}
	if len(s) >= 20 {
		return true
	}
	return strings.ContainsAny(s, "0123456789+/=_")
}

// isBot tells whether w is "bot" and digits, the start of a Telegram API path.
func isBot(w string) bool {
	digits, ok := strings.CutPrefix(w, "bot")
	return ok && len(digits) >= 6 && strings.Trim(digits, "0123456789") == ""
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func isAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func isWord(c byte) bool    { return isAlnum(c) || c == '-' || c == '_' }
func isToken(c byte) bool   { return isWord(c) || strings.IndexByte(".~+/=", c) >= 0 }
func isBlank(c byte) bool   { return c == ' ' || c == '\t' }
func isQuoting(c byte) bool { return c == '"' || c == '\'' || c == '\\' }

func isHeaderValue(c byte) bool {
	return c != '"' && c != '\\' && c != '\n' && c != '\r'
}

func isFieldValue(c byte) bool {
	return c > ' ' && strings.IndexByte("\"'\\&,;}])>", c) < 0
}

func isAuthority(c byte) bool {
	return c > ' ' && strings.IndexByte("\"'\\/?#<>", c) < 0
}
