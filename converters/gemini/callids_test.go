package gemini_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/converters/gemini"
)

func TestCallIDsAreCutOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"in order": {
			`{"contents":[{"role":"model","parts":[{"functionCall":{"id":"a", "name":"f","args":{"id":"kept"}},"thoughtSignature":"s"}]},` +
				`{"role":"user","parts":[{"functionResponse": {"name":"f","id":"a","response":{"id":1}}}]}],"x":[ 1 ]}`,
			`{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f","args":{"id":"kept"}},"thoughtSignature":"s"}]},` +
				`{"role":"user","parts":[{"functionResponse": {"name":"f","response":{"id":1}}}]}],"x":[ 1 ]}`,
		},
		"as they finished, in the envelope": {
			`{"model":"m","request":{"contents":[{"role":"model","parts":[{"text":"t"},{"functionCall":{"id":"a","name":"f"}},{"functionCall":{"id":"b","name":"g"}}]},` +
				`{"role":"user","parts":[{"functionResponse":{"id":"b","name":"g"}}, {"text":"between"},{"functionResponse":{"id":"a","name":"f"}}]}]}}`,
			`{"model":"m","request":{"contents":[{"role":"model","parts":[{"text":"t"},{"functionCall":{"name":"f"}},{"functionCall":{"name":"g"}}]},` +
				`{"role":"user","parts":[{"functionResponse":{"name":"f"}}, {"text":"between"},{"functionResponse":{"name":"g"}}]}]}}`,
		},
		"snake case": {
			`{"contents":{"parts":[{"function_call":{"name":"f","id":"a"}}]}}`,
			`{"contents":{"parts":[{"function_call":{"name":"f"}}]}}`,
		},
		"none":    {`{"contents":[{"parts":[{"functionCall":{"name":"f"}}]}]}`, ""},
		"no JSON": {`{"contents":[`, ""},
	} {
		got, changed := gemini.WithoutCallIDs([]byte(c.in))
		require.Equal(t, c.want != "", changed, name)
		if !changed {
			c.want = c.in
		}
		require.Equal(t, c.want, string(got), name)
	}
}
