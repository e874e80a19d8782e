// Package gate decides whether an upstream's 2xx is an answer.
//
// Relays and overloaded providers like to say 200 first and fail afterwards.
// As long as the client has seen nothing, such a failure can still be turned
// into a try elsewhere. So a stream is held until its first frame of content
// ([Gate]), and a whole body is judged before it is passed on ([Judge]).
//
// The package looks at verdicts, sizes and a little text; what is content in
// which format is known to converters/neutral. It holds no bytes and does no
// I/O. Start with gate.go.
package gate

import (
	"time"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/internal/domain"
)

// How much of a stream is held at most. Frames that only repeat the request
// are not counted.
const (
	MaxFrames = 64
	MaxBytes  = 1 << 20
)

// Ruling is what to do with the stream.
type Ruling uint8

// The rulings.
const (
	Hold   Ruling = iota // show the client nothing yet
	Open                 // pass on what was held and all that follows
	Refuse               // this is no answer
)

// Gate follows one stream up to its ruling. It belongs to one goroutine.
type Gate struct {
	mode   domain.GateMode
	ruling Ruling  // of the stream, whatever the mode makes of it
	why    verdict // that led to the ruling

	frames int // neutral ones
	bytes  int
	event  string // name of the frame that decided
	failed domain.FailureKind
}

type verdict = neutral.Verdict

// New makes a gate in the given mode.
func New(mode domain.GateMode) *Gate { return &Gate{mode: mode} }

// Frame judges the next frame: its verdict, event name and size in bytes. Once
// the gate is open or has refused, that stands.
func (g *Gate) Frame(v neutral.Verdict, event []byte, size int) Ruling {
	if g.ruling != Hold {
		return g.effective()
	}
	if v != neutral.Echo {
		g.frames++
		g.bytes += size
	}
	switch {
	case v == neutral.Content:
		g.decide(Open, v, event, domain.FailNone)
	case v == neutral.Failure, v == neutral.Malformed:
		g.decide(Refuse, v, event, domain.FailGate)
	case v == neutral.Terminal:
		g.decide(Refuse, v, event, domain.FailEmpty)
	case g.frames > MaxFrames, g.bytes > MaxBytes:
		g.decide(Refuse, v, event, domain.FailGate)
	}
	return g.effective()
}

// Partial judges bytes that do not make up a frame yet: a stream without frame
// ends must not be held for ever.
func (g *Gate) Partial(size int) Ruling {
	if g.ruling == Hold && g.bytes+size > MaxBytes {
		g.decide(Refuse, neutral.Malformed, nil, domain.FailGate)
	}
	return g.effective()
}

// End judges the end of the stream.
func (g *Gate) End() Ruling {
	if g.ruling == Hold {
		g.decide(Refuse, neutral.Neutral, nil, domain.FailEmpty)
	}
	return g.effective()
}

func (g *Gate) decide(r Ruling, v neutral.Verdict, event []byte, failed domain.FailureKind) {
	g.ruling, g.why, g.event, g.failed = r, v, string(event), failed
}

// effective is the ruling as the mode carries it out: only enforcing holds and
// refuses, the other modes let everything through.
func (g *Gate) effective() Ruling {
	if g.mode != domain.GateEnforce {
		return Open
	}
	return g.ruling
}

// Failure is the kind of failure a refused stream is.
func (g *Gate) Failure() domain.FailureKind { return g.failed }

// Audit is the record of what the gate saw until it ruled, nil in mode off.
// In shadow mode its verdict tells what enforcing would have done.
func (g *Gate) Audit(wait time.Duration) *domain.StreamGateAudit {
	if g.mode == domain.GateOff || g.frames == 0 {
		return nil
	}
	return &domain.StreamGateAudit{
		FrameIndex: g.frames - 1, EventName: g.event, BufferedBytes: g.bytes,
		GateWaitMs: wait.Milliseconds(), Verdict: g.why.String(),
	}
}
