package convert_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
)

// TestRequestMemory holds a conversion to its memory: what it keeps beside the
// body while both the neutral form and the printed request are alive. The body
// is the worst kind, thousands of short texts that all have escapes.
func TestRequestMemory(t *testing.T) { // not parallel: it reads the heap
	held := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for _, from := range formats() {
		body := bigRequest(t, from)
		for _, to := range formats() {
			before := held()
			r, err := convert.Decode(from, body, convert.Path{Model: "m"})
			require.NoError(t, err)
			out, err := convert.Encode(r, &neutral.Target{Format: to})
			require.NoError(t, err)
			extra := float64(held()-before) / float64(len(body))
			t.Logf("%s to %s: %.2f times the body", from, to, extra)
			require.Less(t, extra, 2.0)
			runtime.KeepAlive(r)
			runtime.KeepAlive(out)
		}
		runtime.KeepAlive(body)
	}
}
