package gateway

import (
	"github.com/claude-code-hub/cch/http/gateway/intake"
	"github.com/claude-code-hub/cch/internal/domain"
)

// cutter works out, member by member, how some members of an object are cut out
// of it together with one comma each.
type cutter struct {
	cuts []intake.Edit
	last int  // offset after the member before, at first after the opening brace
	kept bool // some member before stays
	open bool // the last cut reaches to the member to come
}

// pass takes the next member, from its name to the end of its value.
func (c *cutter) pass(from, to int, drop bool) {
	if c.open {
		c.cuts[len(c.cuts)-1].To = from
		c.open = false
	}
	switch {
	case !drop:
		c.kept = true
	case c.kept:
		c.cuts = append(c.cuts, intake.Edit{From: c.last, To: to})
	default:
		c.cuts = append(c.cuts, intake.Edit{From: from, To: to})
		c.open = true
	}
	c.last = to
}

// stripped removes the members that are the client's own business, if the
// operator wants that: some providers refuse names that they do not know.
func (x *exchange) stripped(out *changes) {
	h := &x.head
	if len(h.private) == 0 || !x.target.editable() || x.target.class != domain.CallGenerate || !x.settings().StripUnderscoreKeys {
		return
	}
	out.note(domain.SpecialUnderscoreKeys)
	out.edits = append(out.edits, h.private...)
}
