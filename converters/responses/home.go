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
	if !strings.Contains(neutral.View(body), "gwr1.") {
		return body, false
	}
	return without(body, neutral.IsCarrier)
}

// Strip takes all encrypted reasoning out of a body, for an account that cannot
// decrypt what another one was given.
func Strip(body []byte) ([]byte, bool) {
	return without(body, func(token string) bool { return token != "" })
}

// without cuts the reasoning items whose token drop names.
func without(body []byte, drop func(token string) bool) ([]byte, bool) {
	s := neutral.View(body)
	if !rawjson.Valid(s) {
		return body, false
	}
	cuts := rawjson.NewCuts(s)
	cuts.Elements(gjson.Get(s, "input"), func(it gjson.Result) bool {
		return it.Get("type").Str == "reasoning" && drop(it.Get("encrypted_content").Str)
	})
	if cuts.Empty() {
		return body, false
	}
	return cuts.Apply(), true
}
