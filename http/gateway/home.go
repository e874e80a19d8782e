package gateway

import (
	"slices"
	"strings"

	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/http/gateway/intake"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// native is the call to a provider of the client's own protocol, which gets the
// client's bytes with as few edits as there have to be.
func (c *call) native() *upstream.Call {
	x := c.x
	out := x.outgoing(c.a)
	out.Provider = c.provider
	if x.upload != nil || !x.target.editable() {
		return out
	}
	doc := x.body.Bytes()
	if clean, moved, changed := c.home(); changed {
		doc, x = clean, moved
	}
	edits := c.edits(x)
	switch {
	case c.alwaysStreams():
		edits = c.askStream(out, x, edits)
	case c.unstreams():
		edits = c.askWhole(out, x, edits)
	}
	switch {
	case c.instructionsTrigger(nil) != "":
		out.Body = document(c.instructed(spliced(doc, edits)))
	case x != c.x:
		out.Body = document(spliced(doc, edits))
	default:
		out.Body = x.body.Splice(edits...)
	}
	return out
}

// askStream makes the call one for a stream, which is gathered into the document
// that the client asked for.
func (c *call) askStream(out *upstream.Call, x *exchange, edits []intake.Edit) []intake.Edit {
	format := x.target.dialect.format
	r, err := c.x.decode()
	if err != nil {
		return edits // the provider will say what is wrong with it
	}
	c.foldsBack(convert.ClientOf(r))
	out.Stream = true
	switch {
	case x.target.method != "": // Gemini says it in the path
		out.Path = strings.TrimSuffix(out.Path, x.target.method) + "streamGenerateContent"
		out.RawQuery = strings.TrimPrefix(out.RawQuery+"&alt=sse", "&")
		return edits
	case x.head.asked.found:
		edits = append(edits, intake.Edit{From: x.head.asked.from, To: x.head.asked.to, With: "true"})
	default:
		edits = append(edits, intake.Edit{From: x.head.end, To: x.head.end, With: `,"stream":true`})
	}
	if h := &x.head; format == neutral.Chat && !h.options.found && !c.mends.has(noStreamOptions) {
		edits = append(edits, h.options.extend(h.end, "stream_options", `"include_usage":true`))
	}
	return edits
}

// foldsBack has the answer put into another framing of the client's own format.
func (c *call) foldsBack(client neutral.Client) {
	format := c.x.target.dialect.format
	c.identify(&client)
	c.conversion = &conversion{Exchange: convert.Exchange{From: format, To: format, Client: client}}
}

// edits is all that changes in the body of a native call.
func (c *call) edits(x *exchange) []intake.Edit {
	var out changes
	if x.target.protocol == domain.ProtocolChat && x.metersStream() && !c.metersStream() {
		c.mended(domain.SpecialStreamOptions, noStreamOptions)
		x.renamed(c.a, &out)
		x.stripped(&out)
	} else {
		out = x.edits(c.a)
	}
	for _, what := range out.told {
		c.special(domain.SpecialSetting{Type: what})
	}
	return out.edits
}

// home is the body without what earlier conversions hid in it, for a provider of
// the client's own protocol, which would refuse it; also without what it did
// refuse. What else is to be edited stands elsewhere then: moved knows where.
// False if there is nothing of the kind.
func (c *call) home() (clean []byte, moved *exchange, changed bool) {
	x, refused := c.x, c.mends.has(rectified) && c.x.target.judged()
	carries := x.head.carries && c.g.Capabilities != nil
	if !carries && !refused {
		return nil, nil, false
	}
	format := x.target.dialect.format
	clean = x.body.Bytes()
	if carries {
		clean, changed = convert.Home(format, clean, c.takesBudgets(format))
	}
	if refused {
		did := false
		clean, did = c.rectify(format, clean)
		changed = changed || did
	}
	if !changed {
		return nil, nil, false
	}
	other := *x
	other.head = head{}
	if readHead(x.target.dialect, clean, &other.head) != nil {
		return nil, nil, false
	}
	other.head.stream = x.head.stream
	return clean, &other, true
}

// spliced is doc with the edits made.
func spliced(doc []byte, edits []intake.Edit) []byte {
	slices.SortStableFunc(edits, func(a, b intake.Edit) int { return a.From - b.From })
	out, at := make([]byte, 0, len(doc)), 0
	for _, e := range edits {
		out = append(append(out, doc[at:e.From]...), e.With...)
		at = e.To
	}
	return append(out, doc[at:]...)
}
