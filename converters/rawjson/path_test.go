package rawjson_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/converters/rawjson"
)

func TestParsePath(t *testing.T) {
	t.Parallel()
	p, err := rawjson.ParsePath("a.b-c[0][12].d")
	require.NoError(t, err)
	require.Equal(t, rawjson.Path{{Name: "a"}, {Name: "b-c"}, {Index: 0}, {Index: 12}, {Name: "d"}}, p)
	p, err = rawjson.ParsePath("[1].x")
	require.NoError(t, err)
	require.Equal(t, rawjson.Path{{Index: 1}, {Name: "x"}}, p)
	p, err = rawjson.ParsePath("")
	require.NoError(t, err)
	require.Empty(t, p)
	for _, bad := range []string{".", "a.", ".a", "a..b", "a[", "a[]", "a[-1]", "a[x]", "a[0", "a]", "a[0]b", "a.[0]", "a[99999999]", "a\xff"} {
		_, err := rawjson.ParsePath(bad)
		require.ErrorIs(t, err, rawjson.ErrPath, bad)
	}
	_, err = rawjson.ParsePath(strings.Repeat("a.", 32) + "a")
	require.ErrorIs(t, err, rawjson.ErrSteps)
}

func TestPutAndDrop(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ doc, path, put, want, dropped string }{
		{` {"a" : 1 , "b":2}`, "a", "9", ` {"a" : 9 , "b":2}`, ` {"b":2}`},
		{`{"a":1 } `, "b", "9", `{"a":1 ,"b":9} `, ""},
		{`{ } `, "b.c[0].d", "9", `{ "b":{"c":[{"d":9}]}} `, ""},
		{`{"a":null}`, "a.b", "9", `{"a":{"b":9}}`, ""},
		{`{"a":null}`, "a[0]", "9", `{"a":[9]}`, ""},
		{`{"a":[1, 2]}`, "a[1]", "9", `{"a":[1, 9]}`, `{"a":[1]}`},
		{`{"a":[1, 2]}`, "a[0]", "9", `{"a":[9, 2]}`, `{"a":[2]}`},
		{`{"a":[1, 2 ]}`, "a[2]", "9", `{"a":[1, 2 ,9]}`, ""},
		{`{"a":[]}`, "a[0].b", "9", `{"a":[{"b":9}]}`, ""},
		{`{"a":1,"x":0,"a":{"b":2}}`, "a.b", "9", `{"a":1,"x":0,"a":{"b":9}}`, `{"a":1,"x":0,"a":{}}`},
		{`{"a":1,"x":0,"a":2}`, "a", "9", `{"a":1,"x":0,"a":9}`, `{"x":0}`},
		{`{"\u0061":1}`, "a", "9", `{"\u0061":9}`, `{}`},
		{`{"a":1}`, "q\"", "9", `{"a":1,"q\"":9}`, ""},
		{`{"a":1}`, "", `{"b":2}`, `{"b":2}`, ""},
	} {
		p, err := rawjson.ParsePath(c.path)
		require.NoError(t, err, c.path)
		got, err := rawjson.Put(c.doc, p, c.put)
		require.NoError(t, err, c.doc)
		require.Equal(t, c.want, got)
		require.True(t, json.Valid([]byte(got)), got)
		dropped, ok := rawjson.Drop(c.doc, p)
		require.Equal(t, c.dropped != "", ok, c.doc)
		if ok {
			require.Equal(t, c.dropped, dropped)
		} else {
			require.Equal(t, c.doc, dropped)
		}
	}
}

func TestPutFindsNoPlace(t *testing.T) {
	t.Parallel()
	for doc, path := range map[string]string{
		`{"a":1}`: "a.b", `{"a":"x"}`: "a[0]", `{"a":[1]}`: "a[2]", `{"a":[]}`: "a.b", `{"a":{}}`: "a[0]", `{"b":{}}`: "b.c[1]", `{"c":null}`: "c[1]",
	} {
		p, err := rawjson.ParsePath(path)
		require.NoError(t, err)
		got, err := rawjson.Put(doc, p, "1")
		require.ErrorIs(t, err, rawjson.ErrNoPlace, doc)
		require.Equal(t, doc, got)
	}
}
