package neutral

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// Strings are looked at in words: whatever is special may stand anywhere in one.
func TestStringsAreReadWithoutDecodingThem(t *testing.T) {
	t.Parallel()
	const plain = "some text of no interest"
	for before := range len(plain) {
		for after := range len(plain) {
			for _, special := range texts {
				inside := plain[:before] + special + plain[:after] + special
				doc := `{"a":"` + inside + `","b":1}`
				require.True(t, gjson.Valid(doc), doc)
				decoded := gjson.Get(doc, "a").Str
				v := piece{raw: doc}.get("a")
				require.Equal(t, piece{raw: `"` + inside + `"`, at: len(`{"a":`)}, v)
				require.Equal(t, decoded, v.str())
				require.Equal(t, utf8.RuneCountInString(decoded), v.chars(), doc)
			}
		}
	}
}

func TestCountsAreNonNegativeIntegers(t *testing.T) {
	t.Parallel()
	for _, s := range append(numbers, "00", "999999999999999", "1000000000000000", "-", `"7"`, "null", "true", "{}", "") {
		want, ok := int64(0), false
		if gjson.Valid(s) {
			want, ok = count(gjson.Parse(s))
		}
		if !gjson.Valid(s) && s != "" {
			continue
		}
		got, is := piece{raw: s}.count()
		require.Equal(t, want, got, s)
		require.Equal(t, ok, is, s)
	}
}

// FuzzWalk takes any document apart, a valid one into what gjson finds in it.
func FuzzWalk(f *testing.F) {
	for _, doc := range []string{
		`{"a":[1,-2.5e3 ,"x\"y\\",{"b\u0041":null}],"c" : {} , "d":[ ] }`, ` [[],[[]],true,"\ud83d\ude42"] `,
		`{"`, `{"a`, `{"a"`, `{"a":`, `{"a":"`, `{"a":"\`, `[1,`, `[}`, `{]`, `{"a":}`, `[,:,]`, "7", `"`, "", `{"a"}`, `["\u12`,
	} {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		doc = strings.TrimSpace(doc)
		w := piece{raw: doc}.walk()
		found := apart(&w, nil)
		if gjson.Valid(doc) {
			require.Equal(t, gjsonApart(gjson.Parse(doc), nil), found)
		}
	})
}

// found is a value with its name and place.
type found struct {
	name, raw, str string
	at, chars      int
}

// apart lists what is inside the value that the walk stands before, and passes
// it by.
func apart(w *walk, all []found) []found {
	one := func(name string) {
		ahead := *w
		v := ahead.take()
		v.count() // of any bytes
		all = append(all, found{name: name, raw: v.raw, str: v.str(), at: v.at, chars: v.chars()})
		all = apart(w, all)
	}
	for name := range w.members() {
		one(name)
	}
	for range w.elements() {
		one("")
	}
	return all
}

func gjsonApart(r gjson.Result, all []found) []found {
	if !r.IsObject() && !r.IsArray() {
		return all
	}
	r.ForEach(func(name, v gjson.Result) bool {
		one := found{name: name.Str, raw: v.Raw, str: v.Str, at: v.Index}
		if v.Type == gjson.String {
			one.chars = utf8.RuneCountInString(v.Str)
		}
		all = gjsonApart(v, append(all, one))
		return true
	})
	return all
}
