package domain_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

type appender interface{ AppendJSON(dst []byte) []byte }

// written are what is written without reflection.
func written() []appender {
	return []appender{&domain.ChainEntry{}, &domain.CostBreakdown{}, &domain.SpecialSetting{}, &domain.RouteTrace{}}
}

// same fails unless v is written as encoding/json writes it.
func same(t *testing.T, v appender) {
	t.Helper()
	want, err := json.Marshal(v)
	require.NoError(t, err)
	require.Equal(t, string(want), string(v.AppendJSON([]byte("{"))[1:]), "%T", v)
}

// filler sets fields at random, of which all are set where full is.
type filler struct {
	random *rand.Rand
	full   bool
}

// texts are what needs escapes, and what does not.
func texts() []string {
	return []string{
		"plain", "", `"\/`, "<a href='x'>&amp;", "\x00\x01\b\f\n\r\t\x1f\x7f", "é漢😀", "\u2028 \u2029\u2027\u202a",
		"\xff", "a\xc3", "\xed\xa0\x80", "\ufffd", "\xf0\x9f\x98", `{`, `[{`, "{\"",
	}
}

func numbers() []float64 {
	return []float64{
		0, math.Copysign(0, -1), 1, -1, 0.1, 1.5, 1e-6, 9.99e-7, 1e-9, -1e-10, 1e-100, 1e20, 1e21, -1e21, 1e100,
		math.MaxFloat64, math.SmallestNonzeroFloat64, 1.0 / 3, 123456789.125,
	}
}

// fill sets v, which has at most so many objects above one another to come.
func (f filler) fill(v reflect.Value, depth int) {
	if !f.full && f.random.IntN(3) == 0 {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), depth)
	case reflect.Struct:
		for _, field := range v.Fields() {
			f.fill(field, depth-1)
		}
	case reflect.Slice:
		f.list(v, depth)
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"b<": f.text(), "a": f.text(), "\xff": "x"}))
	case reflect.Interface:
		v.Set(reflect.ValueOf(map[string]any{"<z>": []any{f.text(), 1e21, nil, true}, "a": map[string]any{}}))
	case reflect.String:
		v.SetString(f.text())
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(f.random.Int64N(1<<31-1) + 1)
	case reflect.Float64:
		v.SetFloat(f.float())
	default:
		panic("a kind of field that the test does not know: " + v.Type().String())
	}
}

func (f filler) list(v reflect.Value, depth int) {
	if v.Type() == reflect.TypeFor[json.RawMessage]() {
		v.SetBytes([]byte(` { "a" : "<\u2028` + "\u2028" + `" } `))
		return
	}
	n := 2
	if depth < 0 || !f.full && f.random.IntN(4) == 0 {
		n = 0 // there, and empty
	}
	v.Set(reflect.MakeSlice(v.Type(), n, n))
	for i := range n {
		f.fill(v.Index(i), depth)
	}
}

func (f filler) text() string {
	if f.full {
		return "a <text>"
	}
	return texts()[f.random.IntN(len(texts()))]
}

func (f filler) float() float64 {
	if f.full {
		return 1.25
	}
	return numbers()[f.random.IntN(len(numbers()))]
}

// With every field set, one that a type has and its method forgot is found out.
func TestJSONHasEveryField(t *testing.T) {
	t.Parallel()
	for _, v := range written() {
		same(t, v) // nothing is set
		filler{random: rand.New(rand.NewPCG(1, 2)), full: true}.fill(reflect.ValueOf(v).Elem(), 4)
		same(t, v)
	}
}

// One field at a time: which of them are left out when they are empty is as their
// tags say.
func TestJSONOfSomeFields(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3000) {
		for _, v := range written() {
			filler{random: rand.New(rand.NewPCG(seed, 0))}.fill(reflect.ValueOf(v).Elem(), 4)
			same(t, v)
		}
	}
}

func TestJSONOfTextsAndNumbers(t *testing.T) {
	t.Parallel()
	for r := range rune(0x300) {
		same(t, &domain.CostLine{Name: "a" + string(r) + "b"})
		same(t, &domain.CostLine{Name: string([]byte{'a', byte(r), byte(r >> 4)})})
	}
	for _, s := range texts() {
		same(t, &domain.CostLine{Name: s, Rate: "x" + s + s})
	}
	for _, n := range numbers() {
		same(t, &domain.Candidate{Probability: n, CostMultiplier: -n, QuotaFactor: n, Headroom: &n})
	}
}

func TestJSONOfLists(t *testing.T) {
	t.Parallel()
	require.Equal(t, "[]", string(domain.AppendChain(nil, nil)))
	entries := []domain.ChainEntry{{Reason: "a"}, {Reason: "b", Timestamp: 1}}
	want, err := json.Marshal(entries)
	require.NoError(t, err)
	require.Equal(t, string(want), string(domain.AppendChain(nil, entries)))
	done := []domain.SpecialSetting{{Type: "a"}, {Type: "b", Filters: []string{"c", "d"}}}
	want, err = json.Marshal(done)
	require.NoError(t, err)
	require.Equal(t, string(want), string(domain.AppendSpecial(nil, done, nil)))
}

// encoding/json would give up the whole record.
func TestJSONOfWhatJSONCannotSay(t *testing.T) {
	t.Parallel()
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		c := domain.Candidate{Probability: f}
		require.JSONEq(t, `{"id":0,"name":"","weight":0,"costMultiplier":0,"probability":null}`, string(c.AppendJSON(nil)), fmt.Sprint(f))
	}
	broken := domain.ParameterChange{Path: "p", Before: json.RawMessage(`{`), After: json.RawMessage(`1`)}
	require.JSONEq(t, `{"path":"p","before":null,"after":1}`, string(broken.AppendJSON(nil)))
}

func FuzzJSONText(f *testing.F) {
	for _, s := range texts() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { same(t, &domain.CostLine{Name: s}) })
}

// A chain of an ordinary request, with the two ways of writing it.
func BenchmarkChain(b *testing.B) {
	priority := 0
	candidates := []domain.Candidate{{ID: 1, Name: "acme", Weight: 1, CostMultiplier: 1, Probability: 0.5}, {ID: 2, Name: "other", Weight: 1, CostMultiplier: 1.2, Probability: 0.5}}
	entries := []domain.ChainEntry{
		{
			ProviderID: 1, Name: "acme", ProviderType: "claude", Reason: domain.ReasonInitialSelection, SelectionMethod: domain.MethodWeightedRandom,
			Priority: &priority, Weight: 1, CostMultiplier: 1, Groups: []string{"default"}, CircuitState: "closed", Timestamp: 1790000000000,
			Context: &domain.DecisionContext{
				TotalProviders: 2, EnabledProviders: 2, TargetType: "claude", RequestedModel: "claude-sonnet-4-5", AfterGroupFilter: 2, AfterModelFilter: 2,
				BeforeHealthCheck: 2, AfterHealthCheck: 2, PriorityLevels: []int{0}, Candidates: candidates, SessionID: "0123456789abcdef0123456789abcdef",
			},
		},
		{ProviderID: 1, Name: "acme", ProviderType: "claude", Reason: domain.ReasonRequestSuccess, Priority: &priority, Weight: 1, CostMultiplier: 1, Timestamp: 1790000000100, AttemptNumber: 1, EndpointURL: "https://api.example.com", StatusCode: 200, DurationMs: 90, TTFBMs: 40},
		{Reason: domain.ReasonBindingChanged, ProviderID: 1, Timestamp: 1790000000100, Detail: "first_success"},
	}
	b.Run("reflection", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(entries); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			buf = domain.AppendChain(buf[:0], entries)
		}
	})
}
