package claude

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// Home takes the gateway's own thinking blocks out of a body bound for
// Anthropic, which would refuse their signatures; a message left empty goes
// too. All other bytes stay. For a model that takes budgets, thinking is left
// out if the open tool loop no longer begins with it. It returns the body
// itself and false if there is nothing to do.
func Home(body []byte, budgetModel bool) ([]byte, bool) {
	if !strings.Contains(neutral.View(body), "gwr1.") {
		return body, false
	}
	return without(body, budgetModel, false, ours)
}

// Strip takes all signed thinking out of a body, for an account that cannot
// verify what another one signed, and signatures of blocks that cannot have one.
// It cuts as Home does, and leaves a budget out also where there was no thinking
// to begin a tool loop with.
func Strip(body []byte) ([]byte, bool) {
	return without(body, true, true, func(b gjson.Result) bool {
		kind := b.Get("type").Str
		return kind == "thinking" || kind == "redacted_thinking"
	})
}

// without cuts the blocks that drop names, and where refused says so stray
// signatures.
func without(body []byte, budgetModel, refused bool, drop func(gjson.Result) bool) ([]byte, bool) {
	s := neutral.View(body)
	if !rawjson.Valid(s) {
		return body, false
	}
	root := gjson.Parse(s)
	cuts := rawjson.NewCuts(s)
	loop := false // the last assistant turn calls tools and does not begin with thinking
	cuts.Elements(root.Get("messages"), func(m gjson.Result) bool {
		content := m.Get("content")
		if m.Get("role").Str != "assistant" {
			loop = loop && content.IsArray() && strings.Contains(content.Raw, `"tool_result"`)
			return false
		}
		gone, left := cuts.Elements(content, drop)
		if gone > 0 && left == 0 {
			return true
		}
		if refused {
			neutral.Objects(content, func(b gjson.Result) { dropSignature(cuts, b, drop) })
		}
		loop = startsLoop(content, drop)
		return false
	})
	if cuts.Empty() && !refused {
		return body, false
	}
	if budgetModel && loop && root.Get("thinking.type").Str == "enabled" {
		dropThinking(cuts, root)
	}
	if cuts.Empty() {
		return body, false
	}
	return cuts.Apply(), true
}

// dropSignature cuts the signature of a block that stays.
func dropSignature(cuts *rawjson.Cuts, block gjson.Result, drop func(gjson.Result) bool) {
	if !drop(block) && block.Get("signature").Exists() {
		cuts.Members(block, func(key string, _ gjson.Result) bool { return key == "signature" })
	}
}

func ours(block gjson.Result) bool {
	return block.Get("type").Str == "thinking" && neutral.IsCarrier(block.Get("signature").Str)
}

// startsLoop says that a turn calls a tool and, without the dropped blocks, does
// not begin with thinking.
func startsLoop(content gjson.Result, drop func(gjson.Result) bool) bool {
	first, calls := "", false
	neutral.Objects(content, func(b gjson.Result) {
		if drop(b) {
			return
		}
		kind := b.Get("type").Str
		if first == "" {
			first = kind
		}
		calls = calls || kind == "tool_use"
	})
	return calls && first != "thinking" && first != "redacted_thinking"
}

// dropThinking removes thinking and the context edit that is not allowed
// without it, with whatever becomes empty by that.
func dropThinking(cuts *rawjson.Cuts, root gjson.Result) {
	clears := func(e gjson.Result) bool { return strings.HasPrefix(e.Get("type").Str, "clear_thinking_") }
	management := root.Get("context_management")
	edits := management.Get("edits")
	others, clearing := 0, 0
	neutral.Objects(edits, func(e gjson.Result) {
		if clears(e) {
			clearing++
		} else {
			others++
		}
	})
	members := len(management.Map())
	cuts.Members(root, func(key string, _ gjson.Result) bool {
		return key == "thinking" || key == "context_management" && clearing > 0 && others == 0 && members == 1
	})
	if clearing > 0 && (others > 0 || members > 1) {
		cuts.Elements(edits, clears)
	}
}
