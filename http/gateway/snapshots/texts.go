package snapshots

import (
	"bytes"
	"fmt"
)

const redacted = `"[REDACTED]"`

// withoutTexts masks what people and models wrote in a JSON document or an event
// stream, which may break off anywhere. Of the strings only those stay that the
// protocols themselves give a meaning; all else is shown by its size.
func withoutTexts(body []byte) []byte {
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	switch {
	case len(trimmed) == 0:
		return nil
	case trimmed[0] == '{', trimmed[0] == '[':
		return appendMasked(nil, body)
	case isEventStream(trimmed):
		return maskedEvents(body)
	}
	return fmt.Appendf(nil, "[REDACTED: %d bytes]", len(body))
}

func isEventStream(b []byte) bool {
	for _, begin := range [...]string{"event:", "data:", "id:", ":"} {
		if bytes.HasPrefix(b, []byte(begin)) {
			return true
		}
	}
	return false
}

func maskedEvents(body []byte) (out []byte) {
	for line := range bytes.Lines(body) {
		data, is := bytes.CutPrefix(line, []byte("data:"))
		text := bytes.TrimSpace(data)
		switch {
		case !is && (isEventStream(line) || len(bytes.TrimSpace(line)) == 0), is && string(text) == "[DONE]":
			out = append(out, line...)
		case is && len(text) > 0 && (text[0] == '{' || text[0] == '['):
			out = appendMasked(append(out, "data:"...), data)
		default:
			out = append(out, "[REDACTED]\n"...)
		}
	}
	return out
}

// meaningful tells whether a member's text is a word of the protocol.
func meaningful(key string) bool {
	switch key {
	case "type", "role", "model", "id", "object", "event", "name", "status", "code", "param", "finish_reason", "finishReason",
		"stop_reason", "media_type", "mime_type", "mimeType", "format", "effort", "service_tier", "tool_use_id", "tool_call_id",
		"call_id", "item_id", "response_id", "responseId", "modelVersion", "ttl", "tool_choice", "truncation", "blockReason":
		return true
	}
	return false
}

// speaks tells whether everything under a member is what somebody wrote.
func speaks(key string) bool {
	switch key {
	case "input", "arguments", "args", "response", "metadata", "output", "request":
		return true
	}
	return false
}

// masker walks a document. It does not check it, it only finds the strings.
type masker struct {
	key    string // of the value to come; empty in arrays
	depth  int
	silent int // depth of the object under which nothing is shown; 0 = none
}

func appendMasked(out, doc []byte) []byte {
	var m masker
	for i := 0; i < len(doc); {
		c := doc[i]
		if c != '"' {
			m.structure(c)
			out = append(out, c)
			i++
			continue
		}
		end := stringEnd(doc, i)
		text := doc[i:end]
		switch next := bytes.TrimLeft(doc[end:], " \t\r\n"); {
		case len(next) > 0 && next[0] == ':':
			m.key = string(bytes.Trim(text, `"`))
			out = append(out, text...)
		case m.silent == 0 && meaningful(m.key):
			out = append(out, text...)
		default:
			out = append(out, redacted...)
		}
		i = end
	}
	return out
}

func (m *masker) structure(c byte) {
	switch c {
	case '{', '[':
		m.depth++
		if c == '{' && m.silent == 0 && speaks(m.key) && m.depth > 2 {
			m.silent = m.depth
		}
		m.key = ""
	case '}', ']':
		if m.depth == m.silent {
			m.silent = 0
		}
		m.depth--
		m.key = ""
	case ',':
		m.key = ""
	}
}

// stringEnd is the offset behind the string that begins at i.
func stringEnd(doc []byte, i int) int {
	for j := i + 1; j < len(doc); j++ {
		switch doc[j] {
		case '\\':
			j++
		case '"':
			return j + 1
		}
	}
	return len(doc)
}
