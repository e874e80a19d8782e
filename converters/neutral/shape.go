package neutral

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/rawjson"
)

// ErrNoMessages means that a request holds nothing a model could answer.
var ErrNoMessages = errors.New("the request holds no messages")

// ErrNotObject means that a request body is not a JSON object.
var ErrNotObject = errors.New("the request body is not a JSON object")

// ParseBody parses a request or answer body; the result is a view of it.
func ParseBody(body []byte) (gjson.Result, error) {
	s := View(body)
	if !rawjson.Valid(s) {
		return gjson.Result{}, ErrNotObject
	}
	root := gjson.Parse(s)
	if !root.IsObject() {
		return gjson.Result{}, ErrNotObject
	}
	return root, nil
}

// List is r if it is an array and nothing otherwise. Visiting anything but an
// array or an object would hand the visitor the value itself, and null stands
// in many places where a list may.
func List(r gjson.Result) gjson.Result {
	if !r.IsArray() {
		return gjson.Result{}
	}
	return r
}

// Objects visits the objects of an array and skips whatever else is in it.
func Objects(array gjson.Result, visit func(gjson.Result)) {
	List(array).ForEach(func(_, v gjson.Result) bool {
		if v.IsObject() {
			visit(v)
		}
		return true
	})
}

// NumberOf is a JSON number in its own digits, unset for anything else.
func NumberOf(r gjson.Result) Number {
	if r.Type != gjson.Number {
		return ""
	}
	return Number(r.Raw)
}

// CountOf is a non-negative integer, 0 for anything else.
func CountOf(r gjson.Result) int64 {
	n, _ := count(r)
	return n
}

// BoolOf is a JSON boolean, nil for anything else.
func BoolOf(r gjson.Result) *bool {
	if !r.IsBool() {
		return nil
	}
	b := r.Bool()
	return &b
}

// ObjectOf is the text of a JSON object, "" for anything else.
func ObjectOf(r gjson.Result) string {
	if !r.IsObject() {
		return ""
	}
	return r.Raw
}

// StringsOf is a list of strings, from an array or from a single string.
func StringsOf(r gjson.Result) []string {
	if r.Type == gjson.String {
		return []string{r.Str}
	}
	var out []string
	List(r).ForEach(func(_, v gjson.Result) bool {
		if v.Type == gjson.String {
			out = append(out, v.Str)
		}
		return true
	})
	return out
}

// Is says whether an optional flag is set to a value.
func Is(flag *bool, value bool) bool { return flag != nil && *flag == value }

// Shape is what a format demands of the messages it prints.
type Shape struct {
	Vendor    Vendor // whose signed thinking may stay
	Reminders bool   // later system messages become text in user turns
	Fill      bool   // calls without a result get one
	NoBlank   bool   // text of nothing but white space is dropped
}

// Messages returns the request's messages as a format of this shape wants them:
// thinking without a signature of the format's own vendor is dropped, as it
// would mislead the model as plain text; results stand by their calls; roles
// alternate. It fails with ErrNoMessages when nothing is left.
func (s Shape) Messages(r *Request) ([]Message, error) {
	kept := make([]Message, 0, len(r.Messages))
	for _, m := range r.Messages {
		kept = appendTurn(kept, m.Role, s.own(m.Parts))
	}
	paired := PairCalls(kept, s.Fill)
	out := make([]Message, 0, len(paired))
	for _, m := range paired {
		if m.Role == System && s.Reminders {
			m = Message{Role: User, Parts: reminders(m.Parts)}
		}
		out = appendTurn(out, m.Role, m.Parts)
	}
	if len(out) == 0 {
		return nil, ErrNoMessages
	}
	return out, nil
}

func reminders(parts []Part) []Part {
	out := make([]Part, len(parts))
	for i, p := range parts {
		p.Text = rawjson.Plain(Reminder(p.Text.String()))
		out[i] = p
	}
	return out
}

// appendTurn adds a turn unless it is empty, joining it to one of the same role
// before it. Slices that belong to the request are not appended to.
func appendTurn(turns []Message, role Role, parts []Part) []Message {
	if len(parts) == 0 {
		return turns
	}
	last := len(turns) - 1
	if last < 0 || turns[last].Role != role {
		return append(turns, Message{Role: role, Parts: parts})
	}
	turns[last].Parts = slices.Concat(turns[last].Parts, parts)
	return turns
}

// own leaves out thinking that is not signed by the shape's vendor, and blank
// text where it is refused. The request's slice is not touched.
func (s Shape) own(parts []Part) []Part {
	foreign := func(p Part) bool {
		switch p.Kind {
		case Think:
			return p.Sig.Zero() || p.Sig.Vendor != s.Vendor
		case Text:
			return s.NoBlank && p.Text.Blank()
		default:
			return false
		}
	}
	if !slices.ContainsFunc(parts, foreign) {
		return parts
	}
	return slices.DeleteFunc(slices.Clone(parts), foreign)
}

// Texts joins the text of text parts and text documents.
func Texts(parts []Part, sep string) rawjson.Str {
	var first rawjson.Str
	var list []string
	n := 0
	for i := range parts {
		p := &parts[i]
		if p.Kind != Text && (p.Kind != Doc || p.Text.Empty()) {
			continue
		}
		if n++; n == 1 {
			first = p.PlainText()
			continue
		}
		if n == 2 {
			list = append(list, first.String())
		}
		list = append(list, p.PlainText().String())
	}
	if n < 2 {
		return first // as it came
	}
	return rawjson.Plain(strings.Join(list, sep))
}

// Arguments are a call's arguments as JSON text. The input of a custom call is
// wrapped, as for the function that stands for its tool; none at all are {}.
func (p *Part) Arguments() string {
	switch {
	case p.Custom:
		return string(append(rawjson.AppendString([]byte(`{"input":`), p.Args), '}'))
	case p.Args == "":
		return "{}"
	default:
		return p.Args
	}
}

// Allows says whether a choice lets the model use a tool.
func (c Choice) Allows(name string) bool {
	if c.Mode != ChoiceAllowedAny && c.Mode != ChoiceAllowedAuto {
		return true
	}
	return slices.Contains(c.Names, name)
}

// Subset is the tools a choice allows and the choice that is left over, for
// formats that cannot name a subset.
func (r *Request) Subset() ([]Tool, Choice) {
	switch r.Choice.Mode {
	case ChoiceAllowedAny, ChoiceAllowedAuto:
	default:
		return r.Tools, r.Choice
	}
	var tools []Tool
	for _, t := range r.Tools {
		if r.Choice.Allows(t.Name) {
			tools = append(tools, t)
		}
	}
	if r.Choice.Mode == ChoiceAllowedAny {
		return tools, Choice{Mode: ChoiceAny}
	}
	return tools, Choice{Mode: ChoiceAuto}
}

// EmptySchema is the schema of a function without arguments.
const EmptySchema = `{"type":"object","properties":{}}`

// FreeformSchema is the schema that stands for a custom tool's input where only
// functions exist.
const FreeformSchema = `{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}`

// AsFunction is a tool as the function that stands for it where there are no
// custom tools: the grammar goes into the description.
func (t *Tool) AsFunction() (desc, schema string) {
	desc, schema = t.Desc, t.Schema
	if t.Kind == Custom {
		schema = FreeformSchema
		if t.Grammar != "" {
			if desc != "" {
				desc += "\n\n"
			}
			desc += "The input must match this " + t.GrammarSyntax + " grammar:\n" + t.Grammar
		}
	}
	if schema == "" {
		schema = EmptySchema
	}
	return desc, schema
}

// Float is the number's value, 0 if it is unset.
func (n Number) Float() float64 {
	f, _ := strconv.ParseFloat(string(n), 64)
	return f
}

// Freeform is the input of a custom tool inside the arguments of the function
// that stood for it; arguments of another shape are the input themselves.
func Freeform(args string) string {
	if in := gjson.Get(args, "input"); in.Type == gjson.String && rawjson.Valid(args) {
		return in.Str
	}
	return args
}

// Pick finds members of an object in one pass, as every look-up by name walks
// over all that comes before it. found[i] is the member called names[i].
func Pick(object gjson.Result, found []gjson.Result, names ...string) {
	object.ForEach(func(k, v gjson.Result) bool {
		if i := slices.Index(names, k.Str); i >= 0 {
			found[i] = v
		}
		return true
	})
}
