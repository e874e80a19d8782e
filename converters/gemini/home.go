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
	s := neutral.View(body)
	if !strings.Contains(s, neutral.EncodedCarrier) || !gjson.Valid(s) {
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
			homePart(cuts, p, first)
		})
	})
	if cuts.Empty() {
		return body, false
	}
	return cuts.Apply(), true
}

func homePart(cuts *rawjson.Cuts, p gjson.Result, firstCall bool) {
	ours := func(key string, v gjson.Result) bool {
		return (key == "thoughtSignature" || key == "thought_signature") && strings.HasPrefix(v.Str, neutral.EncodedCarrier)
	}
	if !firstCall {
		cuts.Members(p, ours)
		return
	}
	p.ForEach(func(k, v gjson.Result) bool {
		if ours(k.Str, v) {
			cuts.Replace(v, `"`+skipValidator+`"`)
		}
		return true
	})
}
