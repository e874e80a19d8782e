package neutral

import (
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/rawjson"
)

// WithoutEffort takes the effort out of a body that switches thinking off, as
// some providers refuse the two together: reasoning_effort, and output_config's
// effort with an output_config that says nothing else. All other bytes stay. It
// returns the body itself and false if there is nothing to do.
func WithoutEffort(body []byte) ([]byte, bool) {
	s := View(body)
	root := gjson.Parse(s)
	if root.Get("thinking.type").Str != "disabled" {
		return body, false
	}
	cuts := rawjson.NewCuts(s)
	config := root.Get("output_config")
	bare := len(config.Map()) == 1 && config.Get("effort").Exists()
	cuts.Members(root, func(key string, _ gjson.Result) bool {
		return key == "reasoning_effort" || key == "output_config" && bare
	})
	if !bare {
		cuts.Members(config, func(key string, _ gjson.Result) bool { return key == "effort" })
	}
	if cuts.Empty() {
		return body, false
	}
	return cuts.Apply(), true
}
