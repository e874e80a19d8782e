package neutral

import (
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// oracle is a tap written without any regard to its cost: it looks members up
// one by one and decodes every text. A Tap has to say of any document what the
// oracle says.
type oracle struct {
	wire     oracleWire
	tally    tally
	complete bool
	failed   bool
}

type oracleWire interface {
	frame(t *oracle, data string) Verdict
	body(t *oracle, root gjson.Result) Verdict
	usage() ([]Usage, bool)
}

func newOracle(f Format, hourTTL bool) *oracle {
	return &oracle{wire: map[Format]oracleWire{
		Claude:    &claudeOracle{meter: oracleMeter{ClaudeMeter{HourTTL: hourTTL}}},
		Chat:      &chatOracle{},
		Responses: &responsesOracle{},
		Gemini:    &geminiOracle{},
		GeminiCLI: &geminiOracle{},
	}[f]}
}

func (t *oracle) Frame(data []byte) Verdict {
	s := strings.TrimSpace(View(data))
	switch {
	case s == "":
		return Neutral
	case s == "[DONE]":
		t.complete = true
		return Terminal
	case !gjson.Valid(s):
		return Malformed
	}
	return t.note(t.wire.frame(t, s))
}

func (t *oracle) Body(body []byte) Verdict {
	s := View(body)
	if !gjson.Valid(s) {
		return Malformed
	}
	root := gjson.Parse(s)
	var v Verdict
	if root.IsArray() { // Gemini without alt=sse
		v = t.array(root)
	} else {
		v = t.wire.body(t, root)
	}
	if v == Terminal {
		v = Neutral
	}
	return t.note(v)
}

func (t *oracle) array(root gjson.Result) Verdict {
	v := Neutral
	List(root).ForEach(func(_, chunk gjson.Result) bool {
		if got := t.wire.frame(t, chunk.Raw); got == Failure || got == Content {
			v = got
		}
		return v != Failure
	})
	return v
}

func (t *oracle) note(v Verdict) Verdict {
	if v == Failure {
		t.failed = true
	}
	return v
}

func (t *oracle) Usage() []Usage {
	u, ok := t.wire.usage()
	if !ok {
		return nil
	}
	for i := range u {
		if u[i].ServiceTier == "" {
			u[i].ServiceTier = t.tally.tier
		}
	}
	return u
}

func (t *oracle) text(s gjson.Result) bool {
	if s.Type != gjson.String || s.Str == "" {
		return false
	}
	t.tally.chars += int64(utf8.RuneCountInString(s.Str))
	return true
}

func (t *oracle) identify(id, model, tier gjson.Result) {
	if t.tally.id == "" && id.Type == gjson.String {
		t.tally.id = strings.Clone(id.Str)
	}
	if t.tally.model == "" && model.Type == gjson.String {
		t.tally.model = strings.Clone(model.Str)
	}
	if tier.Type == gjson.String && tier.Str != "" && tier.Str != t.tally.tier {
		t.tally.tier = strings.Clone(strings.ToLower(tier.Str))
	}
}

func oracleHasError(e gjson.Result) bool {
	switch e.Type {
	case gjson.String:
		return e.Str != ""
	case gjson.JSON:
		return len(e.Raw) > 2
	default:
		return false
	}
}

func oracleCount(r gjson.Result) (int64, bool) {
	const exact = 1 << 53
	if r.Type != gjson.Number || r.Num < 0 || r.Num >= exact || r.Num != float64(int64(r.Num)) {
		return 0, false
	}
	return int64(r.Num), true
}

func oracleFirstCount(r gjson.Result, paths ...string) (int64, bool) {
	for _, p := range paths {
		if n, ok := oracleCount(r.Get(p)); ok {
			return n, true
		}
	}
	return 0, false
}

// oracleLast is the last member of a name; of most objects the first counts.
func oracleLast(object gjson.Result, name string) (last gjson.Result) {
	object.ForEach(func(key, v gjson.Result) bool {
		if key.Str == name {
			last = v
		}
		return true
	})
	return last
}
