package rawjson

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/tidwall/gjson"
)

// Path leads from the root of a document to a value in it: a.b[0].c. The empty
// path is the document itself.
type Path []Step

// Step goes to a member, or to an element where Name is empty.
type Step struct {
	Name  string
	Index int
}

const maxSteps = 32

// Errors of paths.
var (
	ErrPath  = errors.New("is not of the form a.b[0].c")
	ErrSteps = errors.New("has more than 32 steps")
	// ErrNoPlace is a value that cannot be put where the path leads: something of
	// another kind is on the way, or elements before it are missing.
	ErrNoPlace = errors.New("there is no place for it")
)

// ParsePath reads a path. Names hold neither dots nor brackets.
func ParsePath(text string) (Path, error) {
	if text == "" {
		return nil, nil
	}
	if !utf8.ValidString(text) {
		return nil, ErrPath
	}
	var p Path
	for i, part := range strings.Split(text, ".") {
		name, indexes, _ := strings.Cut(part, "[")
		if name == "" && (i > 0 || indexes == "") || strings.Contains(name, "]") {
			return nil, ErrPath
		}
		if name != "" {
			p = append(p, Step{Name: name})
		}
		rest := part[len(name):]
		for rest != "" {
			digits, after, closed := strings.Cut(strings.TrimPrefix(rest, "["), "]")
			n, err := strconv.ParseUint(digits, 10, 20)
			if rest[0] != '[' || !closed || err != nil {
				return nil, ErrPath
			}
			p, rest = append(p, Step{Index: int(n)}), after
		}
	}
	if len(p) > maxSteps {
		return nil, ErrSteps
	}
	return p, nil
}

// Lookup finds the value at a path of a valid document. Of members with the same
// name the last one counts, as with most parsers.
func Lookup(doc string, p Path) (gjson.Result, bool) {
	v, depth := reach(doc, p)
	if depth < len(p) {
		return gjson.Result{}, false
	}
	return v, true
}

// Root is the value that a document consists of, without the space around it.
func Root(doc string) gjson.Result {
	v := gjson.Parse(doc)
	v.Raw = strings.TrimRight(v.Raw, " \t\r\n") // gjson takes all the rest
	return v
}

// reach goes along a path as far as it leads.
func reach(doc string, p Path) (v gjson.Result, depth int) {
	v = Root(doc)
	for depth < len(p) {
		next, ok := p[depth].from(v)
		if !ok {
			break
		}
		v = next
		depth++
	}
	return v, depth
}

func (s Step) from(v gjson.Result) (found gjson.Result, ok bool) {
	switch {
	case s.Name != "" && v.IsObject():
		v.ForEach(func(k, member gjson.Result) bool {
			if k.Str == s.Name {
				found, ok = member, true
			}
			return true
		})
	case s.Name == "" && v.IsArray():
		i := 0
		v.ForEach(func(_, element gjson.Result) bool {
			if i == s.Index {
				found, ok = element, true
			}
			i++
			return !ok
		})
	}
	return found, ok
}

// Put writes a JSON value at a path. Objects and arrays that are missing on the
// way are made, also in the place of null; an element can be added behind the
// last one. Nothing else of the document changes.
func Put(doc string, p Path, value string) (string, error) {
	v, depth := reach(doc, p)
	at := offset(doc, v.Raw)
	if depth == len(p) {
		return doc[:at] + value + doc[at+len(v.Raw):], nil
	}
	nested, err := nest(p[depth+1:], value)
	if err != nil {
		return doc, err
	}
	step := p[depth]
	if v.Type == gjson.Null {
		if nested, err = nest(p[depth:], value); err != nil {
			return doc, err
		}
		return doc[:at] + nested + doc[at+len(v.Raw):], nil
	}
	if step.Name == "" && (!v.IsArray() || step.Index != count(v)) || step.Name != "" && !v.IsObject() {
		return doc, ErrNoPlace
	}
	end := at + len(v.Raw) - 1
	var b []byte
	if count(v) > 0 {
		b = append(b, ',')
	}
	if step.Name != "" {
		b = append(AppendString(b, step.Name), ':')
	}
	return doc[:end] + string(b) + nested + doc[end:], nil
}

// nest wraps a value in what its path is missing.
func nest(p Path, value string) (string, error) {
	for _, step := range slices.Backward(p) {
		switch {
		case step.Name != "":
			value = "{" + string(AppendString(nil, step.Name)) + ":" + value + "}"
		case step.Index == 0:
			value = "[" + value + "]"
		default:
			return "", ErrNoPlace
		}
	}
	return value, nil
}

func count(v gjson.Result) (n int) {
	v.ForEach(func(_, _ gjson.Result) bool {
		n++
		return true
	})
	return n
}

// Drop takes the value at a path out, a member with its name and under whatever
// double of it. False if there is none; the document itself stays.
func Drop(doc string, p Path) (string, bool) {
	if len(p) == 0 {
		return doc, false
	}
	last := p[len(p)-1]
	parent, ok := Lookup(doc, p[:len(p)-1])
	if !ok {
		return doc, false
	}
	cuts, gone := NewCuts(doc), 0
	if last.Name != "" {
		gone, _ = cuts.Members(parent, func(name string, _ gjson.Result) bool { return name == last.Name })
	} else {
		i := -1
		gone, _ = cuts.Elements(parent, func(gjson.Result) bool {
			i++
			return i == last.Index
		})
	}
	if gone == 0 {
		return doc, false
	}
	return string(cuts.Apply()), true
}

// offset is where a part of a document starts, which gjson has found in it.
func offset(doc, part string) int {
	base := uintptr(unsafe.Pointer(unsafe.StringData(doc)))             //nolint:gosec // G103: only compared
	return int(uintptr(unsafe.Pointer(unsafe.StringData(part))) - base) //nolint:gosec // G103: only compared
}
