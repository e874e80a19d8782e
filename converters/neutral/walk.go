package neutral

import (
	"iter"

	"github.com/claude-code-hub/cch/converters/rawjson"
)

// walk passes over a valid document once, from front to back, and decodes
// nothing. It stands before a value, which may be entered by a loop over its
// members or elements, or taken; one that is left alone is passed over. Such
// loops have to run to their end. Of a document that is not valid it finds
// anything, but it ends.
type walk struct {
	doc  string
	base int // offset of doc in the document it is a piece of
	i    int
}

func (p piece) walk() walk { return walk{doc: p.raw, base: p.at} }

// members are the names in an object; none if the value is something else. In
// the loop the walk stands before the value of that name.
func (w *walk) members() iter.Seq[string] {
	return func(yield func(string) bool) {
		if !w.before('{') {
			return
		}
		w.i++
		for w.gap(); w.before('"'); w.gap() {
			name := w.take()
			w.gap()
			at := w.i
			if !yield(name.str()) {
				return
			}
			w.pass(at)
		}
		w.i++
	}
}

// elements are those of an array; none if the value is something else. In the
// loop the walk stands before the element.
func (w *walk) elements() func(yield func() bool) {
	return func(yield func() bool) {
		if !w.before('[') {
			return
		}
		w.i++
		for w.gap(); w.i < len(w.doc) && w.doc[w.i] != ']'; w.gap() {
			at := w.i
			if !yield() {
				return
			}
			w.pass(at)
		}
		w.i++
	}
}

// take passes over the value and returns it.
func (w *walk) take() piece {
	at := w.i
	w.pass(at)
	return piece{raw: w.doc[min(at, len(w.doc)):min(w.i, len(w.doc))], at: w.base + at}
}

// first takes the value if none was taken before: of several members of one
// name the first counts, unless a format says otherwise.
func (w *walk) first(to *piece) {
	if to.raw == "" {
		*to = w.take()
	}
}

// firstIn is first for a member of the object that the walk stands before.
func (w *walk) firstIn(name string, to *piece) {
	for n := range w.members() {
		if n == name {
			w.first(to)
		}
	}
}

// pass goes behind the value at an offset, unless that was done.
func (w *walk) pass(at int) {
	if w.i == at && at < len(w.doc) {
		w.i = valueEnd(w.doc, at)
	}
}

func (w *walk) before(c byte) bool { return w.i < len(w.doc) && w.doc[w.i] == c }

// gap goes to the next name, value or bracket.
func (w *walk) gap() {
	for w.i < len(w.doc) && (w.doc[w.i] <= ' ' || w.doc[w.i] == ',' || w.doc[w.i] == ':') {
		w.i++
	}
}

// valueEnd is the offset behind the value at i.
func valueEnd(doc string, i int) int {
	switch doc[i] {
	case '"':
		return rawjson.StringEnd(doc, i)
	case '{', '[':
		return containerEnd(doc, i)
	}
	for i++; i < len(doc); i++ {
		switch doc[i] {
		case ',', '}', ']', ' ', '\t', '\n', '\r':
			return i
		}
	}
	return i
}

func containerEnd(doc string, i int) int {
	for depth := 0; i < len(doc); {
		switch doc[i] {
		case '"':
			i = rawjson.StringEnd(doc, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return len(doc)
}
