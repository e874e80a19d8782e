package responses

import (
	_ "embed"
	"regexp"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

//go:embed codex/instructions.md
var codexInstructions string

// CodexInstructions is the text with which Codex itself begins its requests. See
// codex/README.md for where it comes from.
func CodexInstructions() string { return codexInstructions }

// HasInstructions says that a body names instructions that are not empty.
func HasInstructions(body []byte) bool {
	return gjson.Get(neutral.View(body), "instructions").Str != ""
}

// Back ends word it in many ways: "Instructions are required", "Instructions are
// not valid", "Missing required parameter: 'instructions'".
var (
	instructionsFirst = regexp.MustCompile(`(?is)\binstructions\b.{0,80}\b(required|missing|empty|not valid|invalid|not allowed|unsupported|must)\b`)
	complaintFirst    = regexp.MustCompile(`(?is)\b(required|missing|empty|not valid|invalid|unsupported)\b.{0,80}\binstructions\b`)
)

// WantsInstructions tells whether an upstream refused a request, in these words,
// for its missing or foreign instructions.
func WantsInstructions(refusal string) bool {
	return instructionsFirst.MatchString(refusal) || complaintFirst.MatchString(refusal)
}

// isCodex tells whether instructions are some version of Codex's own.
func isCodex(text string) bool {
	return strings.HasPrefix(text, "You are Codex") || strings.HasPrefix(text, "You are a coding agent running in the Codex CLI")
}

// Inject puts text into a body as its instructions, for Codex back ends that
// refuse any but their own. Instructions that were there become the first item
// of the input, as a developer message, unless they were Codex's too. All other
// bytes stay. A body that is no JSON object, or has the text already, is
// returned as it is.
func Inject(body []byte, text string) []byte {
	root, err := neutral.ParseBody(body)
	if err != nil {
		return body
	}
	old, input := root.Get("instructions"), root.Get("input")
	if old.Str == text {
		return body
	}
	cuts := rawjson.NewCuts(root.Raw)
	quoted := string(rawjson.AppendString(nil, text))
	if old.Exists() {
		cuts.Replace(old, quoted)
	}
	if old.Str != "" && !isCodex(old.Str) && input.Exists() {
		cuts.Replace(input, withFirst(developer(old.Str), input))
	}
	out := root.Raw
	if !cuts.Empty() {
		out = string(cuts.Apply())
	}
	if old.Exists() {
		return []byte(out)
	}
	w := &rawjson.Writer{B: make([]byte, 0, len(out)+len(quoted)+24)}
	w.Obj()
	w.RawField("instructions", quoted)
	rest := out[1:]
	if len(root.Map()) > 0 {
		w.B = append(w.B, ',')
	}
	return append(w.B, rest...)
}

func developer(text string) string {
	w := &rawjson.Writer{}
	w.Obj()
	w.StrField("type", "message")
	w.StrField("role", "developer")
	w.OpenArr("content")
	w.Obj()
	w.StrField("type", "input_text")
	w.StrField("text", text)
	w.End()
	w.EndArr()
	w.End()
	return string(w.B)
}

// withFirst is an input with an item in front. A text alone becomes a message.
func withFirst(item string, input gjson.Result) string {
	switch {
	case input.Type == gjson.String:
		return "[" + item + `,{"type":"message","role":"user","content":` + input.Raw + "}]"
	case input.Get("0").Exists():
		return "[" + item + "," + input.Raw[1:]
	default:
		return "[" + item + "]"
	}
}
