package filter

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/rawjson"
	"github.com/claude-code-hub/cch/internal/domain"
)

// rule is a filter made ready.
type rule struct {
	name   string
	body   []bodyOp
	header []headerOp
}

// bodyOp changes a document, whose root is an object. Without a change it
// returns the same string.
type bodyOp interface {
	change(doc string) (string, error)
}

// maxGrowth is how much larger one filter may make a body.
const maxGrowth = 4 << 20

var (
	errGrowth = errors.New("the body would become too large")
	errRoot   = errors.New("the body would be no object any more")
)

// change applies all of a filter or nothing of it.
func (r *rule) change(doc string) (out string, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			out, err = doc, fmt.Errorf("filter %q panicked: %v", r.name, cause)
		}
	}()
	out = doc
	for _, op := range r.body {
		if out, err = op.change(out); err != nil {
			return doc, err
		}
		if len(out) > len(doc)+maxGrowth {
			return doc, errGrowth
		}
	}
	if out != doc && !rawjson.Root(out).IsObject() {
		return doc, errRoot
	}
	return out, nil
}

// setOp writes a value.
type setOp struct {
	path      rawjson.Path
	value     string
	ifMissing bool
}

func (o *setOp) change(doc string) (string, error) {
	old, found := rawjson.Lookup(doc, o.path)
	if found && (o.ifMissing || old.Raw == o.value) {
		return doc, nil
	}
	return rawjson.Put(doc, o.path, o.value)
}

// removeOp takes a value out; with a matcher only if it matches, or those
// elements of an array that do.
type removeOp struct {
	path    rawjson.Path
	matcher *matcher
}

func (o *removeOp) change(doc string) (string, error) {
	if o.matcher != nil {
		v, found := rawjson.Lookup(doc, o.path)
		switch {
		case !found:
			return doc, nil
		case v.IsArray():
			cuts := rawjson.NewCuts(doc)
			cuts.Elements(v, o.matcher.value)
			if cuts.Empty() {
				return doc, nil
			}
			return string(cuts.Apply()), nil
		case !o.matcher.value(v):
			return doc, nil
		}
	}
	doc, _ = rawjson.Drop(doc, o.path)
	return doc, nil
}

// mergeOp merges a patch into an object as RFC 7386 has it: null deletes.
type mergeOp struct {
	path  rawjson.Path
	patch gjson.Result
}

func (o *mergeOp) change(doc string) (string, error) {
	v, found := rawjson.Lookup(doc, o.path)
	if !found || !v.IsObject() {
		return rawjson.Put(doc, o.path, withoutNulls(o.patch))
	}
	cuts := rawjson.NewCuts(doc)
	merge(cuts, v, o.patch)
	if cuts.Empty() {
		return doc, nil
	}
	return string(cuts.Apply()), nil
}

func merge(cuts *rawjson.Cuts, object, patch gjson.Result) {
	there := make(map[string]gjson.Result)
	object.ForEach(func(k, v gjson.Result) bool {
		there[k.Str] = v // the last one counts
		return true
	})
	var gone []string
	var added []byte
	patch.ForEach(func(k, want gjson.Result) bool {
		have, found := there[k.Str]
		switch {
		case want.Type == gjson.Null:
			if found {
				gone = append(gone, k.Str)
			}
		case !found:
			if len(added) > 0 {
				added = append(added, ',')
			}
			added = append(append(rawjson.AppendString(added, k.Str), ':'), withoutNulls(want)...)
		case want.IsObject() && have.IsObject():
			merge(cuts, have, want)
		case !equal(have, want):
			cuts.Replace(have, withoutNulls(want))
		}
		return true
	})
	_, left := cuts.Members(object, func(name string, _ gjson.Result) bool { return slices.Contains(gone, name) })
	if len(added) > 0 {
		cuts.Append(object, string(added), left)
	}
}

// withoutNulls is what a patch makes of nothing.
func withoutNulls(patch gjson.Result) string {
	if !patch.IsObject() {
		return patch.Raw
	}
	out := []byte{'{'}
	patch.ForEach(func(k, v gjson.Result) bool {
		if v.Type != gjson.Null {
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = append(append(rawjson.AppendString(out, k.Str), ':'), withoutNulls(v)...)
		}
		return true
	})
	return string(append(out, '}'))
}

// insertOp puts an element into an array. Where there is none it does nothing.
type insertOp struct {
	path      rawjson.Path
	value     gjson.Result
	position  domain.FilterPosition
	anchor    *matcher
	otherwise domain.FilterPosition // without an anchor
	unique    bool
	fields    []rawjson.Path // that tell elements apart; none = all of them
}

func (o *insertOp) change(doc string) (string, error) {
	array, found := rawjson.Lookup(doc, o.path)
	if !found || !array.IsArray() {
		return doc, nil
	}
	elements := array.Array()
	if o.unique && slices.ContainsFunc(elements, o.same) {
		return doc, nil
	}
	at := o.position
	i := -1
	if o.anchor != nil {
		if i = slices.IndexFunc(elements, o.anchor.value); i < 0 {
			at = o.otherwise
		}
	}
	cuts := rawjson.NewCuts(doc)
	switch {
	case at == domain.PositionSkip:
		return doc, nil
	case at == domain.PositionEnd || len(elements) == 0:
		cuts.Append(array, o.value.Raw, len(elements))
	case at == domain.PositionStart:
		cuts.Before(elements[0], o.value.Raw+",")
	case at == domain.PositionBefore:
		cuts.Before(elements[i], o.value.Raw+",")
	default:
		cuts.After(elements[i], ","+o.value.Raw)
	}
	return string(cuts.Apply()), nil
}

// same tells whether an element is the one to be put in.
func (o *insertOp) same(element gjson.Result) bool {
	if len(o.fields) == 0 {
		return equal(element, o.value)
	}
	for _, field := range o.fields {
		a, inA := rawjson.Lookup(element.Raw, field)
		b, inB := rawjson.Lookup(o.value.Raw, field)
		if !inA || !inB || !equal(a, b) {
			return false
		}
	}
	return true
}

// textOp replaces text in every string of the document but in names.
type textOp struct {
	find func(text string) (string, error) // the same string if there is nothing to replace
	hint string                            // what a string without escapes must hold; empty = anything
}

func (o *textOp) change(doc string) (string, error) {
	var out []byte
	at := 0
	for i := strings.IndexByte(doc, '"'); i >= 0; {
		end := rawjson.StringEnd(doc, i)
		token := doc[i:end]
		next := strings.TrimLeft(doc[end:], " \t\r\n")
		if isName := next != "" && next[0] == ':'; !isName {
			text, err := o.replace(token)
			if err != nil {
				return doc, err
			}
			if text != nil {
				out = append(append(out, doc[at:i]...), text...)
				at = end
			}
			if len(out) > len(doc)+maxGrowth {
				return doc, errGrowth
			}
		}
		quote := strings.IndexByte(doc[end:], '"')
		if quote < 0 {
			break
		}
		i = end + quote
	}
	if out == nil {
		return doc, nil
	}
	return string(append(out, doc[at:]...)), nil
}

// replace returns a string token with replacements, nil if there are none.
func (o *textOp) replace(token string) ([]byte, error) {
	text := token[1 : len(token)-1]
	switch {
	case strings.IndexByte(text, '\\') >= 0:
		text = gjson.Parse(token).Str
	case o.hint != "" && !strings.Contains(text, o.hint):
		return nil, nil
	}
	replaced, err := o.find(text)
	if err != nil || replaced == text {
		return nil, err
	}
	return rawjson.AppendString(nil, replaced), nil
}
