package scan_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/http/gateway/scan"
)

func decode(t require.TestingT, quoted string) scan.Text {
	c := scan.New([]byte(quoted))
	text, ok := c.Text()
	require.True(t, ok, quoted)
	require.NoError(t, c.End())
	return text
}

func TestTextsDecodeAsTheStandardLibraryDoes(t *testing.T) {
	t.Parallel()
	piece := rapid.SampledFrom([]string{
		"plain words", "ä", "😀", "\u2028", "/", `\"`, `\\`, `\/`, `\b`, `\f`, `\n`, `\r`, `\t`,
		`\u0041`, `\u00e4`, `\u20AC`, `\ud83d\ude00`, `\uD83D`, `\uDE00`, `\ud83d\u0041`, `\ud83dx`, `\ud83d\n`, `\u0000`,
	})
	rapid.Check(t, func(t *rapid.T) {
		quoted := `"` + strings.Join(rapid.SliceOfN(piece, 0, 12).Draw(t, "pieces"), "") + `"`
		var want string
		require.NoError(t, json.Unmarshal([]byte(quoted), &want))
		text := decode(t, quoted)
		require.Equal(t, want, text.String())
		require.Equal(t, want, string(text.Bytes()))
		require.Equal(t, "<"+want, string(text.AppendTo([]byte("<"))))
	})
}

func TestTextsKeepBytesThatAreNoUTF8(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a\xff\nb", decode(t, "\"a\xff\\nb\"").String())
}

func BenchmarkAppendText(b *testing.B) {
	text := decode(b, `"`+strings.Repeat(`A line of code {\n\t\"key\": \"value\"\n}\n`, 200)+`"`)
	var buf []byte
	b.SetBytes(int64(text.End() - text.At))
	b.ReportAllocs()
	for b.Loop() {
		buf = text.AppendTo(buf[:0])
	}
}
