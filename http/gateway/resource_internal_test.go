package gateway

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestResourceOfACall(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]string{
		"GET /v1/files/file-1/content":     "file-1",
		"GET /v1/files":                    "",
		"DELETE /v1/batches/Batch_2":       "Batch_2",
		"POST /v1/containers/c-1/files":    "c-1",
		"GET /v1beta/files/abc":            "abc",
		"GET /v1/responses/resp_1":         "resp_1",
		"POST /v1/responses/resp_1/cancel": "resp_1",
		"POST /v1/chat/completions":        "",
	} {
		method, path, _ := strings.Cut(call, " ")
		x := &exchange{target: find(method, path)}
		require.Equal(t, want, x.resourceID(), call)
	}
}

func TestNewcomerFindsWhatWasMade(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		`{"id":"file-1","object":"file"}`:                                    "file-1",
		`{"object":"batch","id":"batch_1","x":"` + strings.Repeat("y", 9000): "batch_1",
		`{"file":{"name":"files/abc","uri":"https://x"}}`:                    "abc",
		`{"id":7}`:              "",
		`{"data":[{"id":"x"}]}`: "",
	} {
		n := newcomer{on: true}
		for part := range strings.SplitSeq(answer, ",") { // answers come in pieces
			if len(n.head) > 0 {
				part = "," + part
			}
			n.see([]byte(part))
		}
		require.Equal(t, want, n.id(), answer[:min(len(answer), 40)])
		require.LessOrEqual(t, len(n.head), maxResourceHead)
	}
	off := newcomer{}
	off.see([]byte(`{"id":"file-1"}`))
	require.Empty(t, off.id())
}
