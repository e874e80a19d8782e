package scan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/http/gateway/scan"
)

// valid walks a document without asking for anything.
func valid(doc []byte) error {
	c := scan.New(doc)
	c.Skip()
	return c.End()
}

// walk visits every value through Members and Elements and renders the document
// again from what it saw.
func walk(c *scan.Cursor, out *bytes.Buffer) {
	switch c.Kind() {
	case scan.Object:
		out.WriteByte('{')
		for name := range c.Members() {
			fmt.Fprintf(out, "%q:", name)
			walk(c, out)
			out.WriteByte(',')
		}
		out.WriteByte('}')
	case scan.Array:
		out.WriteByte('[')
		for range c.Elements() {
			walk(c, out)
			out.WriteByte(',')
		}
		out.WriteByte(']')
	case scan.String:
		t, _ := c.Text()
		fmt.Fprintf(out, "%q", t.String())
	case scan.Bool:
		b, _ := c.Bool()
		fmt.Fprint(out, b)
	default:
		c.Skip()
		out.WriteByte('.')
	}
}

func documents() []string {
	return []string{
		`{}`, `[]`, `null`, `true`, `false`, `0`, `-0`, `1.5e-10`, `1E+3`, `"x"`, ` { "a" : [ 1 , { } , "b" ] } `,
		`{"a":"\u00e9\ud83d\ude00\n\"\\\/"}`, `"` + strings.Repeat("x", 40) + `"`, `{"é":"\t"}`, `[[[[[]]]]]`,
		"\"\x7f\xff\"",
		``, ` `, `{`, `}`, `[`, `]`, `{]`, `[}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `[1,]`, `[,1]`, `{,}`, `{a:1}`, `01`, `-`, `1.`, `.5`, `1e`,
		`1e+`, `+1`, `tru`, `truex`, `nul`, `fals`, `"`, `"\x"`, `"\u12"`, `"\u12g4"`, "\"\n\"", "\"\x00\"", `"a" "b"`, `{} {}`, `{"a":1 "b":2}`,
		`[1 2]`, `{"a":1}}`, `nan`, `Infinity`, "\xef\xbb\xbf{}", `{"a":"` + strings.Repeat("y", 15) + "\x1f" + `"}`,
	}
}

func TestSameOpinionAsTheStandardLibrary(t *testing.T) {
	t.Parallel()
	for _, doc := range documents() {
		err := valid([]byte(doc))
		require.Equal(t, json.Valid([]byte(doc)), err == nil, "%q: %v", doc, err)
		c := scan.New([]byte(doc))
		walk(c, new(bytes.Buffer))
		require.Equal(t, err == nil, c.End() == nil, "walking %q", doc)
	}
}

func TestEveryPrefixOfADocumentIsInvalid(t *testing.T) {
	t.Parallel()
	doc := []byte(`{"model":"claude","list":[1,2.5,{"x":null}],"s":"a\n\u0041b","t":true}`)
	require.NoError(t, valid(doc))
	for i := range doc {
		require.Error(t, valid(doc[:i]), "%q", doc[:i])
	}
}

func TestWalkSeesEverything(t *testing.T) {
	t.Parallel()
	c := scan.New([]byte(` {"a":[1,"x\ty",{"b":false}],"c\u0064":"é\ud83d\ude00"} `))
	var out bytes.Buffer
	walk(c, &out)
	require.NoError(t, c.End())
	const want = `{"a":[.,"x\ty",{"b":false,},],"cd":"é😀",}`
	require.Empty(t, cmp.Diff(want, out.String()))
}

func TestValuesOfAnotherKindAreAbsent(t *testing.T) {
	t.Parallel()
	c := scan.New([]byte(`{"t":5,"b":"true","i":1.5,"j":"7","m":[1],"e":{"x":1},"last":"ok"}`))
	seen := 0
	for name := range c.Members() {
		var ok bool
		switch string(name) {
		case "t":
			_, ok = c.Text()
		case "b":
			_, ok = c.Bool()
		case "i", "j":
			_, ok = c.Int()
		case "m":
			for range c.Members() {
				ok = true
			}
		case "e":
			for range c.Elements() {
				ok = true
			}
		case "last":
			last, found := c.Text()
			require.True(t, found)
			require.Equal(t, "ok", last.String())
		}
		require.False(t, ok, "%s", name)
		seen++
	}
	require.Equal(t, 7, seen)
	require.NoError(t, c.End())
}

func TestLeftAloneAndBroken(t *testing.T) {
	t.Parallel()
	c := scan.New([]byte(`{"a":[1,{"z":2}],"b":1,"c":{"d":[true]}}`))
	for name := range c.Members() {
		if string(name) == "b" {
			break
		}
	}
	require.NoError(t, c.End(), "what follows a break is still validated")

	c = scan.New([]byte(`{"b":1,"c":{"d":[tru]}}`))
	for range c.Members() {
		break
	}
	require.ErrorIs(t, c.End(), scan.ErrSyntax)
}

func TestOffsetsPointIntoTheDocument(t *testing.T) {
	t.Parallel()
	doc := []byte(`{ "model" : "claude\u002d5" }`)
	c := scan.New(doc)
	for range c.Members() {
		text, ok := c.Text()
		require.True(t, ok)
		require.Equal(t, `claude\u002d5`, string(doc[text.At:text.End()]))
		require.Equal(t, "claude-5", text.String())
		require.Equal(t, []byte("<claude-5"), text.AppendTo([]byte("<")))
	}
	require.NoError(t, c.End())
}

func TestDepthIsBounded(t *testing.T) {
	t.Parallel()
	deep := func(n int) []byte { return []byte(strings.Repeat("[", n) + strings.Repeat("]", n)) }
	require.NoError(t, valid(deep(1000)))
	require.ErrorIs(t, valid(deep(1001)), scan.ErrDepth)
	require.ErrorIs(t, valid([]byte(strings.Repeat(`{"a":`, 100_000))), scan.ErrDepth)
}

func TestBytesAgainstLibraryAtRandom(t *testing.T) {
	t.Parallel()
	alphabet := []rune(`{}[]:,"\ntrufalse0123.eE+- ` + "\x01é")
	rapid.Check(t, func(t *rapid.T) {
		doc := []byte(rapid.StringOfN(rapid.SampledFrom(alphabet), 0, 24, -1).Draw(t, "doc"))
		require.Equal(t, json.Valid(doc), valid(doc) == nil, "%q", doc)
	})
}

func FuzzCursor(f *testing.F) {
	for _, doc := range documents() {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		err := valid(doc)
		if want := json.Valid(doc); want != (err == nil) && !errors.Is(err, scan.ErrDepth) {
			t.Fatalf("%q: library says %v, we say %v", doc, want, err)
		}
		c := scan.New(doc)
		walk(c, new(bytes.Buffer))
		if (c.End() == nil) != (err == nil) {
			t.Fatalf("%q: skipping says %v, walking %v", doc, err, c.End())
		}
	})
}

// conversation is about a megabyte of messages as agents send them.
func conversation() []byte {
	text := strings.Repeat(`    if err != nil {\n\t\treturn fmt.Errorf(\"open %q: %w\", name, err)\n    }\n`, 40)
	var b strings.Builder
	b.WriteString(`{"model":"claude-sonnet-4-5","messages":[`)
	for i := 0; b.Len() < 1<<20; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"role":"user","content":[{"type":"text","text":"%s","cache_control":{"type":"ephemeral"}}]}`, text)
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

func BenchmarkSkip(b *testing.B) {
	doc := conversation()
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if err := valid(doc); err != nil {
			b.Fatal(err)
		}
	}
}

func TestCursorWatchesWhatIsSkipped(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]bool{
		`{"a":{"b":[{"ttl":"1h"}]}}`:                            true,
		`{"a":[{"cache_control": {"type":"x", "ttl" : "1h"}}]}`: true,
		`{"a":{"ttl":"5m","b":{"ttl":"1h"}}}`:                   true,
		`{"a":{"ttl":"5m"}}`:                                    false,
		`{"a":{"ttl":1}}`:                                       false,
		`{"a":"\"ttl\":\"1h\""}`:                                false,
		`{"a":{"other":"1h"}}`:                                  false,
	} {
		c := scan.New([]byte(doc))
		c.Watch("ttl", "1h")
		for range c.Members() {
			c.Skip()
		}
		require.NoError(t, c.End(), doc)
		require.Equal(t, want, c.Seen(), doc)
	}
}

func TestCursorMarksStrings(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]bool{
		`{"a":{"b":["gwr1.x"]}}`:      true,
		`{"gwr1.":1}`:                 true,
		`{"a":1,"b":{"gwr1.x":2}}`:    true,
		`{"a":"gwr1.","b":"other"}`:   true,
		`{"a":"see gwr1.x"}`:          false,
		`{"a":"gwr1"}`:                false,
		`{"a":"","b":["g",1,"gwr2"]}`: false,
	} {
		c := scan.New([]byte(doc))
		c.Mark("gwr1.")
		for range c.Members() {
			c.Skip()
		}
		require.NoError(t, c.End(), doc)
		require.Equal(t, want, c.Marked(), doc)
	}
}
