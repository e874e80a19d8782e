package gateway

import (
	"bytes"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/sse"
	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
)

// frameEdits is what changes in the frames of a stream.
type frameEdits struct {
	dialect *dialect
	name    []byte // what the model is to be called, as a JSON string; nil = as it is
	swallow bool   // the usage report that only we asked for
}

func (c *call) frameEdits() frameEdits {
	e := frameEdits{dialect: c.x.target.dialect, swallow: c.metersStream()}
	if c.renames() {
		e.name = c.requestedModel()
	}
	return e
}

func (e *frameEdits) any() bool { return e.swallow || e.name != nil }

// apply appends the frame, as it is to be, to out.
func (e *frameEdits) apply(out []byte, f sse.Frame) []byte {
	if e.swallow && isUsageReport(f.Data) {
		return out
	}
	if e.name != nil && len(f.Data) > 0 {
		// Data of several lines is none of the frame's bytes, and stays.
		if at := bytes.Index(f.Raw, f.Data); at >= 0 {
			out = append(out, f.Raw[:at]...)
			out = append(out, e.dialect.rename(f.Data, e.name)...)
			return append(out, f.Raw[at+len(f.Data):]...)
		}
	}
	return append(out, f.Raw...)
}

// place is where a stream stands, for an error that has to go on from there.
type place struct {
	sequence int64 // next number, where events are numbered
}

// count notes the number of an event. Those of content follow each other without
// a gap and come by the hundred: they are not searched for it.
func (c *call) count(data []byte, v neutral.Verdict) {
	c.place.sequence++
	if v == neutral.Content && c.place.sequence > 1 {
		return
	}
	if n := gjson.GetBytes(data, "sequence_number"); n.Type == gjson.Number {
		c.place.sequence = n.Int() + 1
	}
}

// interrupt ends a stream that has begun with an error in the client's protocol.
func (c *call) interrupt(f *domain.Fault) {
	if c.conversion != nil && c.conversion.answer != nil {
		c.write(c.conversion.abort(f))
		return
	}
	st := problem.Stream{RequestID: c.x.id.String(), Sequence: c.place.sequence, Language: c.x.language()}
	if c.tap != nil {
		st.ResponseID = c.tap.ID()
	}
	c.write(problem.Frame(c.x.target.protocol, f, st))
}
