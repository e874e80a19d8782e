package gateway

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// conversion is what an attempt at a provider of another protocol has to
// remember of the request that it sent.
type conversion struct {
	convert.Exchange
	// envelope says that the two formats differ by the Code Assist envelope alone.
	envelope bool
	// shown is the model's name in an answer that only changes its envelope; empty
	// leaves the upstream's.
	shown string
	// hourCache says that the request written asks for the one-hour cache lifetime.
	hourCache bool
	// answer is the stream under way, nil before and for documents.
	answer transcoder
}

// outgoing is the call to the provider; false if the request cannot be put into
// the provider's protocol, in which case the result says so.
func (c *call) outgoing(ctx context.Context) (*upstream.Call, bool) {
	c.letGo()
	c.sent, c.result.Special, c.result.Service, c.rewritten = nil, nil, nil, false
	c.tellFilters(domain.FilterGuard, &c.x.filtered)
	var out *upstream.Call
	ok := true
	if c.converts() {
		out, ok = c.converted(ctx)
	} else {
		out = c.native()
	}
	if !ok {
		return nil, false
	}
	if err := c.amend(out); err != nil {
		c.crowded(c.g.turnAway(domain.AsFault(err)))
		return nil, false
	}
	c.asks(out)
	return out, true
}

// amend has the operator's overrides and filters change what is about to be sent.
// It fails if there is no memory for what was written.
func (c *call) amend(out *upstream.Call) error {
	if c.provider.Overrides != nil || c.provider.CacheTTL != "" || c.x.key.CacheTTL != "" {
		if err := c.override(out); err != nil {
			return err
		}
	}
	if c.x.plan != nil {
		if err := c.finish(out); err != nil {
			return err
		}
	}
	c.rectifyAgain(out)
	return c.countBody(out)
}

// converted is the call to a provider of another protocol.
func (c *call) converted(ctx context.Context) (*upstream.Call, bool) {
	request, err := c.encode(ctx)
	if err != nil {
		c.unsendable(err)
		return nil, false
	}
	c.result.Drops = request.Drops
	v := c.conversion
	path, query, _ := strings.Cut(request.Path, "?")
	if path == "" {
		path = usualPath(v.From)
	}
	return &upstream.Call{
		Provider: c.provider, Method: http.MethodPost, Path: path, RawQuery: query,
		Header: convertedHeader(c.x.clientHeader(), v.From),
		Body:   document(request.Body), Stream: c.streams(), ClientIP: c.x.ip,
	}, true
}

// converts tells whether the provider speaks another protocol than the client.
func (c *call) converts() bool { return c.a.Convert != "" }

// streams tells whether the provider is asked for a stream.
func (c *call) streams() bool { return c.x.head.stream && !c.unstreams() || c.alwaysStreams() }

// alwaysStreams tells whether a conversation that is not to be streamed has to be
// asked for as a stream.
func (c *call) alwaysStreams() bool {
	return c.provider.Conversion.AlwaysStream && c.x.target.judged() && !c.x.head.stream
}

// encode puts the client's request into the provider's format.
func (c *call) encode(ctx context.Context) (*convert.Request, error) {
	x, target := c.x, c.g.target(c.provider, c.a.Model)
	target.NoStreamOptions, target.NoCallIDs = c.mends.has(noStreamOptions), c.mends.has(noCallIDs)
	target.NeverStream = c.unstreams()
	client := x.target.dialect.format
	c.conversion = &conversion{
		Exchange: convert.Exchange{From: target.Format, To: client},
		envelope: convert.Rewraps(client, target.Format),
	}
	r, err := x.decode()
	if err != nil {
		return nil, err
	}
	v := c.conversion
	v.Client = convert.ClientOf(r)
	c.identify(&v.Client)
	v.Client.Array = client == neutral.Gemini && x.r.URL.Query().Get("alt") != "sse"
	if x.target.class == domain.CallCount {
		return encodeCount(c.withMedia(ctx, r), &target)
	}
	if v.envelope {
		if c.a.Redirected && !x.settings().EchoUpstreamModel {
			v.shown = x.model
		}
		request, err := convert.RewrapRequest(x.body.Bytes(), convert.Path{Model: x.model, Stream: c.streams()}, &target)
		if err == nil {
			request.Body, _ = c.rectify(target.Format, bytes.Clone(request.Body)) // it may be sent for longer than the client's is kept
		}
		return request, err
	}
	target.CacheKey = x.cacheKey(c.provider, target.Format)
	request, err := convert.Encode(c.withMedia(ctx, r), &target)
	if err != nil {
		return nil, err
	}
	v.Names, v.StripFence = request.Names, request.StripFence
	v.hourCache = target.Format == neutral.Claude && r.HourCache()
	request.Body, _ = c.rectify(target.Format, request.Body)
	request.Body = c.instructed(request.Body)
	if target.Format == neutral.Chat && target.NoStreamOptions && target.Streams(r) {
		c.mended(domain.SpecialStreamOptions, noStreamOptions)
	}
	if target.Format == neutral.Gemini && target.NoCallIDs {
		c.mended(domain.SpecialFunctionID, noCallIDs)
	}
	return request, nil
}

// identify says under which names answers go to the client.
func (c *call) identify(client *neutral.Client) {
	client.Model, client.RequestID, client.Now = c.x.model, c.x.id.String(), c.g.Now().Unix()
	client.EchoModel = c.x.settings().EchoUpstreamModel
}

// target is a model at a provider, as writers of requests go by it.
func (g *Gateway) target(p *domain.Provider, model string) neutral.Target {
	f := &p.Conversion.ConversionFlags
	return neutral.Target{
		Format: neutral.Format(p.Type.Protocol()), ModelName: model, Model: g.Capabilities.Model(model),
		AutoCache:           !f.NoAutoCache, // clients of other vendors know no breakpoints, and without any nothing is cached
		AlwaysStream:        f.AlwaysStream,
		DeveloperRole:       f.DeveloperRole,
		CacheBreakpoints:    f.CacheBreakpoints,
		MaxCompletionTokens: f.MaxCompletionTokens || isOpenAI(p.URL),
		DefaultMaxTokens:    f.DefaultMaxTokens,
		Project:             f.Project,
	}
}

// decode reads the request once, whoever asks first. It holds views of the body
// and goes with it.
func (x *exchange) decode() (*neutral.Request, error) {
	if x.decoded == nil {
		r, err := convert.Decode(x.target.dialect.format, x.body.Bytes(), x.inPath())
		if err != nil {
			return nil, err
		}
		x.decoded = r
	}
	return x.decoded, nil
}

// inPath is what Gemini's clients say in the path.
func (x *exchange) inPath() convert.Path {
	return convert.Path{Model: x.model, Stream: x.head.stream}
}

// cacheKey keeps the turns of a session together at OpenAI, where clients of its
// own would send a key: Codex always does.
func (x *exchange) cacheKey(p *domain.Provider, f neutral.Format) string {
	codex := f == neutral.Responses && x.settings().CodexSessionIDCompletion
	wanted := (f == neutral.Responses || f == neutral.Chat) && p.Conversion.DeriveCacheKey
	if !codex && !wanted || x.session.source == domain.SessionGenerated {
		return ""
	}
	return stableUUID(x.session.id, x.key.ID)
}

// unsendable ends an attempt whose request has nothing that the provider's
// protocol could express. No provider is to blame, and no other could do better.
func (c *call) unsendable(err error) {
	if errors.Is(err, neutral.ErrNoMessages) {
		err = neutral.ErrNoMessages // without what we were doing
	}
	r := c.result
	r.Class, r.Failure, r.Status, r.Excerpt = domain.ClassClientError, domain.FailRequest, http.StatusBadRequest, err.Error()
	r.Upstream = c.worded(&neutral.Error{Kind: neutral.BadRequest, Status: http.StatusBadRequest, Message: err.Error()})
}

// worded is an error in the client's format.
func (c *call) worded(e *neutral.Error) *domain.UpstreamFault {
	status, _, body := convert.Error(c.conversion.To, e, c.x.id.String())
	return &domain.UpstreamFault{Status: status, ContentType: "application/json", Body: body}
}

// reword puts a provider's refusal into the client's format.
func (c *call) reword(up *domain.UpstreamFault, header http.Header) *domain.UpstreamFault {
	if !c.converts() {
		return up
	}
	e := neutral.ReadError(up.Status, header, up.Body)
	c.result.RetryAfter = max(c.result.RetryAfter, e.RetryAfter)
	worded := c.worded(e)
	worded.RequestID = up.RequestID
	return worded
}

// lost notes what a conversion left out of the answer.
func (c *call) lost(drops []string) {
	all := neutral.Drops(slices.Clone(c.result.Drops))
	for _, code := range drops {
		all.AddCode(code)
	}
	c.result.Drops = all.Sorted()
}

// lacks tells of providers of other protocols what they cannot carry of the
// request. It is nil where nobody could take the request by conversion; only
// otherwise is the body read once more.
func (g *Gateway) lacks(x *exchange) func(*domain.Provider, string) string {
	count := x.target.class == domain.CallCount
	if g.Capabilities == nil || x.body == nil || !x.target.judged() && !count || !g.converters.any(x.catalog, x.target.protocol) {
		return nil
	}
	r, err := x.decode()
	if err != nil {
		return nil
	}
	needs := r.Needs
	if count {
		needs |= neutral.NeedTokenCount
	}
	return g.Lacking(needs, x.target.dialect.format) // the body may be gone by then
}

// Lacking tells of providers of other protocols what they cannot carry of a
// conversation in the client's format that needs certain capabilities.
func (g *Gateway) Lacking(needs neutral.Caps, client neutral.Format) func(*domain.Provider, string) string {
	return func(p *domain.Provider, model string) string {
		needs := needs
		if convert.Rewraps(client, neutral.Format(p.Type.Protocol())) {
			needs &= neutral.NeedTokenCount // all else is carried as it is
		}
		if needs == 0 {
			return ""
		}
		target := g.target(p, model)
		return neutral.Missing(needs, &target).First()
	}
}

// converters knows the clients' protocols that some provider of another one
// accepts, worked out once per catalog. The zero value is ready.
type converters struct{ last atomic.Pointer[accepted] }

type accepted struct {
	catalog   *domain.Catalog
	protocols []domain.Protocol
}

func (s *converters) any(catalog *domain.Catalog, p domain.Protocol) bool {
	known := s.last.Load()
	if known == nil || known.catalog != catalog {
		known = &accepted{catalog: catalog, protocols: acceptedBy(catalog)}
		s.last.Store(known)
	}
	return slices.Contains(known.protocols, p)
}

func acceptedBy(catalog *domain.Catalog) (out []domain.Protocol) {
	for _, protocol := range [...]domain.Protocol{
		domain.ProtocolClaude, domain.ProtocolChat, domain.ProtocolResponses, domain.ProtocolGemini, domain.ProtocolGeminiCLI,
	} {
		if slices.ContainsFunc(catalog.Providers(), func(p *domain.Provider) bool {
			return p.Enabled && p.Type.Protocol() != protocol && p.Accepts(protocol)
		}) {
			out = append(out, protocol)
		}
	}
	return out
}

// usualPath is where a format's requests go whose path does not depend on them.
func usualPath(f neutral.Format) string {
	switch f {
	case neutral.Chat:
		return "/v1/chat/completions"
	case neutral.Responses:
		return "/v1/responses"
	case neutral.Claude, neutral.Gemini, neutral.GeminiCLI:
	}
	return "/v1/messages"
}

// convertedHeader is what of a client's header means something to a provider of
// another vendor.
func convertedHeader(client http.Header, to neutral.Format) http.Header {
	h := make(http.Header, len(client)+1)
	for name, values := range client {
		if !vendorHeader(name) {
			h[name] = values
		}
	}
	h["Content-Type"] = []string{"application/json"}
	if to == neutral.Claude {
		h["Anthropic-Version"] = []string{"2023-06-01"}
	}
	return h
}

func vendorHeader(name string) bool {
	switch name {
	case "Chatgpt-Account-Id", "Originator":
		return true
	}
	for _, prefix := range [...]string{"Anthropic-", "Openai-", "X-Goog-", "X-Stainless-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
