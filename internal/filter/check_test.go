package filter_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/filter"
)

// faults are what Check says, as path:code.
func faults(f *domain.RequestFilter) (list []string) {
	for _, wrong := range filter.Check(f) {
		var path []string
		for _, part := range wrong.Path {
			path = append(path, fmt.Sprint(part))
		}
		list = append(list, strings.Join(path, ".")+":"+wrong.Code)
	}
	return list
}

// tower is a value of so many arrays, one in the other.
func tower(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

func TestCheckNamesEveryField(t *testing.T) {
	t.Parallel()
	with := func(f *domain.RequestFilter, change func(*domain.RequestFilter)) *domain.RequestFilter {
		change(f)
		return f
	}
	header := func(target, value string) *domain.RequestFilter {
		return simple(domain.FilterHeader, domain.FilterSet, target, value)
	}
	path := func() *domain.RequestFilter { return simple(domain.FilterBody, domain.FilterJSONPath, "a", "1") }
	for name, c := range map[string]struct {
		filter *domain.RequestFilter
		want   []string
	}{
		"no name":            {with(path(), func(f *domain.RequestFilter) { f.Name = " " }), []string{"name:required"}},
		"long name":          {with(path(), func(f *domain.RequestFilter) { f.Name = strings.Repeat("é", 101) }), []string{"name:too_long"}},
		"no mode":            {with(path(), func(f *domain.RequestFilter) { f.Mode = "x" }), []string{"mode:invalid_choice"}},
		"no phase":           {with(path(), func(f *domain.RequestFilter) { f.Phase = "" }), []string{"phase:invalid_choice"}},
		"no binding":         {with(path(), func(f *domain.RequestFilter) { f.Binding = "x" }), []string{"binding:invalid_choice"}},
		"no providers":       {with(path(), func(f *domain.RequestFilter) { f.Binding = domain.FilterProviders }), []string{"providerIds:required"}},
		"groups, global":     {with(path(), func(f *domain.RequestFilter) { f.Groups = []domain.GroupID{1} }), []string{"groupIds:not_allowed"}},
		"no scope":           {simple("", domain.FilterSet, "a", `"x"`), []string{"scope:invalid_choice"}},
		"action of a header": {simple(domain.FilterHeader, domain.FilterJSONPath, "a", `"x"`), []string{"action:invalid_choice"}},
		"action of a body":   {simple(domain.FilterBody, domain.FilterRemove, "a", ""), []string{"action:invalid_choice"}},
		"no target":          {simple(domain.FilterBody, domain.FilterJSONPath, "", "1"), []string{"target:required"}},
		"bad path":           {simple(domain.FilterBody, domain.FilterJSONPath, "a..b", "1"), []string{"target:invalid_format"}},
		"long path":          {simple(domain.FilterBody, domain.FilterJSONPath, strings.Repeat("a", 501), "1"), []string{"target:too_long"}},
		"no replacement":     {simple(domain.FilterBody, domain.FilterJSONPath, "a", ""), []string{"replacement:required"}},
		"long replacement":   {simple(domain.FilterBody, domain.FilterJSONPath, "a", `"`+strings.Repeat("x", 64<<10)+`"`), []string{"replacement:too_long"}},
		"broken replacement": {simple(domain.FilterBody, domain.FilterJSONPath, "a", `{`), []string{"replacement:invalid_format"}},
		"deep replacement":   {simple(domain.FilterBody, domain.FilterJSONPath, "a", tower(30_000)), []string{"replacement:invalid_format"}},
		"deeper than large":  {simple(domain.FilterBody, domain.FilterJSONPath, "a", tower(1_000_000)), []string{"replacement:too_long"}},
		"match of a path":    {with(path(), func(f *domain.RequestFilter) { f.MatchType = domain.MatchExact }), []string{"matchType:not_allowed"}},
		"operations, simple": {with(path(), func(f *domain.RequestFilter) { f.Operations = make([]domain.FilterOperation, 1) }), []string{"operations:not_allowed"}},
		"no text":            {replacing(domain.MatchContains, "", `"x"`), []string{"target:required"}},
		"no match type":      {replacing("", "a", `"x"`), []string{"matchType:invalid_choice"}},
		"prefix":             {replacing(domain.MatchPrefix, "a", `"x"`), []string{"matchType:invalid_choice"}},
		"no text for text":   {replacing(domain.MatchContains, "a", `1`), []string{"replacement:invalid_type"}},
		"bad expression":     {replacing(domain.MatchRegex, "(", `"x"`), []string{"target:invalid_format"}},
		"look-ahead":         {replacing(domain.MatchRegex, "(?=a)", `"x"`), []string{"target:invalid_format"}},
		"transport":          {header("content-LENGTH", `"1"`), []string{"target:not_allowed"}},
		"credential":         {header("x-api-key", `"1"`), []string{"target:not_allowed"}},
		"ours":               {header("x-cch-no-replay", `"1"`), []string{"target:not_allowed"}},
		"bad header":         {header("a b", `"1"`), []string{"target:invalid_format"}},
		"bad header value":   {header("a", `"x\ny"`), []string{"replacement:invalid_format"}},
		"header, no text":    {header("a", `5`), []string{"replacement:invalid_format"}},
		"removed, with what": {simple(domain.FilterHeader, domain.FilterRemove, "a", `"x"`), []string{"replacement:not_allowed"}},
		"no operations":      {advanced(t, `[]`), []string{"operations:required"}},
		"simple, advanced":   {with(advanced(t, `[{"op":"remove","path":"a"}]`), func(f *domain.RequestFilter) { f.Target, f.Scope = "x", "body" }), []string{"scope:not_allowed", "target:not_allowed"}},
		"too many":           {with(advanced(t, `[]`), func(f *domain.RequestFilter) { f.Operations = make([]domain.FilterOperation, 51) }), []string{"operations:too_long"}},
	} {
		require.Equal(t, c.want, faults(c.filter), name)
	}
}

func TestCheckNamesEveryFieldOfAnOperation(t *testing.T) {
	t.Parallel()
	for operation, want := range map[string][]string{
		`{"op":"move","path":"a"}`:                                                                           {"op:invalid_choice"},
		`{"op":"set","scope":"query","path":"a"}`:                                                            {"scope:invalid_choice"},
		`{"op":"set","path":"a"}`:                                                                            {"value:required"},
		`{"op":"set","path":"","value":1}`:                                                                   {"path:required"},
		`{"op":"set","path":"a[x]","value":1}`:                                                               {"path:invalid_format"},
		`{"op":"set","path":"a","value":1,"writeMode":"never"}`:                                              {"writeMode:invalid_choice"},
		`{"op":"remove","path":"a","value":1}`:                                                               {"value:not_allowed"},
		`{"op":"remove","path":"a","writeMode":"overwrite"}`:                                                 {"writeMode:not_allowed"},
		`{"op":"remove","path":"a","matcher":{}}`:                                                            {"matcher.value:required"},
		`{"op":"remove","path":"a","matcher":{"field":"b..","value":1}}`:                                     {"matcher.field:invalid_format"},
		`{"op":"remove","path":"a","matcher":{"value":1,"matchType":"contains"}}`:                            {"matcher.value:invalid_type"},
		`{"op":"remove","path":"a","matcher":{"value":"(","matchType":"regex"}}`:                             {"matcher.value:invalid_format"},
		`{"op":"remove","path":"a","matcher":{"value":"a","matchType":"prefix"}}`:                            {"matcher.matchType:invalid_choice"},
		`{"op":"merge","path":"a","value":[1]}`:                                                              {"value:invalid_type"},
		`{"op":"merge","path":"a","value":{},"anchor":{"value":1}}`:                                          {"anchor:not_allowed"},
		`{"op":"insert","path":"a","value":1,"position":"middle"}`:                                           {"position:invalid_choice"},
		`{"op":"insert","path":"a","value":1,"position":"before"}`:                                           {"anchor:required"},
		`{"op":"insert","path":"a","value":1,"position":"end","anchor":{"value":1}}`:                         {"anchor:not_allowed"},
		`{"op":"insert","path":"a","value":1,"onAnchorMissing":"end"}`:                                       {"onAnchorMissing:not_allowed"},
		`{"op":"insert","path":"a","value":1,"position":"after","anchor":{"value":1},"onAnchorMissing":"x"}`: {"onAnchorMissing:invalid_choice"},
		`{"op":"insert","path":"a","value":1,"dedupe":{"byFields":["", "a."]}}`:                              {"dedupe.byFields.0:required", "dedupe.byFields.1:invalid_format"},
		`{"op":"merge","scope":"header","path":"a","value":{}}`:                                              {"op:invalid_choice"},
		`{"op":"set","scope":"header","path":"Transfer-Encoding","value":"x"}`:                               {"path:not_allowed"},
		`{"op":"remove","scope":"header","path":"a","matcher":{"field":"x","value":"y"}}`:                    {"matcher.field:not_allowed"},
	} {
		f := advanced(t, `[{"op":"remove","path":"fine"},`+operation+`]`)
		for i, w := range want {
			want[i] = "operations.1." + w
		}
		require.Equal(t, want, faults(f), operation)
	}
}

// FuzzFilters has operations of any form change any document: it stays valid,
// and what does not change stays the same.
func FuzzFilters(f *testing.F) {
	for _, seed := range [...][2]string{
		{`[{"op":"set","path":"a.b[0]","value":{"x":1}}]`, `{"a":{"b":[1, 2]}}`},
		{`[{"op":"merge","path":"","value":{"a":null,"b":{"c":null,"d":1}}}]`, `{"a":1,"b":{"c":2},"a":3}`},
		{`[{"op":"remove","path":"a","matcher":{"field":"b","value":"x","matchType":"regex"}}]`, `{"a":[{"b":"x"},{"b":"y"}]}`},
		{`[{"op":"insert","path":"a","value":"\ud83d\ude00","position":"before","anchor":{"value":1},"dedupe":{"byFields":["x"]}}]`, "{ \"a\" : [ 1 , 2 ] }\n"},
		{`[{"op":"remove","path":"a[1]"},{"op":"set","path":"\"","value":0,"writeMode":"if_missing"}]`, `{"a":[0,1,2],"\u0022":"\ud800"}`},
	} {
		f.Add(seed[0], seed[1], "b", "x$1")
	}
	f.Fuzz(func(t *testing.T, operations, doc, find, replacement string) {
		if !json.Valid([]byte(doc)) || len(doc) > 4096 || !strings.HasPrefix(strings.TrimSpace(doc), "{") {
			t.Skip()
		}
		adv := simple("", "", "", "")
		adv.Mode = domain.FilterAdvanced
		_ = json.Unmarshal([]byte(operations), &adv.Operations)
		text, err := json.Marshal(replacement)
		require.NoError(t, err)
		for _, rule := range []*domain.RequestFilter{
			adv, replacing(domain.MatchContains, find, string(text)), replacing(domain.MatchRegex, find, string(text)),
			simple(domain.FilterBody, domain.FilterJSONPath, find, string(text)),
		} {
			if len(filter.Check(rule)) > 0 {
				continue
			}
			got, report := filter.Compile(catalog(rule)).Global().Body(doc)
			require.True(t, json.Valid([]byte(got)), "%s became %s", doc, got)
			require.Equal(t, len(report.Applied) > 0, got != doc)
			if len(report.Failed) > 0 {
				require.Equal(t, doc, got)
			}
		}
	})
}
