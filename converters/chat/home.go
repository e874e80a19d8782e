package chat

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// Home takes the signatures that the gateway hung on calls for other vendors
// out of a body that stays a chat body. Google's own stay. It returns the body
// itself and false if there is nothing to do.
func Home(body []byte) ([]byte, bool) {
	s := neutral.View(body)
	if !strings.Contains(s, "extra_content") || !rawjson.Valid(s) {
		return body, false
	}
	cuts := rawjson.NewCuts(s)
	neutral.Objects(gjson.Get(s, "messages"), func(m gjson.Result) {
		neutral.Objects(m.Get("tool_calls"), func(c gjson.Result) {
			if extra := c.Get("extra_content"); extra.IsObject() {
				homeCall(cuts, c, extra)
			}
		})
	})
	if cuts.Empty() {
		return body, false
	}
	return cuts.Apply(), true
}

func homeCall(cuts *rawjson.Cuts, call, extra gjson.Result) {
	gone, left := cuts.Members(extra, func(key string, _ gjson.Result) bool {
		return key == "anthropic" || key == "openai"
	})
	if gone > 0 && left == 0 {
		cuts.Members(call, func(key string, _ gjson.Result) bool { return key == "extra_content" })
	}
}
