package neutral

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/rawjson"
)

// Verdict is what one frame means to whoever decides about committing to an
// answer.
type Verdict uint8

// Verdicts. Content is something a user would miss; a finish for any reason
// other than a plain stop is Content too. Terminal ends an answer. Neutral is
// all the rest, Echo the large neutral frames that repeat the request.
const (
	Neutral Verdict = iota
	Echo
	Content
	Terminal
	Failure
	Malformed
)

// String names the verdict for logs.
func (v Verdict) String() string {
	return [...]string{"neutral", "echo", "content", "terminal", "error", "malformed"}[v]
}

// Tap reads what an upstream sends without changing it: usage, model, verdicts
// and whether the answer is complete. It takes the frames of a stream one by
// one, or one whole body, and looks only at the members it needs.
//
// A Tap belongs to one attempt and one goroutine; it keeps nothing of the
// bytes it is shown.
type Tap struct {
	alike    alike // with the tally first: most frames need nothing else
	tally    tally
	wire     wireTap
	complete bool
	failed   bool
}

// wireTap is the part of a Tap that knows a format.
type wireTap interface {
	frame(t *Tap, root piece) Verdict
	body(t *Tap, root piece) Verdict
	usage() ([]Usage, bool)
}

// tally holds the facts that every format reports in some way.
type tally struct {
	chars           int64
	id, model, tier string
}

// NewTap returns a Tap for an upstream of the given format. hourTTL says that
// the request asked for the one-hour cache lifetime, which is where undivided
// cache writes of Claude are counted.
func NewTap(f Format, hourTTL bool) *Tap {
	t := &Tap{}
	switch f {
	case Claude:
		t.wire = &claudeTap{meter: ClaudeMeter{HourTTL: hourTTL}}
	case Chat:
		t.wire = &chatTap{}
	case Responses:
		t.wire = &responsesTap{}
	case Gemini, GeminiCLI:
		t.wire = &geminiTap{}
	default:
		panic("neutral: no such format: " + string(f))
	}
	return t
}

// Frame takes the data of one stream frame; frames without data are skipped by
// the caller or passed as nil.
func (t *Tap) Frame(data []byte) Verdict {
	s := strings.TrimSpace(View(data))
	if n := t.alike.chars(s); n > 0 {
		t.tally.chars += int64(n)
		return Content
	}
	switch {
	case s == "":
		return Neutral
	case s == "[DONE]":
		t.complete = true
		return Terminal
	case !rawjson.Valid(s):
		return Malformed
	}
	t.alike.begin()
	v := t.note(t.wire.frame(t, piece{raw: s}))
	if v == Content {
		t.alike.learn(s)
	}
	return v
}

// Body takes a whole answer that is not a stream. Neutral means an answer
// without content.
func (t *Tap) Body(body []byte) Verdict {
	s := View(body)
	if !rawjson.Valid(s) {
		return Malformed
	}
	root := piece{raw: strings.TrimSpace(s)}
	var v Verdict
	if root.isList() { // Gemini without alt=sse
		v = t.array(root)
	} else {
		v = t.wire.body(t, root)
	}
	if v == Terminal {
		v = Neutral
	}
	return t.note(v)
}

// array reads the chunks of a stream that came as one JSON array.
func (t *Tap) array(root piece) Verdict {
	v, w := Neutral, root.walk()
	for range w.elements() {
		if v == Failure {
			continue
		}
		if got := t.wire.frame(t, w.take()); got == Failure || got == Content {
			v = got
		}
	}
	return v
}

func (t *Tap) note(v Verdict) Verdict {
	if v == Failure {
		t.failed = true
	}
	return v
}

// Usage returns one usage per separately priced pass, in order; nil when the
// upstream reported none.
func (t *Tap) Usage() []Usage {
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

// Complete says that the answer's end was seen: message_stop, a finish reason
// or [DONE], response.completed or .incomplete, a finishReason.
func (t *Tap) Complete() bool { return t.complete }

// Failed says that an error was seen.
func (t *Tap) Failed() bool { return t.failed }

// ID is the answer's id as the upstream gave it, "" if none was seen.
func (t *Tap) ID() string { return t.tally.id }

// Model is the model the upstream says it used, "" if it did not say.
func (t *Tap) Model() string { return t.tally.model }

// ServiceTier is the tier the upstream says it used, "" if it did not say.
func (t *Tap) ServiceTier() string { return t.tally.tier }

// OutputChars counts the code points of text, thinking and tool arguments
// streamed so far.
func (t *Tap) OutputChars() int64 { return t.tally.chars }

// text counts a string as streamed output and says whether there was any.
func (t *Tap) text(s piece) bool {
	n := s.chars()
	if n == 0 {
		return false
	}
	t.tally.chars += int64(n)
	t.alike.saw(s)
	return true
}

// identify keeps the id and the model the first time each is named.
func (t *Tap) identify(id, model piece) {
	if t.tally.id == "" {
		t.tally.id = strings.Clone(id.str())
	}
	if t.tally.model == "" {
		t.tally.model = strings.Clone(model.str())
	}
}

// served keeps the tier that was named last, as the final event knows best.
func (t *Tap) served(tier piece) {
	if s := tier.str(); s != "" && s != t.tally.tier {
		t.tally.tier = strings.Clone(strings.ToLower(s))
	}
}

// HasError says whether an error member carries anything: relays send null and
// empty objects along with good answers.
func HasError(e gjson.Result) bool {
	switch e.Type {
	case gjson.String:
		return e.Str != ""
	case gjson.JSON:
		return len(e.Raw) > 2
	default:
		return false
	}
}

// count is a non-negative integer read from an upstream; anything else is
// absent.
func count(r gjson.Result) (int64, bool) {
	const exact = 1 << 53
	if r.Type != gjson.Number || r.Num < 0 || r.Num >= exact || r.Num != float64(int64(r.Num)) {
		return 0, false
	}
	return int64(r.Num), true
}
