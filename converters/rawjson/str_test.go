package rawjson_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/rawjson"
)

// A text is printed as it came, and reads as what it means.
func TestStr(t *testing.T) {
	t.Parallel()
	for in, c := range map[string]struct {
		reads, printed string
		blank          bool
	}{
		`"plain"`:              {"plain", `"plain"`, false},
		`"two\nlines \"x\""`:   {"two\nlines \"x\"", `"two\nlines \"x\""`, false},
		`"a\u00e9\/"`:          {"aé/", `"a\u00e9\/"`, false},
		`""`:                   {"", `""`, true},
		`" \n\t"`:              {" \n\t", `" \n\t"`, true},
		`"\u0020\n"`:           {" \n", `"\u0020\n"`, true},
		`"\n.\n"`:              {"\n.\n", `"\n.\n"`, false},
		"\"bad \xff\\n\"":      {"bad \xff\n", "\"bad \ufffd\\n\"", false},
		`12`:                   {"", `""`, true},
		`null`:                 {"", `""`, true},
		`["an array is none"]`: {"", `""`, true},
	} {
		s := rawjson.StrOf(gjson.Parse(in))
		require.Equal(t, c.reads, s.String(), in)
		require.Equal(t, c.blank, s.Blank(), in)
		require.Equal(t, c.reads == "", s.Empty(), in)
		require.True(t, s.Equal(rawjson.Plain(c.reads)), in)
		w := &rawjson.Writer{}
		w.Obj()
		w.TextField("x", s)
		w.End()
		require.Equal(t, `{"x":`+c.printed+`}`, string(w.B), in)
	}
}
