package fixer

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/claude-code-hub/cch/converters/rawjson"
)

// complete closes JSON that breaks off: strings, arrays and objects are ended,
// and what is no value yet is left out. False if doc is whole, no JSON, or
// deeper nested than depth.
func complete(doc []byte, depth int) ([]byte, bool) {
	c := closer{doc: doc, depth: depth}
	if !c.walk() || len(c.open) == 0 {
		return nil, false
	}
	for _, closing := range slices.Backward(c.open) {
		c.out = append(c.out, closing)
	}
	return c.out, rawjson.ValidBytes(c.out)
}

// closer walks a document that breaks off.
type closer struct {
	doc   []byte
	depth int
	open  []byte // brackets that close what is open, innermost last
	safe  int    // the document up to here needs only brackets
	out   []byte
}

// walk finds out where the document breaks off, and puts what of it is to be
// kept into out. False if it does not break off.
func (c *closer) walk() bool {
	value := true // a value may come, or its object's or array's end
	for i := 0; i < len(c.doc); {
		switch b := c.doc[i]; b {
		case ' ', '\t', '\r', '\n':
			i++
		case '{', '[':
			if len(c.open) == c.depth {
				return false
			}
			c.open = append(c.open, b+2) // } and ] stand two behind their like
			i++
			c.safe, value = i, b == '['
		case '}', ']':
			if len(c.open) == 0 || c.open[len(c.open)-1] != b {
				return false
			}
			c.open = c.open[:len(c.open)-1]
			i++
			if c.safe, value = i, false; len(c.open) == 0 {
				return false // whole, whatever follows
			}
		case ',':
			i++
			value = len(c.open) > 0 && c.open[len(c.open)-1] == ']'
		case ':':
			i++
			value = true
		case '"':
			end := stringEnd(c.doc, i)
			if end < 0 {
				return c.cutString(i, value)
			}
			i = end
			if value {
				c.safe, value = i, false
			}
		default:
			end := wordEnd(c.doc, i)
			if end == len(c.doc) {
				return c.cutWord(i, value)
			}
			i = end
			c.safe, value = i, false
		}
		if len(c.open) == 0 {
			return false // no object and no array
		}
	}
	c.out = bytes.Clone(c.doc[:c.safe])
	return true
}

// cutString ends a string that began at from. A name without a value goes.
func (c *closer) cutString(from int, value bool) bool {
	if !value {
		c.out = bytes.Clone(c.doc[:c.safe])
		return true
	}
	text := c.doc[from:]
	if at := bytes.LastIndexByte(text, '\\'); at >= 0 && escaping(text, at) && !wholeEscape(text[at:]) {
		text = text[:at]
	}
	c.out = append(append(bytes.Clone(c.doc[:from]), wholeRunes(text)...), '"')
	return true
}

// wholeRunes is text without a character at its end whose rest is missing.
func wholeRunes(text []byte) []byte {
	for range utf8.UTFMax - 1 {
		if r, size := utf8.DecodeLastRune(text); r != utf8.RuneError || size != 1 {
			break
		}
		text = text[:len(text)-1]
	}
	return text
}

// cutWord ends a number or literal that began at from; one that cannot be told
// yet goes.
func (c *closer) cutWord(from int, value bool) bool {
	word := string(c.doc[from:])
	if !value {
		return false
	}
	for _, literal := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(literal, word) {
			c.out = append(bytes.Clone(c.doc[:from]), literal...)
			return true
		}
	}
	word = strings.TrimRight(word, "+-.eE")
	if word == "" {
		c.out = bytes.Clone(c.doc[:c.safe])
		return true
	}
	c.out = append(bytes.Clone(c.doc[:from]), word...)
	return true
}

// stringEnd is the offset behind the string that begins at i; -1 if it has no end.
func stringEnd(doc []byte, i int) int {
	for i++; i < len(doc); i++ {
		switch doc[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

func wordEnd(doc []byte, i int) int {
	if n := bytes.IndexAny(doc[i:], ",]} \t\r\n:\""); n >= 0 {
		return i + max(n, 1)
	}
	return len(doc)
}

// escaping tells whether the backslash at an offset begins an escape, and is not
// the second half of one.
func escaping(text []byte, at int) bool {
	n := 0
	for at-n-1 >= 0 && text[at-n-1] == '\\' {
		n++
	}
	return n%2 == 0
}

func wholeEscape(text []byte) bool {
	return len(text) > 1 && (text[1] != 'u' || len(text) >= 6)
}
