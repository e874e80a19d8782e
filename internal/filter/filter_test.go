package filter_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/filter"
)

// simple is a global filter of the guard phase.
func simple(scope domain.FilterScope, action domain.FilterAction, target, replacement string) *domain.RequestFilter {
	f := &domain.RequestFilter{
		ID: 1, Name: "f", Enabled: true, Binding: domain.FilterGlobal, Phase: domain.FilterGuard,
		Mode: domain.FilterSimple, Scope: scope, Action: action, Target: target,
	}
	if replacement != "" {
		f.Replacement = json.RawMessage(replacement)
	}
	return f
}

func replacing(kind domain.MatchType, target, replacement string) *domain.RequestFilter {
	f := simple(domain.FilterBody, domain.FilterTextReplace, target, replacement)
	f.MatchType = kind
	return f
}

// advanced is one with operations in the form of the management API.
func advanced(t testing.TB, operations string) *domain.RequestFilter {
	t.Helper()
	f := simple("", "", "", "")
	f.Mode = domain.FilterAdvanced
	require.NoError(t, json.Unmarshal([]byte(operations), &f.Operations))
	return f
}

func catalog(filters ...*domain.RequestFilter) *domain.Catalog {
	return domain.NewCatalog(domain.Configuration{
		Filters: filters,
		Groups: []*domain.Group{
			{ID: 1, Name: domain.DefaultGroup}, {ID: 2, Name: domain.GroupAll}, {ID: 3, Name: "team"},
		},
		Providers: []*domain.Provider{{ID: 1}, {ID: 2, Groups: []string{"team"}}, {ID: 3, Groups: []string{"other"}}},
	})
}

// change has one filter change a document.
func change(t testing.TB, f *domain.RequestFilter, doc string) (string, filter.Report) {
	t.Helper()
	require.Empty(t, filter.Check(f))
	return filter.Compile(catalog(f)).Global().Body(doc)
}

func TestSimpleBodies(t *testing.T) {
	t.Parallel()
	path := func(target, replacement string) *domain.RequestFilter {
		return simple(domain.FilterBody, domain.FilterJSONPath, target, replacement)
	}
	for name, c := range map[string]struct {
		filter    *domain.RequestFilter
		doc, want string // want empty = untouched
	}{
		"path, replaced":       {path("a.b", `{"x": 1}`), `{ "a" : {"b": 2 }, "c":3} `, `{ "a" : {"b": {"x":1} }, "c":3} `},
		"path, made":           {path("m[0].t", `"é"`), `{"a":1}`, `{"a":1,"m":[{"t":"é"}]}`},
		"path, null":           {path("a", `null`), `{"a":1}`, `{"a":null}`},
		"path, the same":       {path("a", `1`), `{"a":1}`, ""},
		"contains":             {replacing(domain.MatchContains, "secret", `"***"`), `{"secret":"a secret and a secret", "n":[ "secretly" ]}`, `{"secret":"a *** and a ***", "n":[ "***ly" ]}`},
		"contains, not there":  {replacing(domain.MatchContains, "secret", `"x"`), `{"secret" :"none","a":"se\"cret"}`, ""},
		"contains, escaped":    {replacing(domain.MatchContains, `a"b`, `"\"\n"`), `{"x":"1a\"b2","y":"\u0061\u0022b"}`, `{"x":"1\"\n2","y":"\"\n"}`},
		"contains, case":       {replacing(domain.MatchContains, "Secret", `"x"`), `{"a":"secret"}`, ""},
		"exact":                {replacing(domain.MatchExact, "hi", `""`), `{"a":"hi","b":"hi!","c":"\u0068i"}`, `{"a":"","b":"hi!","c":""}`},
		"regex":                {replacing(domain.MatchRegex, `sk-(\w{3})\w+`, `"sk-${1}…"`), `{"a":"key sk-abc123, sk-xyz999","b":"sk-a"}`, `{"a":"key sk-abc…, sk-xyz…","b":"sk-a"}`},
		"regex, empty matches": {replacing(domain.MatchRegex, `x*`, `"-"`), `{"a":"ab"}`, `{"a":"-a-b-"}`},
		"regex, anchored":      {replacing(domain.MatchRegex, `(?i)^hello`, `"bye"`), `{"a":"Hello hello"}`, `{"a":"bye hello"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, report := change(t, c.filter, c.doc)
			if c.want == "" {
				require.Equal(t, c.doc, got)
				require.True(t, report.Empty())
				return
			}
			require.Equal(t, c.want, got)
			require.Equal(t, filter.Report{Applied: []string{"f"}}, report)
		})
	}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ operations, doc, want string }{
		"set":                   {`[{"op":"set","path":"a","value":2}]`, `{"a":1}`, `{"a":2}`},
		"set if missing, there": {`[{"op":"set","path":"a","value":2,"writeMode":"if_missing"}]`, `{"a":null}`, ""},
		"set if missing, made":  {`[{"op":"set","path":"b.c","value":2,"writeMode":"if_missing"}]`, `{"a":1}`, `{"a":1,"b":{"c":2}}`},
		"remove":                {`[{"op":"remove","path":"a[1].x"}]`, `{"a":[{},{"x":1,"y":2}]}`, `{"a":[{},{"y":2}]}`},
		"remove, not there":     {`[{"op":"remove","path":"a.x"}]`, `{"a":[]}`, ""},
		"remove elements": {
			`[{"op":"remove","path":"tools","matcher":{"field":"f.name","value":"bad"}}]`,
			`{"tools":[{"f":{"name":"bad"}}, {"f":{"name":"good"}}, {"f":{"name":"bad"}} ]}`, `{"tools":[{"f":{"name":"good"}} ]}`,
		},
		"remove elements, contains": {`[{"op":"remove","path":"a","matcher":{"value":"b","matchType":"contains"}}]`, `{"a":["abc","x",{"b":1},"b"]}`, `{"a":["x",{"b":1}]}`},
		"remove elements, regex":    {`[{"op":"remove","path":"a","matcher":{"value":"^[0-9]+$","matchType":"regex"}}]`, `{"a":["12",34,"5x",null]}`, `{"a":["5x",null]}`},
		"remove elements, deep":     {`[{"op":"remove","path":"a","matcher":{"value":{"x":[1,2.0],"y":null}}}]`, `{"a":[{"y":null,"x":[1.0,2]},{"x":[1,2]}]}`, `{"a":[{"x":[1,2]}]}`},
		"remove all elements":       {`[{"op":"remove","path":"a","matcher":{"value":true}}]`, `{"a":[true, true]}`, `{"a":[]}`},
		"remove a value, matching":  {`[{"op":"remove","path":"a.t","matcher":{"value":1}}]`, `{"a":{"t":1.0}}`, `{"a":{}}`},
		"remove a value, another":   {`[{"op":"remove","path":"a.t","matcher":{"value":1}}]`, `{"a":{"t":"1"}}`, ""},
		"merge": {
			`[{"op":"merge","path":"m","value":{"a":null,"b":{"c":1,"d":null},"n":{"x":null,"y":[null]},"s":2}}]`,
			`{"m": {"a":1, "b":{"c":0,"d":4,"e":5}, "s":[1] }}`, `{"m": {"b":{"c":1,"e":5}, "s":2 ,"n":{"y":[null]}}}`,
		},
		"merge, the root":        {`[{"op":"merge","path":"","value":{"a":null,"b":2}}]`, ` { "a" : 1 } `, ` {  "b":2} `},
		"merge, nothing changes": {`[{"op":"merge","path":"m","value":{"a":1.0,"x":null}}]`, `{"m":{"a":1}}`, ""},
		"merge, made":            {`[{"op":"merge","path":"m","value":{"a":{"b":1,"c":null}}}]`, `{"x":0}`, `{"x":0,"m":{"a":{"b":1}}}`},
		"merge, into no object":  {`[{"op":"merge","path":"m","value":{"a":1}}]`, `{"m":[1]}`, `{"m":{"a":1}}`},
		"insert at the end":      {`[{"op":"insert","path":"s","value":{"t":1}}]`, `{"s":[ {"t":0} ]}`, `{"s":[ {"t":0} ,{"t":1}]}`},
		"insert at the start":    {`[{"op":"insert","path":"s","value":1,"position":"start"}]`, `{"s":[ 2, 3]}`, `{"s":[ 1,2, 3]}`},
		"insert into nothing":    {`[{"op":"insert","path":"s","value":1,"position":"start"}]`, `{"s":[ ]}`, `{"s":[ 1]}`},
		"insert before": {
			`[{"op":"insert","path":"s","value":9,"position":"before","anchor":{"field":"k","value":"b"}}]`,
			`{"s":[{"k":"a"}, {"k":"b"}, {"k":"b"}]}`, `{"s":[{"k":"a"}, 9,{"k":"b"}, {"k":"b"}]}`,
		},
		"insert after":           {`[{"op":"insert","path":"s","value":9,"position":"after","anchor":{"value":2}}]`, `{"s":[1, 2 , 3]}`, `{"s":[1, 2,9 , 3]}`},
		"insert, anchor missing": {`[{"op":"insert","path":"s","value":9,"position":"after","anchor":{"value":5}}]`, `{"s":[1]}`, `{"s":[1,9]}`},
		"insert, then at start":  {`[{"op":"insert","path":"s","value":9,"position":"after","anchor":{"value":5},"onAnchorMissing":"start"}]`, `{"s":[1]}`, `{"s":[9,1]}`},
		"insert, then not":       {`[{"op":"insert","path":"s","value":9,"position":"after","anchor":{"value":5},"onAnchorMissing":"skip"}]`, `{"s":[1]}`, ""},
		"insert twice":           {`[{"op":"insert","path":"s","value":{"a":1,"b":2},"dedupe":{}}]`, `{"s":[{"b":2.0,"a":1}]}`, ""},
		"insert, a field equal":  {`[{"op":"insert","path":"s","value":{"a":1,"b":2},"dedupe":{"byFields":["a"]}}]`, `{"s":[{"a":1,"b":3}]}`, ""},
		"insert, a field not":    {`[{"op":"insert","path":"s","value":{"a":1,"b":2},"dedupe":{"byFields":["a","b"]}}]`, `{"s":[{"a":1,"b":3}]}`, `{"s":[{"a":1,"b":3},{"a":1,"b":2}]}`},
		"insert, no array":       {`[{"op":"insert","path":"s","value":1}]`, `{"s":"text"}`, ""},
		"insert, not there":      {`[{"op":"insert","path":"s","value":1}]`, `{}`, ""},
		"one after another":      {`[{"op":"set","path":"s","value":[],"writeMode":"if_missing"},{"op":"insert","path":"s","value":1},{"op":"remove","path":"x"}]`, `{"x":0}`, `{"s":[1]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, report := change(t, advanced(t, c.operations), c.doc)
			require.Empty(t, report.Failed)
			if c.want == "" {
				c.want = c.doc
				require.Empty(t, report.Applied)
			}
			require.Equal(t, c.want, got)
			require.True(t, json.Valid([]byte(got)))
		})
	}
}

// A filter that cannot do its work leaves all of it undone, and the next one has
// its turn.
func TestFiltersFailOpen(t *testing.T) {
	t.Parallel()
	broken := advanced(t, `[{"op":"set","path":"a","value":1},{"op":"set","path":"text.x","value":2}]`)
	broken.Name = "broken"
	large := replacing(domain.MatchContains, "t", `"`+strings.Repeat("x", 60_000)+`"`)
	large.Name, large.ID = "large", 2
	many := replacing(domain.MatchRegex, ".", `"y"`)
	many.Name, many.ID = "many", 3
	last := simple(domain.FilterBody, domain.FilterJSONPath, "b", `2`)
	last.ID = 4
	doc := `{"text":"` + strings.Repeat("t", 200_000) + `"}`
	got, report := filter.Compile(catalog(broken, large, many, last)).Global().Body(doc)
	require.Equal(t, filter.Report{Applied: []string{"f"}, Failed: []string{"broken", "large", "many"}}, report)
	require.Equal(t, doc[:len(doc)-1]+`,"b":2}`, got)
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	h := map[string][]string{"X-A": {"1"}, "X-B": {"one", "two"}, "User-Agent": {"me"}}
	for name, c := range map[string]struct {
		filter *domain.RequestFilter
		want   map[string][]string // nil = the same map
	}{
		"set":                  {simple(domain.FilterHeader, domain.FilterSet, "x-a", `"2"`), map[string][]string{"X-A": {"2"}, "X-B": {"one", "two"}, "User-Agent": {"me"}}},
		"set, the same":        {simple(domain.FilterHeader, domain.FilterSet, "X-A", `"1"`), nil},
		"remove":               {simple(domain.FilterHeader, domain.FilterRemove, "x-b", ""), map[string][]string{"X-A": {"1"}, "User-Agent": {"me"}}},
		"remove, not there":    {simple(domain.FilterHeader, domain.FilterRemove, "x-c", ""), nil},
		"if missing, there":    {advanced(t, `[{"op":"set","scope":"header","path":"x-a","value":"9","writeMode":"if_missing"}]`), nil},
		"if missing, not":      {advanced(t, `[{"op":"set","scope":"header","path":"x-c","value":"9","writeMode":"if_missing"}]`), map[string][]string{"X-A": {"1"}, "X-B": {"one", "two"}, "X-C": {"9"}, "User-Agent": {"me"}}},
		"remove some":          {advanced(t, `[{"op":"remove","scope":"header","path":"x-b","matcher":{"value":"^t","matchType":"regex"}}]`), map[string][]string{"X-A": {"1"}, "X-B": {"one"}, "User-Agent": {"me"}}},
		"remove all of them":   {advanced(t, `[{"op":"remove","scope":"header","path":"x-a","matcher":{"value":"1"}}]`), map[string][]string{"X-B": {"one", "two"}, "User-Agent": {"me"}}},
		"remove what is other": {advanced(t, `[{"op":"remove","scope":"header","path":"x-a","matcher":{"value":"2","matchType":"contains"}}]`), nil},
	} {
		require.Empty(t, filter.Check(c.filter), name)
		chain := filter.Compile(catalog(c.filter)).Global()
		require.True(t, chain.Headers())
		require.False(t, chain.Bodies())
		got, report := chain.Header(h)
		if c.want == nil {
			c.want = h
			require.True(t, report.Empty(), name)
		} else {
			require.Equal(t, []string{"f"}, report.Applied, name)
		}
		require.Equal(t, c.want, got, name)
	}
	require.Equal(t, map[string][]string{"X-A": {"1"}, "X-B": {"one", "two"}, "User-Agent": {"me"}}, h, "a filter changed the header it was given")
}

func TestPlansKeepToBindingsPhasesAndOrder(t *testing.T) {
	t.Parallel()
	make := func(id int, name string, priority int, change func(*domain.RequestFilter)) *domain.RequestFilter {
		f := advanced(t, `[{"op":"set","path":"order","value":[],"writeMode":"if_missing"},{"op":"insert","path":"order","value":"`+name+`"}]`)
		f.ID, f.Name, f.Priority = domain.RequestFilterID(id), name, priority
		if change != nil {
			change(f)
		}
		return f
	}
	plan := filter.Compile(catalog(
		make(1, "late", 5, nil), make(2, "first", 0, nil), make(3, "second", 0, nil),
		make(4, "off", 0, func(f *domain.RequestFilter) { f.Enabled = false }),
		make(5, "of two", 0, func(f *domain.RequestFilter) {
			f.Binding, f.Providers = domain.FilterProviders, []domain.ProviderID{2, 99}
		}),
		make(6, "default", 0, func(f *domain.RequestFilter) { f.Binding, f.Groups = domain.FilterGroups, []domain.GroupID{1} }),
		make(7, "team", 1, func(f *domain.RequestFilter) { f.Binding, f.Groups = domain.FilterGroups, []domain.GroupID{3} }),
		make(8, "all", 2, func(f *domain.RequestFilter) { f.Binding, f.Groups = domain.FilterGroups, []domain.GroupID{2} }),
		make(9, "end", 0, func(f *domain.RequestFilter) { f.Phase = domain.FilterFinal }),
		make(10, "end of three", -1, func(f *domain.RequestFilter) {
			f.Phase, f.Binding, f.Providers = domain.FilterFinal, domain.FilterProviders, []domain.ProviderID{3}
		}),
		make(11, "unusable", 0, func(f *domain.RequestFilter) { f.Operations[0].Path = "a..b" }),
	))
	order := func(c filter.Chain) string {
		doc, report := c.Body(`{}`)
		var got struct {
			Order []string `json:"order"`
		}
		require.NoError(t, json.Unmarshal([]byte(doc), &got))
		require.Equal(t, got.Order, report.Applied)
		return strings.Join(got.Order, ", ")
	}
	require.Equal(t, "first, second, late", order(*plan.Global()))
	require.Equal(t, "default, all", order(plan.Guard(1)))
	require.Equal(t, "of two, team, all", order(plan.Guard(2)))
	require.Equal(t, "all", order(plan.Guard(3)))
	require.Equal(t, "end", order(plan.Final(1)))
	require.Equal(t, "end of three, end", order(plan.Final(3)))
}

func TestPlansAreCompiledOncePerCatalog(t *testing.T) {
	t.Parallel()
	var plans filter.Plans
	require.Nil(t, plans.For(catalog()))
	c := catalog(simple(domain.FilterBody, domain.FilterJSONPath, "a", "1"))
	first := plans.For(c)
	require.Same(t, first, plans.For(c))
	require.NotSame(t, first, plans.For(catalog(c.Filters()...)))
	var none *filter.Plan
	require.False(t, none.Global().Bodies())
	guard, final := none.Guard(1), none.Final(1)
	require.False(t, guard.Headers() || final.Bodies())
}

// BenchmarkNoFilters is what every request pays where none are configured.
func BenchmarkNoFilters(b *testing.B) {
	var plans filter.Plans
	c := catalog()
	b.ReportAllocs()
	for b.Loop() {
		plan := plans.For(c)
		final := plan.Final(1)
		if plan.Global().Bodies() || final.Bodies() || final.Headers() {
			b.Fatal("there are filters")
		}
	}
}

func BenchmarkTextReplace(b *testing.B) {
	doc := `{"messages":[` + strings.Repeat(`{"role":"user","content":"some text that nobody minds, and \"more\" of it"},`, 1000) + `{"content":"secret"}]}`
	for name, f := range map[string]*domain.RequestFilter{
		"contains": replacing(domain.MatchContains, "secret", `"x"`), "regex": replacing(domain.MatchRegex, `secret\d*`, `"x"`),
		"path": simple(domain.FilterBody, domain.FilterJSONPath, "temperature", "1"),
	} {
		b.Run(name, func(b *testing.B) {
			chain := filter.Compile(catalog(f)).Global()
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				_, report := chain.Body(doc)
				if report.Empty() {
					b.Fatal("nothing was changed")
				}
			}
		})
	}
}
