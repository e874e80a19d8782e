package gateway

import (
	"bytes"
	"slices"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/sse"
	"github.com/claude-code-hub/cch/http/gate"
	"github.com/claude-code-hub/cch/http/gateway/fixer"
	"github.com/claude-code-hub/cch/internal/domain"
)

// fixes are the frames of a native stream that were put right because they do
// not parse, until they are written. The zero value puts nothing right.
type fixes struct {
	fixer.Fixer
	next int // offset of the first frame that was not read yet, in what is held and being read
	due  []splice
}

// splice stands in the place of a frame.
type splice struct {
	from, to int
	with     []byte
}

// fixes are for conversations in the client's own protocol.
func (c *call) fixes() fixes {
	if !c.x.target.judged() {
		return fixes{}
	}
	return fixes{Fixer: fixer.New(c.x.settings().ResponseFixer)}
}

// made tells whether frames were put right that are not written yet.
func (s *fixes) made() bool { return len(s.due) > 0 }

// apply puts what is due in the place of the frames in held.
func (s *fixes) apply(held []byte) []byte {
	if !s.made() {
		return held
	}
	out, at := make([]byte, 0, len(held)+64), 0
	for _, d := range s.due {
		out = append(append(out, held[at:d.from]...), d.with...)
		at = d.to
	}
	s.due = s.due[:0]
	return append(out, held[at:]...)
}

// fix puts the frame right that was read last and does not parse; the gate and
// the tap are to see what comes of it. What breaks off is closed only when the
// gate is open: until then somebody else can give a whole answer.
func (s *stream) fix(f sse.Frame) (fixed []byte) {
	fixed, by := s.fixes.Frame(f.Raw, s.gate.Partial(0) == gate.Open)
	if fixed == nil {
		return nil
	}
	for _, one := range by {
		s.fixed(one)
	}
	if !s.edits.any() {
		s.fixes.due = append(s.fixes.due, splice{from: s.fixes.next - len(f.Raw), to: s.fixes.next, with: fixed})
	}
	return fixed
}

// seeFixed shows tap and gate the frames that stand in the place of one.
func (s *stream) seeFixed(fixed []byte) (ruling gate.Ruling) {
	ruling = s.gate.Partial(0)
	for f := range fixer.Frames(fixed) {
		if ruling = s.judge(f, s.tap.Frame(f.Data)); ruling == gate.Refuse {
			return ruling
		}
	}
	return ruling
}

// fixed notes in the record, once for each kind, what was put right.
func (c *call) fixed(by fixer.Fix) {
	note := domain.SpecialSetting{Type: domain.SpecialResponseFixer, Trigger: string(by)}
	if !slices.ContainsFunc(c.result.Special, func(s domain.SpecialSetting) bool { return s.Type == note.Type && s.Trigger == note.Trigger }) {
		c.special(note)
	}
}

// examine shows the tap a whole answer and returns it, put right if it does not
// parse. One that breaks off counts if no more than its end is missing.
func (c *call) examine(body []byte) ([]byte, neutral.Verdict) {
	x := c.fixes()
	body, changed := x.Readable(body)
	if changed {
		c.fixed(fixer.Encoding)
	}
	verdict := c.tap.Body(body)
	if verdict != neutral.Malformed {
		return body, verdict
	}
	closed, ok := x.Closed(bytes.TrimSpace(body))
	if !ok {
		return body, verdict
	}
	tap := neutral.NewTap(c.x.target.dialect.format, c.keepsHour(c.x.head.hourCache))
	if as := tap.Body(closed); tap.Complete() && as == neutral.Content {
		c.tap = tap
		c.fixed(fixer.Truncated)
		return closed, as
	}
	return body, verdict
}
