package gateway

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/sse"
	"github.com/claude-code-hub/cch/http/gate"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/failpoint"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// pumpSize is the size of the one buffer a stream goes through. Events are
// smaller; with many slow streams the buffers are most of what a node holds.
const pumpSize = 8 << 10

//nolint:gochecknoglobals // buffers are the process's
var pumpBuffers = sync.Pool{New: func() any { return new([pumpSize]byte) }}

// stream is a pump: it reads when the client has taken what was read before,
// looks at the frames of every read and writes and flushes it as it came. Only
// what a read begins of a frame without ending it waits for the rest, so that a
// client never sees half a frame, and after it the error that broke it off.
// Where frames change on their way, the changed ones are written instead.
type stream struct {
	// What every event asks comes first and lies together: with hundreds of slow
	// streams each event finds the caches of the processor cold.
	*call
	passing  bool // the gate is open
	blind    bool // the stream can no longer be cut into frames
	read     bool // bytes came
	content  bool // content came
	numbered bool // frames have sequence numbers
	edits    frameEdits
	held     []byte // what the client gets next
	fixes    fixes
	frames   sse.Reader

	res     *upstream.Response
	memory  *[]byte    // where held lies; nil = nowhere lasting
	gate    *gate.Gate // nobody asks it any more once it is open
	spoiled []byte     // the frame that made the gate refuse, or that told of an error
}

// stream carries an event stream.
func (c *call) stream(res *upstream.Response) {
	mode := domain.GateOff
	if c.x.target.judged() {
		mode = c.x.settings().StreamGate
	}
	s := &stream{call: c, res: res, gate: gate.New(mode), edits: c.frameEdits(), fixes: c.fixes(), numbered: c.x.target.dialect.numbered}
	buf := pumpBuffers.Get().(*[pumpSize]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer pumpBuffers.Put(buf)
	defer s.forget()
	body := res.Body
	for {
		n, err := body.Read(buf[:])
		if n > 0 {
			s.begin()
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

// maxHeld bounds the memory of a stream that others may use after it.
const maxHeld = 256 << 10

//nolint:gochecknoglobals // buffers are the process's
var heldBuffers = sync.Pool{New: func() any { return new([]byte) }}

// hold adds bytes to what the client gets next.
func (s *stream) hold(b []byte) {
	if s.memory == nil {
		s.memory = heldBuffers.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
		s.held = append((*s.memory)[:0], s.held...)
	}
	s.held = append(s.held, b...)
}

// unhold lets go of what is held, and leaves its memory to other streams: one
// whose next event takes a minute need not have it.
func (s *stream) unhold() {
	if s.memory != nil && cap(s.held) <= maxHeld {
		*s.memory = s.held[:0]
		heldBuffers.Put(s.memory)
	}
	s.held, s.memory = nil, nil
}

// forget lets go of the stream's memory.
func (s *stream) forget() {
	s.frames.Release()
	s.unhold()
}

// begin notes when the first bytes came.
func (s *stream) begin() {
	if s.read {
		return
	}
	s.read = true
	if s.result.TTFB == 0 {
		s.result.TTFB = s.since()
	}
}

// take deals with the next bytes; false means that the stream is over for us.
func (s *stream) take(chunk []byte) bool {
	whole := s.edits.any()
	ruling := s.look(chunk)
	if s.passing && !whole {
		s.pass(chunk)
		return true
	}
	if !whole {
		s.hold(chunk)
		s.held = s.fixes.apply(s.held)
	}
	switch {
	case whole && s.blind && s.passing:
		s.cut(sse.ErrFrameTooLarge)
		return false
	case ruling == gate.Refuse, whole && s.blind:
		s.noAnswer()
		return false
	case ruling == gate.Open:
		s.release(s.begun())
	}
	return true
}

// pass writes what has been read, but for a frame that is not complete.
func (s *stream) pass(chunk []byte) {
	begun := s.begun()
	if begun == 0 && len(s.held) == 0 && !s.fixes.made() {
		s.write(chunk) // the usual case: nothing is copied
		return
	}
	s.hold(chunk)
	s.held = s.fixes.apply(s.held)
	s.release(begun)
}

// begun is the number of bytes, at the end of what is held, of a frame that is
// not complete.
func (s *stream) begun() int {
	if s.edits.any() {
		return 0 // nothing but whole frames is held
	}
	return s.frames.Buffered()
}

// release lets go of what is held but its last bytes, and of all that follows.
func (s *stream) release(but int) {
	if !s.passing {
		s.result.Gate = s.gate.Audit(s.since() - s.result.TTFB)
		s.commit(s.res, -1)
		s.passing = true
		if s.result.Committed {
			s.identified() // the first event tells the id
		}
	}
	upTo := len(s.held) - but
	s.write(s.held[:upTo])
	s.held = append(s.held[:0], s.held[upTo:]...)
	if len(s.held) == 0 {
		s.unhold()
	}
	failpoint.Hit(failpoint.MidStream)
}

// look shows the tap and the gate the frames that chunk completes.
func (s *stream) look(chunk []byte) gate.Ruling {
	s.fixes.next = len(s.held) - s.frames.Buffered()
	if s.blind {
		return s.drain()
	}
	s.frames.Lend(chunk)
	ruling := s.drain()
	s.frames.Keep()
	return ruling
}

// drain works off the complete frames.
func (s *stream) drain() gate.Ruling {
	ruling := gate.Open
	if !s.passing {
		ruling = s.gate.Partial(0)
	}
	for !s.blind {
		f, ok, err := s.frames.Next()
		s.blind = err != nil
		if err != nil || !ok {
			break
		}
		if ruling = s.see(f); ruling == gate.Refuse {
			return ruling
		}
	}
	if !s.passing {
		ruling = s.gate.Partial(s.frames.Buffered())
	}
	return ruling
}

// see shows tap and gate a complete frame, put right if it does not parse.
func (s *stream) see(f sse.Frame) gate.Ruling {
	v := neutral.Malformed
	if !s.fixes.Suspects(&f) {
		v = s.tap.Frame(f.Data)
	}
	s.fixes.next += len(f.Raw)
	if v == neutral.Malformed {
		if fixed := s.fix(f); fixed != nil {
			return s.seeFixed(fixed)
		}
		v = s.tap.Frame(f.Data)
	}
	return s.judge(f, v)
}

// judge takes in what a frame means.
func (s *stream) judge(f sse.Frame, v neutral.Verdict) gate.Ruling {
	switch {
	case v == neutral.Content && !s.content:
		s.content, s.result.TTFT = true, s.since()
	case v == neutral.Failure || v == neutral.Malformed:
		s.spoiled = bytes.Clone(f.Data)
	}
	if s.numbered {
		s.count(f.Data, v)
	}
	s.signed.frame(f.Data)
	if s.edits.any() {
		s.hold(nil)
		s.held = s.edits.apply(s.held, f)
	}
	if s.passing {
		return gate.Open
	}
	return s.gate.Frame(v, f.Event, len(f.Raw))
}

// standing is how far a stream has come.
type standing struct {
	place        place
	done, failed bool
}

func (s *stream) standing() standing {
	return standing{place: s.place, done: s.tap.Complete(), failed: s.tap.Failed()}
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
	broken := !errors.Is(err, io.EOF)
	begun, before := s.begun(), s.standing()
	ruling := gate.Hold
	if broken {
		s.fixes = fixes{} // an error follows: nothing is made up for what is missing
	}
	if !broken || !s.edits.any() { // the rest of a changed frame is better kept
		s.fixes.next = len(s.held) - s.frames.Buffered()
		s.frames.Finish()
		ruling = s.drain()
		s.held = s.fixes.apply(s.held)
	}
	if !s.passing {
		if broken {
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
	}
	if after := s.standing(); !broken || after.done != before.done || after.failed != before.failed {
		begun = 0 // what lacked no more than its blank line is a frame too
	} else {
		s.place = before.place
	}
	s.release(begun)
	switch {
	case s.tap.Complete() && !s.tap.Failed():
		s.succeeded(s.res.Status, true)
	case s.x.leaving.gone():
		s.failed(ending{})
	case s.tap.Failed(): // the upstream's own error event went to the client as it came
		s.failed(ending{
			failure: domain.FailStreamBroken, status: inferStatus(s.spoiled), inferred: true, text: string(s.spoiled), quoted: true,
		})
	case !broken:
		s.succeeded(s.res.Status, !s.x.target.judged())
	default:
		s.cut(err)
	}
}

// cut ends an answer that broke off after the client had seen part of it.
func (s *stream) cut(err error) {
	if errors.Is(err, upstream.ErrHedgeLost) {
		s.failed(ending{beaten: true})
		return
	}
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
