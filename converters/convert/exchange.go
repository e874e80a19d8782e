package convert

import (
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/chat"
	"github.com/claude-code-hub/cch/converters/claude"
	"github.com/claude-code-hub/cch/converters/gemini"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/responses"
)

// Exchange is how the answer of an upstream gets to a client. It is a value to
// copy; what it makes belongs to one answer each.
type Exchange struct {
	From   neutral.Format // of the upstream
	To     neutral.Format // of the client
	Client neutral.Client
	Names  map[string]string // of Request
	// StripFence is that of Request.
	StripFence bool
}

// reader turns bytes of a format into events.
type reader interface {
	// Frame takes one frame of a stream, valid JSON or the format's end mark.
	Frame(data string)
	// Body takes a whole answer and ends it.
	Body(root gjson.Result)
	// Close says that the bytes have ended.
	Close()
}

// writer prints events in a format.
type writer interface {
	neutral.Sink
	KeepAlive()
	Take() []byte
}

func (x *Exchange) reader(em *neutral.Emitter) reader {
	switch x.From {
	case neutral.Claude:
		return claude.NewReader(em)
	case neutral.Chat:
		return chat.NewReader(em, x.Client.RequestID)
	case neutral.Responses:
		return responses.NewReader(em)
	case neutral.Gemini, neutral.GeminiCLI:
		return gemini.NewReader(em, x.Client.RequestID)
	}
	panic("convert: no such format: " + string(x.From))
}

// client is the client as writers take it: Gemini CLI wants its envelope.
func (x *Exchange) client() *neutral.Client {
	c := x.Client
	c.Envelope = c.Envelope || x.To == neutral.GeminiCLI
	return &c
}

func (x *Exchange) writer() writer {
	switch c := x.client(); x.To {
	case neutral.Claude:
		return claude.NewWriter(c)
	case neutral.Chat:
		return chat.NewWriter(c)
	case neutral.Responses:
		return responses.NewWriter(c)
	case neutral.Gemini, neutral.GeminiCLI:
		return gemini.NewWriter(c)
	}
	panic("convert: no such format: " + string(x.To))
}

func (x *Exchange) append(dst []byte, a *neutral.Answer) []byte {
	switch c := x.client(); x.To {
	case neutral.Claude:
		return claude.AppendAnswer(dst, a, c)
	case neutral.Chat:
		return chat.AppendAnswer(dst, a, c)
	case neutral.Responses:
		return responses.AppendAnswer(dst, a, c)
	case neutral.Gemini, neutral.GeminiCLI:
		return gemini.AppendAnswer(dst, a, c)
	}
	panic("convert: no such format: " + string(x.To))
}

// gate stands before a sink. It holds the start back until there is something
// to say, so that an answer that fails before can still be had elsewhere, and
// keeps what the caller wants to know in the end.
type gate struct {
	next  neutral.Sink
	start *neutral.Event
	open  bool
	fault *neutral.Error
	drops neutral.Drops
}

// Event passes an event on.
func (g *gate) Event(e *neutral.Event) {
	switch e.Kind {
	case neutral.Start:
		if !g.open {
			held := *e
			g.start = &held
			return
		}
	case neutral.BlockStart, neutral.Finish:
		g.release()
	case neutral.Fail:
		g.fault = e.Err
		if !g.open {
			return
		}
		g.release()
	case neutral.Ping:
		if !g.open {
			return
		}
	case neutral.OutputLoss:
		g.drops.AddCode(e.Loss)
		return
	case neutral.Delta, neutral.CustomDelta, neutral.SetSig, neutral.Cite, neutral.BlockStop, neutral.End:
	}
	g.next.Event(e)
}

// release opens the gate for good.
func (g *gate) release() {
	g.open = true
	if g.start != nil {
		g.next.Event(g.start)
		g.start = nil
	}
}

// pipeline joins the parts of an exchange that ends in a sink.
func (x *Exchange) pipeline(end neutral.Sink) (*gate, *neutral.Emitter, reader) {
	if x.StripFence {
		end = &fence{next: end}
	}
	g := &gate{next: end}
	em := neutral.NewEmitter(g, x.Names)
	return g, em, x.reader(em)
}

// Whole converts a whole answer. It returns the error if the answer is one in
// disguise.
func (x *Exchange) Whole(body []byte) ([]byte, *neutral.Error) {
	f := x.Fold()
	f.body(body)
	return f.answer()
}

// Unfold converts a whole answer into a stream, for a client that asked for one
// from a provider that does not stream.
func (x *Exchange) Unfold(body []byte) ([]byte, *neutral.Error) {
	s := x.Stream()
	s.body(body)
	return s.w.Take(), s.gate.fault
}
