package gemini

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// Home takes the gateway's own signatures out of a body bound for Google, in
// the envelope or not. On the first call of a turn, which needs one, the
// placeholder takes its place. All other bytes stay. It returns the body itself
// and false if there is nothing to do.
func Home(body []byte) ([]byte, bool) {
	if !strings.Contains(neutral.View(body), neutral.EncodedCarrier) {
		return body, false
	}
	return without(body, func(signature string) bool { return strings.HasPrefix(signature, neutral.EncodedCarrier) })
}

// Strip takes all signatures out of a body, for a project that cannot verify
// what another one was given. It cuts as Home does.
func Strip(body []byte) ([]byte, bool) {
	return without(body, func(signature string) bool { return signature != "" && signature != skipValidator })
}

// without cuts the signatures that drop names.
func without(body []byte, drop func(signature string) bool) ([]byte, bool) {
	s := neutral.View(body)
	if !rawjson.Valid(s) {
		return body, false
	}
	root := gjson.Parse(s)
	if inner := root.Get("request"); inner.IsObject() {
		root = inner
	}
	cuts := rawjson.NewCuts(s)
	each(root.Get("contents"), func(turn gjson.Result) {
		calls := 0
		each(turn.Get("parts"), func(p gjson.Result) {
			first := false
			if p.Get("functionCall").IsObject() {
				calls++
				first = calls == 1
			}
			cutSignature(cuts, p, first, drop)
		})
	})
	if cuts.Empty() {
		return body, false
	}
	return cuts.Apply(), true
}

func cutSignature(cuts *rawjson.Cuts, p gjson.Result, firstCall bool, drop func(string) bool) {
	named := func(key string, v gjson.Result) bool {
		return (key == "thoughtSignature" || key == "thought_signature") && drop(v.Str)
	}
	if !firstCall {
		cuts.Members(p, named)
		return
	}
	p.ForEach(func(k, v gjson.Result) bool {
		if named(k.Str, v) {
			cuts.Replace(v, `"`+skipValidator+`"`)
		}
		return true
	})
}
