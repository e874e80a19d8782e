package rawjson_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/converters/rawjson"
)

func TestWriterPutsCommas(t *testing.T) {
	t.Parallel()
	w := rawjson.Writer{B: []byte("data: ")}
	w.Obj()
	w.StrField("a", "x\"y")
	w.OpenArr("b")
	w.Int(1)
	w.Bool(true)
	w.Raw("null")
	w.Obj()
	w.End()
	w.Arr()
	w.EndArr()
	w.EndArr()
	w.OptStr("no", "")
	w.OptRaw("no", "")
	w.OpenObj("c")
	w.IntField("n", -3)
	w.BoolField("t", false)
	w.End()
	w.Strs("s", []string{"p", "q"})
	w.End()
	require.Equal(t, `data: {"a":"x\"y","b":[1,true,null,{},[]],"c":{"n":-3,"t":false},"s":["p","q"]}`, string(w.B))
}

func TestAppendStringEscapesOnlyWhatItMust(t *testing.T) {
	t.Parallel()
	require.Equal(t, `"a<b>&你\n\t\r\\\"\u0001 `+"\u2028"+`"`, string(rawjson.AppendString(nil, "a<b>&你\n\t\r\\\"\x01 \u2028")))
	require.Equal(t, "\"\ufffd(\"", string(rawjson.AppendString(nil, "\xc3(")))
}

func TestAppendStringRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		raw := rawjson.AppendString(nil, s)
		var back string
		require.NoError(t, json.Unmarshal(raw, &back))
		require.Equal(t, strings.ToValidUTF8(s, "\ufffd"), back)
		require.True(t, utf8.Valid(raw))
	})
}

func TestCompact(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"a":1}`:                            `{"a":1}`,
		` { "b" : [ 1.50 , "x y" ] } `:       `{"b":[1.50,"x y"]}`,
		"{\n\t\"k\": \"\\u00e9\\n\\u0022\"}": `{"k":"é\n\""}`,
		`{"z":1,"a":"q\"[ ]"}`:               `{"z":1,"a":"q\"[ ]"}`,
	} {
		require.Equal(t, want, rawjson.Compact(in))
	}
}

func TestObject(t *testing.T) {
	t.Parallel()
	require.Equal(t, `{}`, rawjson.Object(" "))
	require.Equal(t, `{"a": 1}`, rawjson.Object(` {"a": 1}`))
	require.JSONEq(t, `{"_raw":"[1]"}`, rawjson.Object(`[1]`))
	require.JSONEq(t, `{"_raw":"{\"a\":"}`, rawjson.Object(`{"a":`))
}

func TestScanner(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pieces []string
		want   bool
	}{
		{nil, false},
		{[]string{" "}, false},
		{[]string{`{"a":`, `1`}, false},
		{[]string{`{"a":`, `1}`}, true},
		{[]string{`{"a":"}`, `"`}, false},
		{[]string{`{"a":"}\`, `""`, `}`}, true},
		{[]string{`[{}`, `]`}, true},
		{[]string{`"x`, `"`}, true},
		{[]string{`12`}, false},
	} {
		var s rawjson.Scanner
		for _, p := range c.pieces {
			s.Feed(p)
		}
		require.Equal(t, c.want, s.Complete(), "%q", c.pieces)
		require.Equal(t, strings.TrimSpace(strings.Join(c.pieces, "")) != "", s.Begun())
	}
}

func TestCutsLeaveOtherBytesAlone(t *testing.T) {
	t.Parallel()
	odd := func(v gjson.Result) bool { return v.Int()%2 == 1 }
	for in, want := range map[string]string{
		`[ 1 , 2,  3 ]`: `[ 2 ]`,
		`[2 ,1,4]`:      `[2,4]`,
		`[1, 3]`:        `[]`,
		`[1,3, 4,5 ]`:   `[4 ]`,
		`[2,4]`:         `[2,4]`,
	} {
		doc := `{"x" : ` + in + `, "y":1.0}`
		c := rawjson.NewCuts(doc)
		gone, left := c.Elements(gjson.Get(doc, "x"), odd)
		out := string(c.Apply())
		require.Equal(t, `{"x" : `+want+`, "y":1.0}`, out)
		require.Len(t, gjson.Get(out, "x").Array(), left)
		require.Len(t, gjson.Get(doc, "x").Array(), gone+left)
		require.Equal(t, gone == 0, c.Empty())
	}
}

func TestCutsMembersAndReplace(t *testing.T) {
	t.Parallel()
	doc := `{ "a":1, "b" : {"c":2}, "d":[3] }`
	c := rawjson.NewCuts(doc)
	c.Members(gjson.Parse(doc), func(k string, _ gjson.Result) bool { return k == "a" })
	c.Replace(gjson.Get(doc, "b.c"), `"x"`)
	require.True(t, bytes.Equal([]byte(`{ "b" : {"c":"x"}, "d":[3] }`), c.Apply()), "bytes, not values")

	c = rawjson.NewCuts(doc)
	c.Replace(gjson.Get(doc, "b.c"), `"x"`)
	c.Members(gjson.Parse(doc), func(k string, _ gjson.Result) bool { return k == "b" })
	require.True(t, bytes.Equal([]byte(`{ "a":1, "d":[3] }`), c.Apply()), "an edit inside a removed range is swallowed")
}
