package gemini

import (
	"slices"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// WithoutCallIDs takes the ids of calls and of their responses out of a body, in
// the envelope or not, for Vertex, which knows none. Without ids responses are
// matched by their order, so they are put into that of their calls. All other
// bytes stay. It returns the body itself and false if there is nothing to do.
func WithoutCallIDs(body []byte) ([]byte, bool) {
	s := neutral.View(body)
	if !rawjson.Valid(s) {
		return body, false
	}
	root := gjson.Parse(s)
	if inner := root.Get("request"); inner.IsObject() {
		root = inner
	}
	cuts := rawjson.NewCuts(s)
	var calls []string // of the turn before
	each(root.Get("contents"), func(turn gjson.Result) {
		sortResponses(cuts, turn, calls)
		calls = calls[:0]
		each(turn.Get("parts"), func(p gjson.Result) {
			if call := callIn(p); call.IsObject() {
				calls = append(calls, call.Get("id").Str)
				cuts.Members(call, isID)
			}
		})
	})
	if cuts.Empty() {
		return body, false
	}
	return cuts.Apply(), true
}

func callIn(p gjson.Result) gjson.Result { return either(p, "functionCall", "function_call") }
func responseIn(p gjson.Result) gjson.Result {
	return either(p, "functionResponse", "function_response")
}

func isID(key string, _ gjson.Result) bool { return key == "id" }

// sortResponses cuts the ids of a turn's responses and moves the responses into
// the order of their calls, each to a place where one was.
func sortResponses(cuts *rawjson.Cuts, turn gjson.Result, calls []string) {
	var parts []gjson.Result
	each(turn.Get("parts"), func(p gjson.Result) {
		if responseIn(p).IsObject() {
			parts = append(parts, p)
		}
	})
	order := func(a, b gjson.Result) int {
		return slices.Index(calls, responseIn(a).Get("id").Str) - slices.Index(calls, responseIn(b).Get("id").Str)
	}
	if slices.IsSortedFunc(parts, order) {
		for _, p := range parts {
			cuts.Members(responseIn(p), isID)
		}
		return
	}
	sorted := slices.Clone(parts)
	slices.SortStableFunc(sorted, order)
	for i, place := range parts {
		moved := rawjson.NewCuts(sorted[i].Raw)
		moved.Members(responseIn(sorted[i]), isID)
		cuts.Replace(place, string(moved.Apply()))
	}
}
