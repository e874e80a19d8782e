package fixer

import "bytes"

// misframed tells whether a frame without data has lines that look like data, or
// like a field that is misspelt.
func misframed(raw []byte) bool {
	for line := range lines(raw) {
		if name, value := field(line); name == "data" && len(value) > 0 || name == "" && likeData(value) {
			return true
		}
	}
	return false
}

// reframe writes a frame anew in the form that it should have had: with its
// field names, and with a blank line after each document. Nil if the data do not
// parse even so.
func reframe(raw []byte) []byte {
	var (
		out, data []byte
		pending   []byte // fields that belong to the data to come
		some      bool
	)
	flush := func() {
		out = append(append(out, pending...), '\n')
		pending, data, some = pending[:0], data[:0], true
	}
	for line := range lines(raw) {
		name, value := field(line)
		switch name {
		case "data", "":
			if len(data) > 0 {
				data = append(data, '\n')
			}
			data = append(data, value...)
			pending = append(append(append(pending, "data: "...), value...), '\n')
			if parses(data) {
				flush()
			}
		default:
			if len(data) > 0 {
				return nil // a field in the middle of a document
			}
			pending = append(append(pending, line...), '\n')
		}
	}
	if len(data) > 0 || !some || !whole(out) {
		return nil
	}
	if len(pending) > 0 { // fields behind the last data
		out = append(append(out[:len(out)-1], pending...), '\n')
	}
	return out
}

// field is the name of a line, as it should be spelt, and the data of one that
// is data or has no name. Comments and other fields are named and have none.
func field(line []byte) (name string, value []byte) {
	text := bytes.TrimLeft(line, " \t\ufeff")
	head, rest, found := bytes.Cut(text, []byte{':'})
	head = bytes.TrimSpace(head)
	switch {
	case len(head) == 0:
		return "comment", nil
	case bytes.EqualFold(head, []byte("data")):
		return "data", bytes.TrimLeft(rest, " ")
	case bytes.EqualFold(head, []byte("event")), bytes.EqualFold(head, []byte("id")), bytes.EqualFold(head, []byte("retry")):
		return "field", nil
	case !found || likeData(text):
		return "", text
	}
	return "", text
}

// likeData tells whether a line could be the data of one that lost its name.
func likeData(line []byte) bool {
	line = bytes.TrimSpace(line)
	return len(line) > 0 && (line[0] == '{' || line[0] == '[')
}

// lines are those of raw without their ends; blank ones are left out.
func lines(raw []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(raw) > 0 {
			end := bytes.IndexAny(raw, "\r\n")
			line := raw
			if end >= 0 {
				line, raw = raw[:end], raw[end+1:]
			} else {
				raw = nil
			}
			if len(line) > 0 && !yield(line) {
				return
			}
		}
	}
}
