package claude

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// The budget that every model of Anthropic's takes that thinks by budget, and an
// output limit with room for it.
const (
	safeBudget   = 32000
	safeThinking = `{"type":"enabled","budget_tokens":32000}`
	safeLimit    = "64000"
)

// WithBudget gives a body a thinking budget that no provider finds too small, and
// an output limit above it. A model that is left to think as it likes has none.
// All other bytes stay. It returns the body itself and false if there is nothing
// to do.
func WithBudget(body []byte) ([]byte, bool) {
	s := neutral.View(body)
	root := gjson.Parse(s)
	thinking, limit := root.Get("thinking"), root.Get("max_tokens")
	if !thinking.IsObject() || thinking.Get("type").Str == "adaptive" {
		return body, false
	}
	cuts := rawjson.NewCuts(s)
	if thinking.Get("type").Str != "enabled" || thinking.Get("budget_tokens").Num != safeBudget {
		cuts.Replace(thinking, safeThinking)
	}
	switch {
	case !limit.Exists():
		cuts.After(thinking, `,"max_tokens":`+safeLimit)
	case limit.Num <= safeBudget:
		cuts.Replace(limit, safeLimit)
	}
	if cuts.Empty() {
		return body, false
	}
	return cuts.Apply(), true
}

// billingMark begins the system text by which Claude Code says what its calls are
// to be charged to. It changes with every call, and means something to Anthropic
// alone.
const billingMark = "x-anthropic-billing-header"

// WithoutBilling takes the line that begins with Anthropic's billing mark out of
// the system texts, with the text that it leaves empty. All other bytes stay. It
// returns the body itself and false if there is nothing to do.
func WithoutBilling(body []byte) ([]byte, bool) {
	s := neutral.View(body)
	if !strings.Contains(s, billingMark) {
		return body, false
	}
	root := gjson.Parse(s)
	cuts := rawjson.NewCuts(s)
	system := root.Get("system")
	if system.IsArray() {
		_, left := cuts.Elements(system, func(block gjson.Result) bool { return dropsBilling(cuts, block.Get("text")) })
		if left == 0 && !cuts.Empty() {
			dropMember(cuts, root, "system")
		}
	} else if dropsBilling(cuts, system) {
		dropMember(cuts, root, "system")
	}
	if cuts.Empty() {
		return body, false
	}
	return cuts.Apply(), true
}

// dropsBilling tells whether a text is a billing line and nothing else. Of one
// that goes on it cuts the line.
func dropsBilling(cuts *rawjson.Cuts, text gjson.Result) bool {
	if text.Type != gjson.String || !strings.HasPrefix(strings.TrimLeft(text.Str, " \t\r\n"), billingMark) {
		return false
	}
	_, rest, _ := strings.Cut(strings.TrimLeft(text.Str, " \t\r\n"), "\n")
	if rest = strings.TrimLeft(rest, "\r\n"); strings.TrimSpace(rest) == "" {
		return true
	}
	cuts.Replace(text, string(rawjson.AppendString(nil, rest)))
	return false
}

func dropMember(cuts *rawjson.Cuts, object gjson.Result, name string) {
	cuts.Members(object, func(key string, _ gjson.Result) bool { return key == name })
}
