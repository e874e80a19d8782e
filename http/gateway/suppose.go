package gateway

import (
	"context"
	"maps"
	"net/http"
	"strings"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/filter"
	"github.com/claude-code-hub/cch/internal/jsondiff"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// Supposition is a request that nobody sent, as far as it would come without a
// call. It goes through the steps of one that came. Not safe for concurrent use.
type Supposition struct {
	g     *Gateway
	x     *exchange
	given string // the body as its client would send it; empty = nothing is known of it
}

// Suppose reads a supposed request by a configuration and has the filters for
// every provider change it. It is nil where there is no such call, or nothing of
// it would be read.
func (g *Gateway) Suppose(c *domain.Catalog, s *domain.Supposed) (*Supposition, error) {
	target := find(http.MethodPost, supposedPath(s))
	if target.dialect == nil || !target.editable() || target.protocol != s.Protocol {
		return nil, nil //nolint:nilnil // no fault: there is nothing to read
	}
	r, err := http.NewRequestWithContext(g.base, http.MethodPost, supposedPath(s), http.NoBody)
	if err != nil {
		return nil, domain.NewFault(domain.KindInvalid, domain.CodeModelRequired, "the model cannot stand in a path").Because(err)
	}
	maps.Copy(r.Header, s.Header)
	x := &exchange{
		r: r, at: g.Now(), id: g.IDs.Next(g.Now()), target: target, catalog: c, threads: g.threads,
		caller: caller{key: s.Key, user: s.User}, session: session{id: s.SessionID, source: domain.SessionFromClient},
		remote:  &remote{found: map[string]neutral.Media{}}, // nothing is fetched
		leaving: &departure{},                               // nobody waits
	}
	if s.SessionID == "" {
		x.session.source = domain.SessionGenerated
	}
	if x.key == nil {
		x.key = &domain.Key{}
	}
	if x.user == nil {
		x.user = &domain.User{}
	}
	doc := supposedBody(s, target.model == "")
	if x.body, err = g.intake.Adopt([]byte(doc)); err != nil {
		return nil, err
	}
	out := &Supposition{g: g, x: x}
	if s.Body != nil {
		out.given = doc
	}
	if err := out.read(); err != nil {
		out.Close()
		return nil, err
	}
	return out, nil
}

func (s *Supposition) read() error {
	if err := s.x.readModel(); err != nil {
		return err
	}
	return s.g.filterBy(s.x, filter.Compile(s.x.catalog))
}

// supposedPath is where a client's program would send such a request.
func supposedPath(s *domain.Supposed) string {
	counts := s.Class == domain.CallCount
	path, count := "", ""
	switch s.Protocol {
	case domain.ProtocolClaude:
		path, count = "/v1/messages", "/count_tokens"
	case domain.ProtocolChat:
		path, count = "/v1/chat/completions", "/count"
	case domain.ProtocolResponses:
		path, count = "/v1/responses", "/input_tokens"
	case domain.ProtocolGemini:
		path = "/v1beta/models/" + s.Model
	case domain.ProtocolGeminiCLI:
		path = "/v1internal"
	}
	switch {
	case s.Class == domain.CallResource:
		return ""
	case s.Protocol == domain.ProtocolGemini, s.Protocol == domain.ProtocolGeminiCLI:
		if counts {
			return path + ":countTokens"
		}
		return path + ":generateContent"
	case counts:
		return path + count
	}
	return path
}

// supposedBody is the body with the model in it, where it names none and is the
// place for it.
func supposedBody(s *domain.Supposed, named bool) string {
	doc := "{}"
	if s.Body != nil {
		doc = string(s.Body)
	}
	at := rawjson.Path{{Name: "model"}}
	if _, found := rawjson.Lookup(doc, at); found || !named || s.Model == "" {
		return doc
	}
	with, err := rawjson.Put(doc, at, string(rawjson.AppendString(nil, s.Model)))
	if err != nil {
		return doc
	}
	return with
}

// Model is the one that is routed.
func (s *Supposition) Model() string { return strings.Clone(s.x.model) }

// HasUserID tells whether the body has metadata.user_id.
func (s *Supposition) HasUserID() bool { return s.x.client().UserID }

// Needs is what the body asks of a provider of another protocol; false = it could
// not be put into another one at all. Where nothing is known of the body it asks
// for nothing.
func (s *Supposition) Needs() (neutral.Caps, bool) {
	if s.given == "" {
		return 0, true
	}
	r, err := s.x.decode()
	if err != nil {
		return 0, false
	}
	return r.Needs, true
}

// Foresee tells what would be sent to a provider. Nobody is called, nor what the
// request points at. The body of the supposition must be given.
func (s *Supposition) Foresee(ctx context.Context, to *domain.SupposedCall) domain.Foreseen {
	c := &call{g: s.g, provider: to.Provider, result: &protocol.AttemptResult{N: 1}}
	c.a = &protocol.Attempt{N: 1, ProviderID: to.Provider.ID, Model: to.Model, Redirected: to.Redirected}
	if to.Converted {
		c.a.Convert = to.Provider.Type.Protocol()
	}
	own, err := s.g.filteredFor(s.x, to.Provider.ID)
	if err != nil {
		return domain.Foreseen{Refused: err.Error()}
	}
	defer own.leaveBody()
	defer c.letGo()
	c.x = own
	c.foresee()
	out, ok := c.outgoing(ctx)
	if !ok {
		return domain.Foreseen{Special: c.result.Special, Drops: c.result.Drops, Refused: c.result.Excerpt}
	}
	if out.Finish != nil {
		out.Finish(maps.Clone(out.Header))
	}
	c.tellFilters(domain.FilterFinal, &c.final)
	seen := domain.Foreseen{Special: c.result.Special, Drops: c.result.Drops}
	if !to.Converted {
		seen.Edits = s.edits(c, out)
	}
	return seen
}

// maxEdits is how many edits of a body are told.
const maxEdits = 100

func (s *Supposition) edits(c *call, out *upstream.Call) []domain.ParameterChange {
	whole, err := c.gather(out.Body)
	if err != nil {
		return nil // there is no memory for more
	}
	defer whole.Release()
	return jsondiff.Changes(s.given, strings.Clone(whole.Text()), maxEdits)
}

// Close gives the memory of the body back.
func (s *Supposition) Close() {
	if s.x.body != nil {
		s.x.dropBody()
	}
}
