package rawjson_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/rawjson"
)

// tokens and what stands in texts, sound and not.
var (
	inTexts = []string{
		"", "é", "你好", "🙂", `\n`, `\"`, `\\`, `\/`, `\u00e9`, `\uABCD`, `\ud83d\ude42`, `\ud800`, `\udc00`, `\ud800\u0041`, `\ud800\n`,
		"\xff", "\xe4\xbd", "\x7f", `"`, `\`, "\n", "\x00", "\x1f", `\x`, `\u12`, `\u12g4`, "\\u\x101\x122", `\u00e`, "{", "[", ",",
	}
	values = []string{
		"0", "-0", "12", "-1.5e+3", "1E9", "0.0", "1e-3", "00", "01", "-", "+1", ".5", "1.", "1e", "1e+", "--1", "0x1", "1a", "NaN", "Infinity",
		"true", "false", "null", "tru", "nul", "True", "{}", "[]", "{ }", "[\n]", `{"a":1}`, `{"a" : [ ] , "b":{}}`, `{"a":1,}`, `{,}`, `[,]`,
		`[1,]`, `[1 2]`, `{"a"}`, `{"a":}`, `{"a" 1}`, `{1:2}`, `{"a":1 "b":2}`, "{", "[", "}", "]", `{"a":[}`, `[{]`, "", "\ufeff{}", "\v1", "\u00a01",
	}
)

func TestValidTakesWhatGjsonTakes(t *testing.T) {
	t.Parallel()
	const plain = "nothing special"
	for before := range len(plain) {
		for _, special := range inTexts {
			for after := range len(plain) {
				doc := `"` + plain[:before] + special + plain[:after] + `"`
				require.Equal(t, gjson.Valid(doc), rawjson.Valid(doc), "%q", doc)
			}
		}
	}
	for _, v := range values {
		for _, around := range []string{"%", " \t\r\n% \t\r\n", "[%]", "[ 1 , % , 2 ]", `{"a":%}`, `{"a" : % , "b":1}`, "%%", "%,%", "%\x00", "[[%],%]"} {
			doc := strings.ReplaceAll(around, "%", v)
			require.Equal(t, gjson.Valid(doc), rawjson.Valid(doc), "%q", doc)
			for cut := range len(doc) {
				require.Equal(t, gjson.Valid(doc[:cut]), rawjson.Valid(doc[:cut]), "%q", doc[:cut])
			}
		}
	}
}

func TestNothingDeepIsValid(t *testing.T) {
	t.Parallel()
	for _, nest := range [][3]string{{"[", "1", "]"}, {`{"a":`, "1", "}"}, {"[", "", "]"}} {
		require.True(t, rawjson.Valid(strings.Repeat(nest[0], 1000)+nest[1]+strings.Repeat(nest[2], 1000)))
		require.False(t, rawjson.Valid(strings.Repeat(nest[0], 1001)+nest[1]+strings.Repeat(nest[2], 1001)))
	}
	require.False(t, rawjson.Valid(strings.Repeat("[", 32<<20)), "deep enough to end the process")
}

func TestCharsAreThoseOfTheDecodedText(t *testing.T) {
	t.Parallel()
	const plain = "nothing special"
	for before := range len(plain) {
		for _, special := range inTexts {
			for after := range len(plain) {
				token := `"` + plain[:before] + special + plain[:after] + special + `"`
				if gjson.Valid(token) {
					require.Equal(t, utf8.RuneCountInString(gjson.Parse(token).Str), rawjson.Chars(token), "%q", token)
					require.Equal(t, len(token)+1, rawjson.StringEnd("["+token+`,"x"]`, 1), "%q", token)
				}
			}
		}
	}
	require.Zero(t, rawjson.Chars(`"`))
	require.Zero(t, rawjson.Chars(""))
}

func FuzzValid(f *testing.F) {
	for _, v := range values {
		f.Add(v)
	}
	for _, s := range inTexts {
		f.Add(`{"a":"some text` + s + `of no interest","b":[1,-2.5e3]}`)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		if strings.Count(doc, "[")+strings.Count(doc, "{") <= 1000 {
			require.Equal(t, gjson.Valid(doc), rawjson.Valid(doc), "%q", doc)
		}
		if token := `"` + doc + `"`; gjson.Valid(token) {
			require.Equal(t, utf8.RuneCountInString(gjson.Parse(token).Str), rawjson.Chars(token))
			require.Equal(t, len(token), rawjson.StringEnd(token, 0))
		}
	})
}

func BenchmarkValid(b *testing.B) {
	doc := `{"content":[{"type":"text","text":"` + strings.Repeat(`I found the cause: \"parse\" returns early — the header is missing.\n`, 40) + `"}]}`
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if !rawjson.Valid(doc) {
			b.Fatal("not valid")
		}
	}
}
