package neutral

import (
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/rawjson"
)

// ErrorForm names a form of error documents.
type ErrorForm string

// The forms.
const (
	FormClaude ErrorForm = "claude"
	FormOpenAI ErrorForm = "openai"
	FormGemini ErrorForm = "gemini"
)

// ErrorFormOf tells whose form an error document has, and its message. Empty =
// nobody's.
func ErrorFormOf(doc []byte) (form ErrorForm, message string) {
	s := View(doc)
	if !rawjson.Valid(s) {
		return "", ""
	}
	root := gjson.Parse(s)
	detail := root.Get("error")
	if !root.IsObject() || !detail.IsObject() {
		return "", ""
	}
	message = detail.Get("message").Str
	switch {
	case root.Get("type").Str == "error":
		return FormClaude, message
	case detail.Get("code").Type == gjson.Number && detail.Get("status").Type == gjson.String:
		return FormGemini, message
	}
	return FormOpenAI, message
}

// ErrorFormFor is the form that clients of a format understand.
func ErrorFormFor(f Format) ErrorForm {
	switch f {
	case Claude:
		return FormClaude
	case Gemini, GeminiCLI:
		return FormGemini
	case Chat, Responses:
	}
	return FormOpenAI
}
