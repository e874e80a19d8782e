package convert

import (
	"strings"

	"github.com/claude-code-hub/cch/converters/neutral"
)

// fence takes a Markdown code fence from around the text of an answer. Models
// that are asked for JSON in words like to put one there.
type fence struct {
	next    neutral.Sink
	held    string // text not passed on yet: a possible opening, later a possible closing
	decided bool   // the opening was seen or ruled out
	fenced  bool
}

const mark = "```"

// Event passes an event on without the fence.
func (f *fence) Event(e *neutral.Event) {
	switch {
	case e.Kind == neutral.Delta && e.Block == neutral.TextBlock:
		f.text(e)
		return
	case e.Kind == neutral.BlockStop && e.Block == neutral.TextBlock:
		rest := f.held
		if f.fenced {
			rest = strings.TrimSuffix(strings.TrimRight(rest, " \r\n"), mark)
			rest = strings.TrimRight(rest, "\r\n")
		}
		f.send(e.N, rest)
		*f = fence{next: f.next}
	}
	f.next.Event(e)
}

func (f *fence) text(e *neutral.Event) {
	f.held += strings.Clone(e.Text) // its frame is gone when more comes
	if !f.decided && !f.opening() {
		return
	}
	pass := len(f.held)
	if f.fenced { // the end may be a closing fence: keep it until more comes
		pass = len(strings.TrimRight(f.held, "` \r\n"))
	}
	out := f.held[:pass]
	f.held = strings.Clone(f.held[pass:])
	f.send(e.N, out)
}

// opening decides whether the text begins with a fence; false if it cannot tell
// yet.
func (f *fence) opening() bool {
	text := strings.TrimLeft(f.held, " \r\n")
	if len(text) < len(mark) && strings.HasPrefix(mark, text) {
		return false
	}
	if !strings.HasPrefix(text, mark) {
		f.decided = true
		return true
	}
	_, rest, ok := strings.Cut(text, "\n")
	if !ok {
		return false
	}
	f.decided, f.fenced, f.held = true, true, rest
	return true
}

func (f *fence) send(n int, text string) {
	if text != "" {
		f.next.Event(&neutral.Event{Kind: neutral.Delta, Block: neutral.TextBlock, N: n, Text: text})
	}
}
