package journal

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

func scanAll(t *testing.T, content []byte) (payloads [][]byte, damaged int64) {
	t.Helper()
	s := &scanner{src: bytes.NewReader(content)}
	var last int64
	for {
		payload, end, err := s.next()
		if errors.Is(err, io.EOF) {
			return payloads, s.damaged
		}
		require.NoError(t, err)
		require.Greater(t, end, last)
		require.LessOrEqual(t, end, int64(len(content)))
		last = end
		payloads = append(payloads, bytes.Clone(payload))
	}
}

// Whatever a segment holds, reading it ends, accounts for every byte, and finds
// the records that follow the damage.
func FuzzScan(f *testing.F) {
	whole := appendRecord(appendRecord(nil, []byte("one")), []byte("two"))
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add(whole[1:])
	f.Add(append([]byte{0xff, 0xff, 0x3f, 0}, whole...)) // a length that covers what follows
	f.Add(make([]byte, 64))
	f.Fuzz(func(t *testing.T, content []byte) {
		payloads, damaged := scanAll(t, content)
		size := damaged
		for _, p := range payloads {
			size += int64(headerSize + len(p))
		}
		require.Equal(t, int64(len(content)), size)

		after, _ := scanAll(t, appendRecord(bytes.Clone(content), []byte("after")))
		require.Equal(t, append(payloads, []byte("after")), after)
	})
}

func TestRecordRoundTrip(t *testing.T) {
	t.Parallel()
	long := bytes.Repeat([]byte("long"), scanWindow) // more than is read at a time
	var content []byte
	want := [][]byte{[]byte("a"), long, []byte("b"), make([]byte, 100)}
	for _, p := range want {
		content = appendRecord(content, p)
	}
	got, damaged := scanAll(t, content)
	require.Zero(t, damaged)
	require.Equal(t, want, got)
}
