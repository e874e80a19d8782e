package gateway

import (
	"encoding/json"
	"maps"
	"net/http"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/http/gateway/intake"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// outgoing is the call to a provider of the client's own protocol, with the
// client's bytes.
func (x *exchange) outgoing(a *protocol.Attempt) *upstream.Call {
	c := &upstream.Call{
		Method: x.r.Method, Path: x.target.path, RawQuery: x.r.URL.RawQuery, Header: x.header(),
		Stream: x.head.stream, ClientIP: x.ip,
	}
	switch {
	case x.upload != nil:
		c.Encoded = true
		if x.upload.Len() != 0 {
			c.Body = x.upload
		}
		return c
	case x.target.editable() && a.Redirected:
		c.Path = x.target.asked(a.Model)
	}
	c.Body = x.body.Splice()
	return c
}

// changes are the edits of a body, and which of them the record tells of.
type changes struct {
	edits []intake.Edit
	told  []domain.SpecialType
}

func (e *changes) add(edits ...intake.Edit) { e.edits = append(e.edits, edits...) }

func (e *changes) note(what domain.SpecialType) { e.told = append(e.told, what) }

// renamed gives the model in the body the name that the provider knows it by.
func (x *exchange) renamed(a *protocol.Attempt, out *changes) {
	if a.Redirected && x.target.model == "" {
		out.add(intake.Edit{From: x.head.model.At, To: x.head.model.End(), With: jsonText(a.Model)})
	}
}

// edits is all that changes in the body for itself.
func (x *exchange) edits(a *protocol.Attempt) (out changes) {
	x.renamed(a, &out)
	x.stripped(&out)
	if x.target.judged() && x.target.dialect.edits != nil {
		x.target.dialect.edits(x, &out)
	}
	return out
}

// header is the client's, with the session id that Codex would have sent.
func (x *exchange) header() http.Header {
	key := x.codexKey()
	client := x.clientHeader()
	if key == "" || codexHeader(client) != "" {
		return client
	}
	h := maps.Clone(client)
	h["Session-Id"] = []string{key}
	return h
}

// jsonText is s as it stands between the quotes of a JSON string.
func jsonText(s string) string {
	b, _ := json.Marshal(s) // strings always marshal
	return string(b[1 : len(b)-1])
}
