package convert_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
)

// The memory of a body serves other requests once its own is over, when a call to
// an address from it may not be.
func TestAddressesOutliveTheBody(t *testing.T) {
	t.Parallel()
	body := []byte(`{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://a.example/1.png"}}]}]}`)
	r, err := convert.Decode(neutral.Claude, body, convert.Path{})
	require.NoError(t, err)
	addresses := r.Remote()
	clear(body)
	require.Equal(t, []string{"https://a.example/1.png"}, addresses)
}
