package convert

import (
	"bytes"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/claude-code-hub/cch/converters/gemini"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
	"github.com/claude-code-hub/cch/converters/sse"
)

// intake reads the bytes of an upstream whatever their framing: an event
// stream, an array of chunks, or one whole answer where a stream was asked for.
type intake struct {
	gate  *gate
	em    *neutral.Emitter
	read  reader
	shape shape
	sse   sse.Reader
	array gemini.Splitter
	whole []byte
	watch func(frame string) // sees every frame, may be nil
}

type shape uint8

const (
	unseen shape = iota
	eventStream
	chunkArray
	wholeBody
	notJSON
)

// sniff tells the framing by the first byte that is not white space. No event
// stream begins with a bracket.
func (in *intake) sniff(p []byte) {
	text := bytes.TrimLeft(bytes.TrimPrefix(p, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(text) == 0 {
		return
	}
	switch text[0] {
	case '[':
		in.shape = chunkArray
	case '{':
		in.shape = wholeBody
	case '<':
		in.shape = notJSON
	default:
		in.shape = eventStream
	}
}

func (in *intake) feed(p []byte) {
	if in.shape == unseen {
		in.sniff(p)
	}
	switch in.shape {
	case unseen, eventStream: // white space belongs to a stream as to a body
		in.sse.Feed(p)
		in.frames()
	case chunkArray:
		in.array.Feed(p)
		in.chunks()
	case wholeBody:
		if in.whole = append(in.whole, p...); len(in.whole) > sse.MaxFrame*4 {
			in.whole = nil
			in.fail(sse.ErrFrameTooLarge.Error())
		}
	case notJSON:
	}
}

func (in *intake) finish() {
	switch in.shape {
	case unseen, eventStream:
		in.sse.Finish()
		in.frames()
	case wholeBody:
		in.body(in.whole)
	case notJSON:
		in.fail("upstream answered with something that is not JSON")
	case chunkArray:
	}
	if !in.em.Over() {
		in.read.Close()
	}
}

func (in *intake) frames() {
	for !in.em.Over() {
		f, ok, err := in.sse.Next()
		if err != nil {
			in.fail(err.Error())
			return
		}
		if !ok {
			return
		}
		in.frame(bytes.TrimSpace(f.Data))
	}
}

func (in *intake) chunks() {
	for !in.em.Over() {
		element, ok, err := in.array.Next()
		if err != nil {
			in.fail(err.Error())
			return
		}
		if !ok {
			return
		}
		in.frame(element)
	}
}

func (in *intake) frame(data []byte) {
	s := neutral.View(data)
	switch {
	case s == "":
	case s == "[DONE]" || rawjson.Valid(s):
		if in.watch != nil {
			in.watch(s)
		}
		in.read.Frame(s)
	default:
		in.fail("upstream sent a frame that is not JSON")
	}
}

// body takes a whole answer.
func (in *intake) body(body []byte) {
	s := neutral.View(bytes.TrimSpace(body))
	if s == "" || !rawjson.Valid(s) {
		in.fail("upstream answered with something that is not JSON")
		return
	}
	in.read.Body(gjson.Parse(s))
}

func (in *intake) fail(message string) {
	in.em.Fail(&neutral.Error{Kind: neutral.Upstream, Status: 502, Message: message})
}

// Stream converts a stream while it passes.
type Stream struct {
	intake
	w writer
}

// Stream returns a converter for one streamed answer.
func (x *Exchange) Stream() *Stream {
	own := *x
	s := &Stream{w: own.writer()}
	s.gate, s.em, s.read = own.pipeline(s.w)
	return s
}

// Feed takes bytes of the upstream, cut anywhere, and returns what they mean to
// the client, valid until the next call. Nothing is returned until the answer
// has begun to say something.
func (s *Stream) Feed(p []byte) []byte {
	s.feed(p)
	return s.w.Take()
}

// Finish says that the upstream's bytes have ended and returns the last bytes
// for the client.
func (s *Stream) Finish() []byte {
	s.finish()
	return s.w.Take()
}

// Open commits to the answer before it has said anything, as a keep-alive has to
// go out. From then on an error is printed, not held back.
func (s *Stream) Open() []byte {
	s.gate.release()
	return s.w.Take()
}

// Abort ends the answer with an error of the gateway's own, such as a timeout,
// and returns its frame.
func (s *Stream) Abort(err *neutral.Error) []byte {
	s.em.Fail(err)
	return s.w.Take()
}

// KeepAlive returns a sign of life in the client's format; it may be empty.
func (s *Stream) KeepAlive() []byte {
	s.w.KeepAlive()
	return s.w.Take()
}

// Begun says that the answer has begun to go to the client: it is too late for
// another provider.
func (s *Stream) Begun() bool { return s.gate.open }

// Over says that the answer has ended, well or not.
func (s *Stream) Over() bool { return s.em.Over() }

// Err is the error the answer ended with, nil if it did not. Before Begun it
// was not shown to the client.
func (s *Stream) Err() *neutral.Error { return s.gate.fault }

// Drops are codes of what the client did not get to see of the answer.
func (s *Stream) Drops() []string { return s.gate.drops.Sorted() }

// Fold converts a streamed answer into a whole one, for a client that asked for
// that from a provider that only streams.
type Fold struct {
	intake
	x     Exchange
	fold  neutral.Fold
	final string // the upstream's own whole answer, where it is the client's format
}

// Fold returns a converter that gathers one answer.
func (x *Exchange) Fold() *Fold {
	f := &Fold{x: *x}
	f.gate, f.em, f.read = x.pipeline(&f.fold)
	f.gate.open = true // nothing goes out before the end
	if x.From == neutral.Responses && x.To == neutral.Responses {
		f.watch = f.keepFinal
	}
	return f
}

// keepFinal keeps the response of the terminal event: it is the whole answer
// already, unless the server left its output out.
func (f *Fold) keepFinal(frame string) {
	switch gjson.Get(frame, "type").Str {
	case "response.completed", "response.incomplete":
		if response := gjson.Get(frame, "response"); response.Get("output.0").Exists() {
			f.final = f.named(response)
		}
	}
}

// named is an upstream's whole answer under the name that the client gets to see.
func (f *Fold) named(response gjson.Result) string {
	model := response.Get("model").Str
	if name := f.x.Client.ModelOf(model); model != "" && name != "" && name != model {
		if out, err := sjson.Set(response.Raw, "model", name); err == nil {
			return out
		}
	}
	return strings.Clone(response.Raw)
}

// Feed takes bytes of the upstream, cut anywhere.
func (f *Fold) Feed(p []byte) { f.feed(p) }

// Finish says that the upstream's bytes have ended and returns the body for the
// client, or the error the answer ended with.
func (f *Fold) Finish() ([]byte, *neutral.Error) {
	f.finish()
	return f.answer()
}

func (f *Fold) answer() ([]byte, *neutral.Error) {
	a, err := f.fold.Answer()
	switch {
	case err != nil:
		return nil, err
	case f.final != "":
		return []byte(f.final), nil
	default:
		return f.x.append(nil, a), nil
	}
}

// Drops are codes of what the client did not get to see of the answer.
func (f *Fold) Drops() []string { return f.gate.drops.Sorted() }
