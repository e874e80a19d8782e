package gateway

import (
	"errors"

	"github.com/claude-code-hub/cch/http/gateway/intake"
	"github.com/claude-code-hub/cch/http/gateway/scan"
	"github.com/claude-code-hub/cch/internal/domain"
)

// head is what the gateway needs to know of a body. Texts point into the body.
type head struct {
	model    scan.Text
	stream   bool
	asked    value // the member stream
	messages int
	hints    sessionHints
	opening  opening
	end      int // offset of the document's closing brace
	volume   scan.Volume
	output   int64 // tokens that the answer may have; 0 = does not say

	private    []intake.Edit // what cuts the top-level members out whose names begin with an underscore
	carries    bool          // something of ours, from an earlier conversion, may be in it
	tier       scan.Text     // of the service that the client wants
	speed      scan.Text     // claude
	effort     scan.Text     // claude, responses
	thinks     bool          // claude: the model is told to think
	metadata   object        // claude
	hourCache  bool          // claude: the body asks for the one-hour cache lifetime
	options    object        // chat: stream_options
	usage      value         // chat: its include_usage
	usageAsked bool          // which is true
	input      value         // responses: unless it is an array
	unstored   bool          // responses: nobody can go on from the answer
}

// forget lets go of the body: what is left of the head are facts, no views. A
// view would keep the body's memory for as long as the answer lasts.
func (h *head) forget() {
	h.model, h.tier, h.speed, h.effort = scan.Text{}, scan.Text{}, scan.Text{}, scan.Text{}
	h.asked.raw, h.usage.raw, h.input.raw = nil, nil, nil
	h.opening = opening{}
	h.hints = sessionHints{hasUserID: h.hints.hasUserID, hasCacheKey: h.hints.hasCacheKey}
}

// readHead walks the body by the dialect's rules.
func readHead(d *dialect, body []byte, h *head) error {
	c := scan.New(body)
	if c.Kind() != scan.Object {
		c.Skip()
		if c.End() == nil {
			return domain.NewFault(domain.KindInvalid, domain.CodeBadJSON, "the request body must be a JSON object")
		}
		return badJSON(c.End())
	}
	if d.hourMark[0] != "" {
		c.Watch(d.hourMark[0], d.hourMark[1]) // wherever it stands
	}
	c.Mark(d.carrier)
	models := 0
	members := cutter{last: c.Pos() + 1}
	for name := range c.Members() {
		if string(name) == "model" {
			models++
		}
		at, from, private := c.Pos(), c.Member(), len(name) > 0 && name[0] == '_'
		d.member(c, name, h)
		if c.Pos() == at {
			c.Skip()
		}
		members.pass(from, c.Pos(), private)
	}
	h.private = members.cuts
	h.end, h.hourCache, h.carries, h.volume = c.Pos()-1, c.Seen(), c.Marked(), c.Volume()
	switch err := c.End(); {
	case err != nil:
		return badJSON(err)
	case models > 1: // parsers disagree on which one counts: a way around the model lists
		return domain.NewFault(domain.KindInvalid, domain.CodeBadJSON, "the request body names its model more than once")
	}
	return nil
}

func badJSON(err error) error {
	detail := "the request body is not valid JSON"
	if errors.Is(err, scan.ErrDepth) {
		detail = "the request body is nested too deeply"
	}
	return domain.NewFault(domain.KindInvalid, domain.CodeBadJSON, detail)
}

// turns reads the messages of a conversation.
func (h *head) turns(c *scan.Cursor, content string) {
	for i := range c.Elements() {
		h.opening.turn(c, content)
		h.messages = i + 1
	}
}

// object is where a member of the body is that may have to be completed.
type object struct {
	found bool // the member is there
	is    bool // and is an object
	empty bool
	at    int // offset after its opening brace

	from, to int
}

// read notes the object at the cursor and shows its members.
func (o *object) read(c *scan.Cursor, member func(name []byte)) {
	o.found = true
	if c.Kind() != scan.Object {
		return
	}
	o.is, o.empty, o.from, o.at = true, true, c.Pos(), c.Pos()+1
	for name := range c.Members() {
		o.empty = false
		member(name)
	}
	o.to = c.Pos()
}

// extensible tells whether a member can be added.
func (o *object) extensible() bool { return o.is || !o.found }

// extend adds a member to the object called name, which is added to the body
// before end if it is not there.
func (o *object) extend(end int, name, member string) intake.Edit {
	switch {
	case !o.found:
		return intake.Edit{From: end, To: end, With: `,"` + name + `":{` + member + `}`}
	case o.empty:
		return intake.Edit{From: o.at, To: o.at, With: member}
	}
	return intake.Edit{From: o.at, To: o.at, With: member + ","}
}

// value is a member of the body that may have to be replaced or wrapped.
type value struct {
	found    bool
	kind     scan.Kind
	from, to int
	raw      []byte
}

func (v *value) read(c *scan.Cursor) {
	*v = value{found: true, kind: c.Kind(), from: c.Pos()}
	v.raw = c.Raw()
	v.to = v.from + len(v.raw)
}
