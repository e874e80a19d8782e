package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// A client that names no session asks the same again: whoever answered is asked
// again, whatever the draw would say, and the chain says by how much it matched.
func TestABeginningFindsItsProvider(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t, "ENABLE_PREFIX_AFFINITY=true")
	for _, name := range []string{"a", "b", "c", "d"} {
		p.AddProvider(t, testkit.NewUpstream(t, name), testkit.M{"name": name})
	}
	key := p.NewKey(t, "ann")
	first := int64(0)
	for n := 1; n <= 6; n++ {
		status, _, body := p.Messages(t, key, testkit.Prompt(true, "hi"))
		require.Equal(t, http.StatusOK, status, body)
		row := p.AwaitLogs(t, "", n)[0]
		entry := p.Detail(t, row.Get("id").String()).Get("decisionChain.0")
		if n == 1 {
			first = row.Get("providerId").Int()
			require.Equal(t, "initial_selection", entry.Get("reason").String())
			continue
		}
		require.Equal(t, first, row.Get("providerId").Int())
		require.Equal(t, "affinity_hit", entry.Get("reason").String(), entry.Raw)
		require.Equal(t, "prefix_affinity", entry.Get("selectionMethod").String())
		require.EqualValues(t, 1, entry.Get("affinity.matchedDepth").Int())
		require.Positive(t, entry.Get("affinity.matchedPrefixBytes").Int())
		require.Len(t, entry.Get("affinity.matchedFp").String(), 32)
	}
}
