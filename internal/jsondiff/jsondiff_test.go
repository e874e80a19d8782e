package jsondiff_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/jsondiff"
)

func TestChanges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ before, after, want string }{
		"same":     {`{"a":1,"b":[1,{"c":"é"}]}`, `{ "b":[1,{"c":"\u00e9"}], "a":1.0 }`, ``},
		"value":    {`{"a":1}`, `{"a":"1"}`, `a 1 "1"`},
		"null":     {`{"a":null}`, `{}`, `a null null`},
		"flag":     {`{"a":true}`, `{"a":false}`, `a true false`},
		"member":   {`{"a":{"x":1,"y":2}}`, `{"a":{"y":2,"z":3}}`, `a.x 1 null|a.z null 3`},
		"elements": {`{"a":[1,2]}`, `{"a":[1,3,{}]}`, `a[1] 2 3|a[2] null {}`},
		"kind":     {`{"a":[1]}`, `{"a":{"b":1}}`, `a [1] {"b":1}`},
		"large":    {`{"a":""}`, `{"a":"` + strings.Repeat("x", 300) + `"}`, `a "" "…"`},
		"many":     {`{}`, `{"a":1,"b":2,"c":3,"d":4}`, `a null 1|b null 2|c null 3`},
	} {
		var got []string
		for _, change := range jsondiff.Changes(c.before, c.after, 3) {
			got = append(got, change.Path+" "+string(change.Before)+" "+string(change.After))
		}
		require.Equal(t, c.want, strings.Join(got, "|"), name)
	}
}
