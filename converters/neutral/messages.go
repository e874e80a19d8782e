package neutral

import (
	"slices"

	"github.com/claude-code-hub/cch/converters/rawjson"
)

// Conversation gathers messages in the normal form of a Request. Readers add
// parts in the order in which they come.
type Conversation struct {
	system   []Part
	messages []Message
	begun    bool
}

// Add appends parts to the turn of a role. Empty text is dropped, and a role
// that speaks twice in a row speaks once.
//
// A slice of parts is taken over, the caller must not use it afterwards.
func (c *Conversation) Add(role Role, parts ...Part) {
	parts = slices.DeleteFunc(parts, func(p Part) bool { return p.Kind == Text && p.Text.Empty() })
	if len(parts) == 0 {
		return
	}
	if role == System && !c.begun {
		c.system = append(c.system, parts...)
		return
	}
	c.begun = true
	if last := len(c.messages) - 1; last >= 0 && c.messages[last].Role == role {
		c.messages[last].Parts = append(c.messages[last].Parts, parts...)
		return
	}
	c.messages = append(c.messages, Message{Role: role, Parts: parts})
}

// Store puts what was gathered into the request.
func (c *Conversation) Store(r *Request) {
	r.System = append(r.System, c.system...)
	r.Messages = c.messages
}

// NoOutput stands for a result that is missing where a format demands one.
const NoOutput = "(no output)"

// PairCalls returns the messages in a shape every format accepts: results stand
// in the user turn right after their calls, and a result that answers no call
// there becomes text. With fill, a call without a result gets one that says so,
// as Claude refuses gaps. The given messages are not changed.
func PairCalls(messages []Message, fill bool) []Message {
	out := liftResults(messages)
	for i := 0; i < len(out); i++ {
		calls := callIDs(out, i-1)
		if out[i].Role == User {
			out[i].Parts = pairResults(out[i].Parts, calls)
		}
		open := callIDs(out, i)
		if !fill || len(open) == 0 {
			continue
		}
		missing := missingResults(out, i+1, open)
		if len(missing) == 0 {
			continue
		}
		if i+1 < len(out) && out[i+1].Role == User {
			out[i+1].Parts = append(missing, out[i+1].Parts...)
		} else {
			out = slices.Insert(out, i+1, Message{Role: User, Parts: missing})
		}
	}
	return out
}

// liftResults puts a user turn with results before a system message that would
// part it from its calls.
func liftResults(messages []Message) []Message {
	out := slices.Clone(messages)
	for i := 1; i+1 < len(out); i++ {
		if out[i].Role == System && out[i+1].Role == User && len(callIDs(out, i-1)) > 0 && hasResult(out[i+1].Parts) {
			out[i], out[i+1] = out[i+1], out[i]
		}
	}
	return out
}

func hasResult(parts []Part) bool {
	return slices.ContainsFunc(parts, func(p Part) bool { return p.Kind == Result })
}

func callIDs(messages []Message, i int) []string {
	if i < 0 || messages[i].Role != Assistant {
		return nil
	}
	var ids []string
	for j := range messages[i].Parts {
		if p := &messages[i].Parts[j]; p.Kind == Call {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// pairResults turns results without a call into text.
func pairResults(parts []Part, calls []string) []Part {
	orphan := func(p Part) bool { return p.Kind == Result && !slices.Contains(calls, p.ID) }
	if !slices.ContainsFunc(parts, orphan) {
		return parts
	}
	var out []Part
	for _, p := range parts {
		if !orphan(p) {
			out = append(out, p)
			continue
		}
		for _, inner := range p.Parts {
			if inner.Kind != Text || !inner.Text.Empty() {
				out = append(out, inner)
			}
		}
	}
	return out
}

func missingResults(messages []Message, i int, calls []string) []Part {
	var given []string
	if i < len(messages) && messages[i].Role == User {
		for j := range messages[i].Parts {
			if p := &messages[i].Parts[j]; p.Kind == Result {
				given = append(given, p.ID)
			}
		}
	}
	var out []Part
	for _, id := range calls {
		if !slices.Contains(given, id) {
			out = append(out, Part{Kind: Result, ID: id, IsError: true, Parts: []Part{{Kind: Text, Text: rawjson.Plain(NoOutput)}}})
		}
	}
	return out
}

// Reminder wraps a later system message for formats that have no such role
// inside a conversation.
func Reminder(text string) string {
	return "<system-reminder>\n" + text + "\n</system-reminder>"
}
