package pricelist

import "bytes"

// Bounds of a TOML document. Lists of prices need four tables in one another;
// the reader of TOML follows them by recursion, and would follow a document made
// to do harm to where the stack, and with it the process, ends.
const (
	maxNesting = 32 // arrays and tables in one another
	maxParts   = 32 // of one dotted name
)

// shallow tells whether a TOML document keeps to the bounds. What it says of a
// document that is none means nothing, but for the part up to its first fault.
func shallow(doc []byte) bool {
	depth, parts := 0, 0
	for i := 0; i < len(doc); {
		next := i + 1
		switch doc[i] {
		case '"', '\'':
			next = stringEnd(doc, i)
		case '#':
			next = lineEnd(doc, i)
		case '[', '{':
			depth, parts = depth+1, 0
		case ']', '}':
			depth, parts = max(0, depth-1), 0
		case '=', ',', '\n':
			parts = 0
		case '.':
			parts++
		}
		if depth > maxNesting || parts >= maxParts {
			return false
		}
		i = next
	}
	return true
}

func lineEnd(doc []byte, i int) int {
	if n := bytes.IndexByte(doc[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(doc)
}

// stringEnd is the offset behind the string that starts at i, in one of TOML's
// four forms.
func stringEnd(doc []byte, i int) int {
	quote, escapes := doc[i], doc[i] == '"'
	long := bytes.Repeat([]byte{quote}, 3)
	if !bytes.HasPrefix(doc[i:], long) {
		return quoteEnd(doc, i+1, long[:1], escapes)
	}
	end := quoteEnd(doc, i+len(long), long, escapes)
	for range 2 { // the text itself may end in quotes
		if end < len(doc) && doc[end] == quote {
			end++
		}
	}
	return end
}

// quoteEnd is the offset behind the first of the closing quotes from i on.
func quoteEnd(doc []byte, i int, closing []byte, escapes bool) int {
	for ; i < len(doc); i++ {
		switch {
		case escapes && doc[i] == '\\':
			i++
		case bytes.HasPrefix(doc[i:], closing):
			return i + len(closing)
		}
	}
	return len(doc)
}
