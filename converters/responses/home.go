package responses

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// Home takes the gateway's own reasoning items out of a body that stays a
// Responses body, since OpenAI does not know them. All other bytes stay. It
// returns the body itself and false if there is nothing to do.
func Home(body []byte) ([]byte, bool) {
	s := neutral.View(body)
	if !strings.Contains(s, "gwr1.") || !gjson.Valid(s) {
		return body, false
	}
	cuts := rawjson.NewCuts(s)
	cuts.Elements(gjson.Get(s, "input"), func(it gjson.Result) bool {
		return it.Get("type").Str == "reasoning" && neutral.IsCarrier(it.Get("encrypted_content").Str)
	})
	if cuts.Empty() {
		return body, false
	}
	return cuts.Apply(), true
}
