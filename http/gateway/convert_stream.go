package gateway

import (
	"errors"
	"io"
	"net/http"

	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/sse"
	"github.com/claude-code-hub/cch/http/gate"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// transcoder turns the bytes of an upstream's stream into the client's. What it
// returns is valid until the next call.
type transcoder interface {
	Feed(p []byte) []byte
	Finish() []byte
	Abort(e *neutral.Error) []byte
	Begun() bool // there is something to show
	Err() *neutral.Error
	Drops() []string
}

// convertedStream is a stream that changes its protocol on the way. Gate and tap
// look at what the upstream sends; the client gets what that means in its own
// protocol, and nothing before the gate opens.
type convertedStream struct {
	stream
	to    transcoder
	quiet func() // ends keep-alives; nil until content goes out
}

func (c *call) convertStream(res *upstream.Response) {
	s := &convertedStream{
		stream: stream{call: c, res: c.clientResponse(res), gate: gate.New(c.x.settings().StreamGate)},
		to:     c.conversion.transcoder(),
	}
	c.conversion.answer = s.to
	defer func() { c.lost(s.to.Drops()) }()
	defer s.hush()
	buf := pumpBuffers.Get().(*[pumpSize]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer pumpBuffers.Put(buf)
	defer s.forget()
	for {
		n, err := res.Body.Read(buf[:])
		if n > 0 {
			if c.result.TTFB == 0 {
				c.result.TTFB = c.since()
			}
			if !s.take(buf[:n]) {
				return
			}
		}
		if err != nil {
			s.end(err)
			return
		}
	}
}

// take deals with the next bytes; false means that the stream is over for us.
func (s *convertedStream) take(chunk []byte) bool {
	ruling := s.look(chunk)
	s.hold(s.to.Feed(chunk))
	switch fault := s.to.Err(); {
	case s.passing && fault != nil:
		s.settle()
		return false
	case !s.passing && (ruling == gate.Refuse || fault != nil):
		s.noAnswer()
		return false
	case s.passing || ruling == gate.Open && s.to.Begun():
		s.release(0)
		s.accompany()
	}
	return true
}

// accompany lets the client know that it is still served while the provider
// thinks: what tells of that in its protocol may mean nothing in the client's. A
// call that lost a race has no client.
func (s *convertedStream) accompany() {
	if s.quiet == nil && s.result.Committed && !s.conversion.Client.Array {
		s.quiet = s.reply.between(s.x.settings().GateKeepaliveAfter, []byte(s.x.target.dialect.ping))
	}
}

func (s *convertedStream) hush() {
	if s.quiet != nil {
		s.quiet()
	}
}

// noAnswer ends a stream that turned out to be none before the client saw
// anything of it.
func (s *convertedStream) noAnswer() {
	if fault := s.to.Err(); s.gate.Failure() == domain.FailNone && fault != nil {
		s.faulty(fault)
		return
	}
	s.stream.noAnswer()
}

// end deals with the end of the upstream's bytes, regular or not.
func (s *convertedStream) end(err error) {
	s.hush()
	ruling, broken := gate.Hold, !errors.Is(err, io.EOF)
	if !broken || s.tap.Complete() {
		s.frames.Finish()
		ruling = s.drain()
		s.hold(s.to.Finish())
		broken = false
	}
	switch {
	case broken && s.passing:
		s.cut(err)
		return
	case broken:
		s.broken(err)
		return
	case s.passing:
	case ruling != gate.Open && s.gate.End() == gate.Refuse, !s.to.Begun():
		s.noAnswer()
		return
	}
	s.settle()
}

// settle ends a stream that the client has seen part of. An error of the
// upstream's went to it in its own protocol.
func (s *convertedStream) settle() {
	s.release(0)
	switch fault := s.to.Err(); {
	case fault == nil && s.tap.Complete():
		s.succeeded(s.res.Status, true)
	case s.x.leaving.gone():
		s.failed(ending{})
	case fault == nil:
		s.succeeded(s.res.Status, false)
	default:
		s.failed(ending{
			failure: domain.FailStreamBroken, status: fault.Status, inferred: true, text: fault.Message, quoted: true,
		})
	}
}

// abort ends the stream under way with an error of our own.
func (v *conversion) abort(f *domain.Fault) []byte {
	e := &neutral.Error{Kind: neutral.Upstream, Status: http.StatusBadGateway, Message: f.Detail}
	switch f.Kind {
	case domain.KindUpstreamTimeout:
		e.Kind, e.Status = neutral.Timeout, http.StatusGatewayTimeout
	case domain.KindOverloaded:
		e.Kind, e.Status = neutral.Overloaded, http.StatusServiceUnavailable
	default:
	}
	return v.answer.Abort(e)
}

func (v *conversion) transcoder() transcoder {
	if v.envelope && !v.Client.Array {
		return &rewrapped{rewrap: convert.NewRewrap(v.To, v.Client.RequestID, v.shown), to: v.To}
	}
	return v.Stream()
}

// rewrapped moves a stream between Gemini's two envelopes.
type rewrapped struct {
	rewrap *convert.Rewrap
	to     neutral.Format
	begun  bool
	err    *neutral.Error
}

func (r *rewrapped) Feed(p []byte) []byte { return r.moved(r.rewrap.Feed(p)) }

func (r *rewrapped) Finish() []byte { return r.moved(r.rewrap.Finish()) }

func (r *rewrapped) moved(out []byte, err error) []byte {
	r.begun = r.begun || len(out) > 0
	if err != nil && r.err == nil {
		r.err = &neutral.Error{Kind: neutral.Upstream, Status: http.StatusBadGateway, Message: err.Error()}
	}
	return out
}

// Abort words an error as Gemini's clients take it, in no envelope.
func (r *rewrapped) Abort(e *neutral.Error) []byte {
	_, _, body := convert.Error(r.to, e, "")
	return sse.AppendFrame(nil, "", body)
}

func (r *rewrapped) Begun() bool { return r.begun }

func (r *rewrapped) Err() *neutral.Error { return r.err }

func (r *rewrapped) Drops() []string { return nil }
