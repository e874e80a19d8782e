package gateway

import (
	"errors"
	"net/http"

	"github.com/claude-code-hub/cch/http/gateway/scan"
	"github.com/claude-code-hub/cch/internal/domain"
)

// parse takes the body in and reads what is needed of it, in one walk. The
// session is known afterwards.
func (g *Gateway) parse(x *exchange) error {
	if x.target.dialect == nil {
		return refused(domain.BlockedRequest, domain.NewFault(domain.KindNotFound, domain.CodeUnknownEndpoint,
			"there is nothing at "+x.r.Method+" "+clip(x.r.URL.Path, 200)))
	}
	body, err := g.intake.Read(x.r, http.NewResponseController(x.reply.w))
	if err != nil {
		if f := domain.AsFault(err); f.Kind == domain.KindOverloaded {
			return g.turnAway(f)
		}
		return refused(domain.BlockedRequest, err)
	}
	x.body = body
	if err := readHead(x.target.dialect, body.Bytes(), &x.head); err != nil {
		return refused(domain.BlockedRequest, err)
	}
	x.model = x.head.model.String()
	x.session = findSession(x)
	x.reply.header().Set("X-Cch-Session-Id", x.session.id)
	return nil
}

// head is what the gateway needs to know of a body. Texts point into the body.
type head struct {
	model    scan.Text
	stream   bool
	messages int
	hints    sessionHints
	opening  opening
	metadata metadata
	end      int // offset of the document's closing brace
	// hourCache is set when the request asks for the one-hour cache lifetime: for
	// upstreams that do not say which lifetime they wrote with.
	hourCache bool
}

// metadata is where a Claude body keeps its user id.
type metadata struct {
	found  bool // the member is there
	object bool // and is an object
	empty  bool
	at     int // offset after its opening brace
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
	c.Watch("ttl", "1h") // of a cache mark, wherever it stands
	models := 0
	for name := range c.Members() {
		if string(name) == "model" {
			models++
		}
		d.member(c, name, h)
	}
	h.end, h.hourCache = c.Pos()-1, c.Seen()
	switch err := c.End(); {
	case err != nil:
		return badJSON(err)
	case models > 1: // parsers disagree on which one counts: a way around the model lists
		return domain.NewFault(domain.KindInvalid, domain.CodeBadJSON, "the request body names its model more than once")
	case h.model.IsZero():
		return domain.NewFault(domain.KindInvalid, domain.CodeModelRequired, "the field model is required")
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
