package rawjson

import (
	"slices"

	"github.com/tidwall/gjson"
)

// Cuts collects byte ranges of one document that are to be removed or replaced.
// Elements and members handed to it must come from that very document by gjson,
// so that their Raw lies inside it.
type Cuts struct {
	doc   string
	edits []edit
}

type edit struct {
	from, to int
	text     string
}

// NewCuts starts a list of edits of doc.
func NewCuts(doc string) *Cuts { return &Cuts{doc: doc} }

// Replace puts text in the place of a value.
func (c *Cuts) Replace(value gjson.Result, text string) {
	at := offset(c.doc, value.Raw)
	c.edits = append(c.edits, edit{at, at + len(value.Raw), text})
}

// Append adds text at the end of an object or array that keeps so many members
// or elements: values, or names and values, with commas between them.
func (c *Cuts) Append(container gjson.Result, text string, left int) {
	if left > 0 {
		text = "," + text
	}
	end := offset(c.doc, container.Raw) + len(container.Raw) - 1
	c.edits = append(c.edits, edit{end, end, text})
}

// Before puts text right before a value.
func (c *Cuts) Before(value gjson.Result, text string) {
	at := offset(c.doc, value.Raw)
	c.edits = append(c.edits, edit{at, at, text})
}

// After puts text right behind a value.
func (c *Cuts) After(value gjson.Result, text string) {
	at := offset(c.doc, value.Raw) + len(value.Raw)
	c.edits = append(c.edits, edit{at, at, text})
}

// Elements removes the elements of an array for which drop says so, each with
// one comma. It reports how many were removed and how many are left.
func (c *Cuts) Elements(array gjson.Result, drop func(gjson.Result) bool) (gone, left int) {
	var spans []span
	if !array.IsArray() {
		return 0, 0
	}
	array.ForEach(func(_, v gjson.Result) bool {
		at := offset(c.doc, v.Raw)
		spans = append(spans, span{at, at + len(v.Raw), drop(v)})
		return true
	})
	return c.remove(spans)
}

// Members removes the members of an object for which drop says so.
func (c *Cuts) Members(object gjson.Result, drop func(key string, v gjson.Result) bool) (gone, left int) {
	var spans []span
	if !object.IsObject() {
		return 0, 0
	}
	object.ForEach(func(k, v gjson.Result) bool {
		spans = append(spans, span{offset(c.doc, k.Raw), offset(c.doc, v.Raw) + len(v.Raw), drop(k.Str, v)})
		return true
	})
	return c.remove(spans)
}

type span struct {
	from, to int
	drop     bool
}

// remove cuts the dropped spans: together with the comma before while a kept
// one precedes, else up to the next span.
func (c *Cuts) remove(spans []span) (gone, left int) {
	kept := -1
	for i, s := range spans {
		switch {
		case !s.drop:
			kept = i
			left++
			continue
		case kept >= 0:
			c.edits = append(c.edits, edit{from: spans[i-1].to, to: s.to})
		case i+1 < len(spans):
			c.edits = append(c.edits, edit{from: s.from, to: spans[i+1].from})
		default:
			c.edits = append(c.edits, edit{from: s.from, to: s.to})
		}
		gone++
	}
	return gone, left
}

// Empty says that nothing is to be changed.
func (c *Cuts) Empty() bool { return len(c.edits) == 0 }

// Apply returns the document with all edits made. Edits inside a removed range
// are swallowed by it.
func (c *Cuts) Apply() []byte {
	slices.SortStableFunc(c.edits, func(a, b edit) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return b.to - a.to
	})
	out := make([]byte, 0, len(c.doc))
	at := 0
	for _, e := range c.edits {
		if e.from < at {
			continue
		}
		out = append(append(out, c.doc[at:e.from]...), e.text...)
		at = e.to
	}
	return append(out, c.doc[at:]...)
}
