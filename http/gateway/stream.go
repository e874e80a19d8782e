package gateway

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/sse"
	"github.com/claude-code-hub/cch/http/gate"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// pumpSize is the size of the one buffer a stream goes through.
const pumpSize = 32 << 10

//nolint:gochecknoglobals // buffers are the process's
var pumpBuffers = sync.Pool{New: func() any { return new([pumpSize]byte) }}

// stream is a pump: it reads when the client has taken what was read before,
// writes and flushes every read as it came, and looks at the frames on the side.
type stream struct {
	*call
	res    *upstream.Response
	gate   *gate.Gate
	frames sse.Reader
	blind  bool // the stream can no longer be cut into frames

	held    []byte // all bytes so far, until the gate opens
	at      int    // offset in held of the next frame
	rename  bool   // the model's name is still to be replaced
	passing bool
	spoiled []byte // the frame that made the gate refuse, or that told of an error
}

// stream carries an event stream.
func (c *call) stream(res *upstream.Response) {
	mode := c.x.settings().StreamGate
	if c.x.target.class != domain.CallGenerate {
		mode = domain.GateOff
	}
	s := &stream{call: c, res: res, gate: gate.New(mode), rename: c.renames()}
	buf := pumpBuffers.Get().(*[pumpSize]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer pumpBuffers.Put(buf)
	for {
		n, err := res.Body.Read(buf[:])
		if n > 0 {
			if c.result.TTFB == 0 {
				c.result.TTFB = c.since()
			}
			if !s.take(buf[:n]) {
				s.noAnswer()
				return
			}
		}
		if err != nil {
			s.end(err)
			return
		}
	}
}

// take deals with the next bytes; false means that this is no answer.
func (s *stream) take(chunk []byte) bool {
	if s.passing {
		s.write(chunk)
		s.look(chunk)
		return true
	}
	s.held = append(s.held, chunk...)
	switch s.look(chunk) {
	case gate.Refuse:
		return false
	case gate.Open:
		if !s.rename {
			s.open()
		}
	case gate.Hold:
	}
	return true
}

// open lets go of what was held and of all that follows.
func (s *stream) open() {
	s.result.Gate = s.gate.Audit(s.since() - s.result.TTFB)
	s.commit(s.res, -1)
	s.passing = true
	s.write(s.held)
	s.held = nil
}

// look shows the tap and the gate the frames that chunk completes.
func (s *stream) look(chunk []byte) gate.Ruling {
	if !s.blind {
		s.frames.Feed(chunk)
	}
	return s.drain()
}

// drain works off the complete frames. After the gate's word only the tap
// still listens.
func (s *stream) drain() gate.Ruling {
	ruling := s.gate.Partial(0)
	for !s.blind {
		f, ok, err := s.frames.Next()
		if err != nil {
			s.blind, s.rename = true, false
		}
		if err != nil || !ok {
			break
		}
		v := s.tap.Frame(f.Data)
		switch {
		case v == neutral.Content && s.result.TTFT == 0:
			s.result.TTFT = s.since()
		case v == neutral.Failure || v == neutral.Malformed:
			s.spoiled = bytes.Clone(f.Data)
		}
		ruling = s.gate.Frame(v, f.Event, len(f.Raw))
		s.renameIn(f, v)
		s.at += len(f.Raw)
		if ruling == gate.Refuse {
			return ruling
		}
	}
	if !s.passing {
		ruling = s.gate.Partial(s.frames.Buffered())
	}
	return ruling
}

// renameIn replaces the model's name where this frame, which is still held,
// tells it.
func (s *stream) renameIn(f sse.Frame, v neutral.Verdict) {
	if !s.rename {
		return
	}
	from, to, ok := s.x.target.dialect.answerModel(f.Data)
	if ok {
		if i := bytes.Index(f.Raw, f.Data); i >= 0 {
			i += s.at
			name := s.requestedModel()
			s.held = slices.Replace(s.held, i+from, i+to, name...)
			s.at += len(name) - (to - from)
		}
	}
	if ok || v == neutral.Content {
		s.rename = false // it is told once, before any content
	}
}

// noAnswer ends a stream that the gate found to be none.
func (s *stream) noAnswer() {
	s.result.Gate = s.gate.Audit(s.since() - s.result.TTFB)
	status := domain.StatusEmptyResponse
	if s.gate.Failure() != domain.FailEmpty {
		status = inferStatus(s.spoiled)
	}
	s.disguised(s.gate.Failure(), status, s.spoiled)
}

// end deals with the end of the upstream's bytes, regular or not.
func (s *stream) end(err error) {
	s.frames.Finish()
	ruling := s.drain()
	if !s.passing {
		if !errors.Is(err, io.EOF) {
			s.broken(err)
			return
		}
		if ruling != gate.Open {
			ruling = s.gate.End()
		}
		if ruling == gate.Refuse {
			s.noAnswer()
			return
		}
		s.open()
	}
	switch {
	case s.tap.Complete() && !s.tap.Failed():
		s.succeeded(s.res.Status, true)
	case s.x.leaving.gone():
		s.failed(ending{})
	case s.tap.Failed(): // the upstream's own error event went to the client as it came
		s.failed(ending{
			failure: domain.FailStreamBroken, status: inferStatus(s.spoiled), inferred: true, text: string(s.spoiled), quoted: true,
		})
	case errors.Is(err, io.EOF):
		s.succeeded(s.res.Status, false)
	default:
		s.cut(err)
	}
}

// cut ends an answer that broke off after the client had seen part of it.
func (s *stream) cut(err error) {
	f := domain.NewFault(domain.KindUpstreamRefused, domain.CodeStreamAborted, "the provider broke the answer off")
	e := ending{failure: domain.FailStreamBroken, status: 502, text: err.Error()}
	switch failure, _ := errors.AsType[*upstream.Failure](err); {
	case errors.Is(err, upstream.ErrShutdown):
		f = draining()
		e.overloaded, e.status = true, 503
	case failure != nil && failure.Kind == domain.FailTimeout:
		f = domain.NewFault(domain.KindUpstreamTimeout, domain.CodeStreamIdleTimeout, "the provider stopped answering")
		e.failure, e.status = domain.FailTimeout, domain.StatusTimeout
	}
	s.interrupt(f)
	s.failed(e)
}
