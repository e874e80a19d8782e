package gateway

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/claude-code-hub/cch/internal/domain"
)

// parse takes the body in and reads what is needed of it, in one walk. The
// session is known afterwards.
func (g *Gateway) parse(x *exchange) error {
	if x.target.dialect == nil {
		return refused(domain.BlockedRequest, domain.NewFault(domain.KindNotFound, domain.CodeUnknownEndpoint,
			"there is nothing at "+x.r.Method+" "+clip(x.r.URL.Path, 200)))
	}
	take := g.readBody
	if x.target.handling == resource {
		take = g.openBody
	}
	if err := take(x); err != nil {
		return err
	}
	x.session = findSession(x)
	x.reply.header().Set("X-Cch-Session-Id", x.session.id)
	return nil
}

// smallResource is the size up to which a body is held that nobody looks at, so
// that it can be sent to another provider when the first one fails.
const smallResource = 64 << 10

// openBody makes the body ready to be passed on, while it arrives if it is large.
func (g *Gateway) openBody(x *exchange) (err error) {
	if n := x.r.ContentLength; n > 0 && n <= smallResource && x.r.Header.Get("Content-Encoding") == "" {
		return g.takeBody(x)
	}
	if x.upload, err = g.intake.Stream(x.r, http.NewResponseController(x.reply.w)); err != nil {
		return refused(domain.BlockedRequest, err)
	}
	return nil
}

// takeBody holds the body.
func (g *Gateway) takeBody(x *exchange) error {
	body, err := g.intake.Read(x.r, http.NewResponseController(x.reply.w))
	if err != nil {
		if f := domain.AsFault(err); f.Kind == domain.KindOverloaded {
			return g.turnAway(f)
		}
		return refused(domain.BlockedRequest, err)
	}
	x.body = body
	return nil
}

// readBody takes the body in and reads its head.
func (g *Gateway) readBody(x *exchange) error {
	if err := g.takeBody(x); err != nil {
		return err
	}
	if err := x.readModel(); err != nil {
		return refused(domain.BlockedRequest, err)
	}
	if x.model == "" && x.target.class == domain.CallGenerate {
		return refused(domain.BlockedRequest, domain.NewFault(domain.KindInvalid, domain.CodeModelRequired, "the field model is required"))
	}
	return nil
}

// readModel reads the head of a JSON body, or the model of a form.
func (x *exchange) readModel() error {
	if boundary := x.formBoundary(); boundary != "" {
		x.model = formField(x.body.Bytes(), boundary, "model")
		return nil
	}
	if err := readHead(x.target.dialect, x.body.Bytes(), &x.head); err != nil {
		return err
	}
	x.model = x.head.model.String()
	if x.target.model != "" {
		x.model = x.target.model
	}
	x.head.stream = x.head.stream || x.target.stream
	return nil
}

// formBoundary is what separates the fields of a form; empty if the body is
// none, or if forms mean nothing here.
func (x *exchange) formBoundary() string {
	if x.target.handling != verbatim {
		return ""
	}
	kind, params, err := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return ""
	}
	return params["boundary"]
}

// maxFormField is how long a field of a form may be that is read.
const maxFormField = 256

// formField finds the only field of that name in a form; empty if it is not
// there, or more than once.
func formField(form []byte, boundary, name string) string {
	found := ""
	for parts := multipart.NewReader(bytes.NewReader(form), boundary); ; {
		p, err := parts.NextRawPart()
		switch {
		case err != nil:
			return found
		case p.FormName() != name:
		case found != "":
			return ""
		default:
			value, _ := io.ReadAll(io.LimitReader(p, maxFormField))
			found = strings.TrimSpace(string(value))
		}
	}
}
