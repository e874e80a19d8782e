package gateway

import (
	"slices"

	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/http/gateway/intake"
)

// home is the body without what earlier conversions hid in it, for a provider of
// the client's own protocol, which would refuse it. False if there is nothing of
// the kind: then the client's bytes go out as they came.
func (c *call) home() (document, bool) {
	x := c.x
	if !x.head.carries || !x.target.editable() || c.g.Capabilities == nil {
		return nil, false
	}
	format := x.target.dialect.format
	clean, changed := convert.Home(format, x.body.Bytes(), false)
	if !changed {
		return nil, false
	}
	if format == neutral.Claude && c.g.Capabilities.Model(c.a.Model).Thinking == neutral.ThinkingBudget {
		clean, _ = convert.Home(format, x.body.Bytes(), true)
	}
	// What else is to be edited stands elsewhere now.
	moved := *x
	moved.head = head{}
	if readHead(x.target.dialect, clean, &moved.head) != nil {
		return nil, false
	}
	moved.head.stream = x.head.stream
	return spliced(clean, moved.edits(c.a)), true
}

// spliced is doc with the edits made.
func spliced(doc []byte, edits []intake.Edit) document {
	slices.SortStableFunc(edits, func(a, b intake.Edit) int { return a.From - b.From })
	out, at := make([]byte, 0, len(doc)), 0
	for _, e := range edits {
		out = append(append(out, doc[at:e.From]...), e.With...)
		at = e.To
	}
	return append(out, doc[at:]...)
}
