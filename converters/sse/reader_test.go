package sse_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/converters/sse"
)

// frame is a copied Frame, so that it survives the next Feed.
type frame struct {
	Raw, Event, Data string
	HasData          bool
}

// collect feeds the pieces and gathers every frame. Lending them makes no
// difference.
func collect(t testing.TB, limit int, pieces ...[]byte) ([]frame, error) {
	t.Helper()
	fed, errFed := gather(&sse.Reader{Limit: limit}, (*sse.Reader).Feed, pieces)
	lent, errLent := gather(&sse.Reader{Limit: limit}, (*sse.Reader).Lend, pieces)
	require.Equal(t, errFed, errLent)
	require.Empty(t, cmp.Diff(fed, lent))
	return fed, errFed
}

func gather(r *sse.Reader, give func(*sse.Reader, []byte), pieces [][]byte) ([]frame, error) {
	var out []frame
	drain := func() error {
		for {
			f, ok, err := r.Next()
			if err != nil || !ok {
				return err
			}
			out = append(out, frame{string(f.Raw), string(f.Event), string(f.Data), f.Data != nil})
		}
	}
	for _, p := range pieces {
		mine := bytes.Clone(p)
		give(r, mine)
		err := drain()
		left := r.Buffered()
		r.Keep()
		clear(mine) // the reader must have copied
		if err != nil || left != r.Buffered() {
			return out, err
		}
	}
	r.Finish()
	return out, drain()
}

func TestReaderFrames(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, in string
		want     []frame
	}{
		{"nothing", "", nil},
		{"event and data", "event: a\ndata: 1\n\n", []frame{{"event: a\ndata: 1\n\n", "a", "1", true}}},
		{"crlf", "data: 1\r\n\r\ndata: 2\r\n\r\n", []frame{
			{"data: 1\r\n\r\n", "", "1", true}, {"data: 2\r\n\r\n", "", "2", true},
		}},
		{"cr only", "event: x\rdata: 1\r\rdata: 2\r\r", []frame{
			{"event: x\rdata: 1\r\r", "x", "1", true}, {"data: 2\r\r", "", "2", true},
		}},
		{"mixed ends", "data: 1\r\ndata: 2\rdata: 3\n\n", []frame{
			{"data: 1\r\ndata: 2\rdata: 3\n\n", "", "1\n2\n3", true},
		}},
		{"lf then cr", "data: 1\n\rdata: 2\n\n", []frame{
			{"data: 1\n\r", "", "1", true}, {"data: 2\n\n", "", "2", true},
		}},
		{"only one space is cut", "data:  a\ndata:b\n\n", []frame{{"data:  a\ndata:b\n\n", "", " a\nb", true}}},
		{"field without colon", "data\n\n", []frame{{"data\n\n", "", "", true}}},
		{"empty data lines", "data\ndata:\n\n", []frame{{"data\ndata:\n\n", "", "\n", true}}},
		{"comment", ": ping\n\n", []frame{{": ping\n\n", "", "", false}}},
		{"colon in value", "data: a: b\n\n", []frame{{"data: a: b\n\n", "", "a: b", true}}},
		{"id and retry pass", "id: 4\nretry: 5\ndata: x\n\n", []frame{{"id: 4\nretry: 5\ndata: x\n\n", "", "x", true}}},
		{"last event wins", "event: a\nevent: b\ndata: x\n\n", []frame{{"event: a\nevent: b\ndata: x\n\n", "b", "x", true}}},
		{"byte order mark", "\xef\xbb\xbfdata: x\n\n", []frame{{"\xef\xbb\xbfdata: x\n\n", "", "x", true}}},
		{"mark is only a mark at the start", "data: x\n\n\xef\xbb\xbfdata: y\n\n", []frame{
			{"data: x\n\n", "", "x", true}, {"\xef\xbb\xbfdata: y\n\n", "", "", false},
		}},
		{"spare blank lines", "\n\ndata: x\n\n\n", []frame{
			{"\n", "", "", false}, {"\n", "", "", false}, {"data: x\n\n", "", "x", true}, {"\n", "", "", false},
		}},
		{"no blank line at the end", "data: x\n\ndata: y", []frame{
			{"data: x\n\n", "", "x", true}, {"data: y", "", "y", true},
		}},
		{"a lone cr at the end", "data: y\r", []frame{{"data: y\r", "", "y", true}}},
		{"utf-8", "data: 你好\n\n", []frame{{"data: 你好\n\n", "", "你好", true}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := []byte(c.in)
			got, err := collect(t, 0, in)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(c.want, got), "in one piece")
			got, err = collect(t, 0, bytes.SplitAfter(in, nil)...)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(c.want, got), "byte by byte")
			for i := range in {
				got, err = collect(t, 0, in[:i], in[i:])
				require.NoError(t, err)
				require.Empty(t, cmp.Diff(c.want, got), "split at %d", i)
			}
		})
	}
}

func TestReaderHandsOutAFrameAsSoonAsItIsComplete(t *testing.T) {
	t.Parallel()
	var r sse.Reader
	r.Feed([]byte("data: 1\n\nda"))
	f, ok, err := r.Next()
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "1", string(f.Data))
	_, ok, err = r.Next()
	require.NoError(t, err)
	require.False(t, ok)
	require.Equal(t, 2, r.Buffered())
}

func TestReaderLimit(t *testing.T) {
	t.Parallel()
	small := "data: 12345\n\n"
	got, err := collect(t, len(small), []byte(strings.Repeat(small, 50)))
	require.NoError(t, err, "many frames, each within the limit")
	require.Len(t, got, 50)

	for _, in := range []string{
		small + "data: 123456\n\n",
		small + strings.Repeat("x", 100),
		small + strings.Repeat("d\n", 50),
	} {
		got, err = collect(t, len(small), []byte(in))
		require.ErrorIs(t, err, sse.ErrFrameTooLarge)
		require.Len(t, got, 1, "frames before the large one still count")
		_, err = collect(t, len(small), bytes.SplitAfter([]byte(in), nil)...)
		require.ErrorIs(t, err, sse.ErrFrameTooLarge)
	}
}

func TestReaderErrorIsFinal(t *testing.T) {
	t.Parallel()
	r := &sse.Reader{Limit: 4}
	r.Feed([]byte("data: too long"))
	_, _, err := r.Next()
	require.ErrorIs(t, err, sse.ErrFrameTooLarge)
	r.Feed([]byte("\n\nx\n\n"))
	_, ok, err := r.Next()
	require.ErrorIs(t, err, sse.ErrFrameTooLarge)
	require.False(t, ok)
	require.Zero(t, r.Buffered(), "nothing is kept after the error")
}

func TestReaderReusesItsBuffers(t *testing.T) { // not parallel: it counts allocations
	var r sse.Reader
	chunk := []byte("event: e\ndata: hello\n\ndata: a\ndata: b\n\n")
	read := func() {
		r.Feed(chunk)
		for {
			if _, ok, _ := r.Next(); !ok {
				return
			}
		}
	}
	read()
	require.Zero(t, testing.AllocsPerRun(100, read))
}

// TestReaderFrameInLentBytes holds that what is whole is not copied, and what is
// not is kept.
func TestReaderFrameInLentBytes(t *testing.T) {
	t.Parallel()
	var r sse.Reader
	chunk := []byte("data: a\n\nda")
	r.Lend(chunk)
	f, ok, err := r.Next()
	require.NoError(t, err)
	require.True(t, ok)
	require.Same(t, &chunk[0], &f.Raw[0])
	r.Keep()
	require.Equal(t, 2, r.Buffered())
	r.Lend(append(chunk[:0], "ta: b\n\ndat"...))
	f, _, err = r.Next()
	require.NoError(t, err)
	require.Equal(t, "data: b\n\n", string(f.Raw))
	require.Equal(t, 3, r.Buffered())
}

func TestWriterRoundTrip(t *testing.T) {
	t.Parallel()
	b := sse.AppendFrame(nil, "message_stop", []byte(`{"type":"message_stop"}`))
	b = sse.AppendFrame(b, "", []byte("two\nlines"))
	b = sse.AppendComment(b, "ping")
	require.Equal(t, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\ndata: two\ndata: lines\n\n: ping\n\n", string(b))
	got, err := collect(t, 0, b)
	require.NoError(t, err)
	require.Len(t, got, 3)
	require.Equal(t, "message_stop", got[0].Event)
	require.Equal(t, "two\nlines", got[1].Data)
	require.False(t, got[2].HasData)
}

func FuzzReader(f *testing.F) {
	for _, s := range []string{"", "data: 1\n\n", "\xef\xbb\xbfevent: a\r\ndata: b\r\n\r\n", "data\r\rdata: x", ": c\n\n\n", "a\r\n\rb"} {
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, in []byte, step uint8) {
		whole, err := collect(t, 1<<10, in)
		var raw strings.Builder
		for _, x := range whole {
			raw.WriteString(x.Raw)
			require.LessOrEqual(t, len(x.Raw), 1<<10)
		}
		if err == nil {
			require.Equal(t, string(in), raw.String(), "no byte is lost or made up")
		}
		var pieces [][]byte
		for rest := in; len(rest) > 0; {
			n := min(int(step)+1, len(rest))
			pieces = append(pieces, rest[:n])
			rest = rest[n:]
		}
		split, err2 := collect(t, 1<<10, pieces...)
		require.Equal(t, err, err2)
		require.Empty(t, cmp.Diff(whole, split))
	})
}

func BenchmarkReader(b *testing.B) {
	one := []byte("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"hello\"}}\n\n")
	chunk := bytes.Repeat(one, 32)
	b.SetBytes(int64(len(chunk)))
	b.ReportAllocs()
	var r sse.Reader
	for b.Loop() {
		r.Feed(chunk)
		for {
			if _, ok, err := r.Next(); err != nil || !ok {
				break
			}
		}
	}
}

// TestReleasedMemoryIsNotShared holds that a reader which goes on after another
// was released has its bytes to itself.
func TestReleasedMemoryIsNotShared(t *testing.T) {
	t.Parallel()
	for range 100 {
		var first, second sse.Reader
		first.Feed([]byte("data: first\n"))
		first.Release()
		first.Feed([]byte("data: late\n\n"))
		_, ok, err := first.Next()
		require.ErrorIs(t, err, sse.ErrFrameTooLarge, "it is over")
		require.False(t, ok)
		first.Release()
		second.Lend([]byte("data: sec"))
		second.Keep()
		second.Feed([]byte("ond\n\n"))
		f, ok, err := second.Next()
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, "second", string(f.Data))
		second.Release()
	}
}
