package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/http/gate"
	"github.com/claude-code-hub/cch/http/gateway/intake"
	"github.com/claude-code-hub/cch/http/gateway/snapshots"
	"github.com/claude-code-hub/cch/internal/account"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/failpoint"
	"github.com/claude-code-hub/cch/internal/filter"
	"github.com/claude-code-hub/cch/internal/routing"
	"github.com/claude-code-hub/cch/internal/secrets"
	"github.com/claude-code-hub/cch/internal/upstream"
)

const (
	maxErrorBody = 64 << 10 // of an upstream's refusal
	maxExcerpt   = 2000     // of it, in the record
	maxRuleText  = 16 << 10 // of it, searched for known wordings
)

// call is one attempt at one provider.
type call struct {
	// What every event of a stream needs comes first, see [stream].
	x      *exchange
	reply  *reply // of x
	tap    *neutral.Tap
	race   *race // nil if no other call may run at the same time
	signed signed

	g        *Gateway
	a        *protocol.Attempt
	provider *domain.Provider
	result   *protocol.AttemptResult
	events   bool // the answer is an event stream
	place    place

	sent       *upstream.Call  // nil until it is made
	written    *intake.Body    // what was written for it; nil if nothing was, or if it is not needed any more
	final      filter.Report   // what filters did to what is sent
	rewritten  bool            // what is sent, by the operator's overrides or filters
	thinks     bool            // what is sent tells a Claude to think
	cacheTTL   domain.CacheTTL // of what is sent, where it is the operator's
	conversion *conversion     // nil where the provider speaks the client's protocol
	mends      mends
	unmended   domain.SpecialType // the rectifier that knows the refusal but has nothing to put right

	cancel  context.CancelCauseFunc
	shot    *snapshots.Call
	named   bool // where the answer is, is remembered
	unheard int  // bytes of an answer that came too late
}

// attempt makes one call and carries the answer to the client, unless it turns
// out to be none. The result says what became of it.
func (g *Gateway) attempt(parent context.Context, r *race, x *exchange, run Run, a *protocol.Attempt) (result *protocol.AttemptResult) {
	c := &call{g: g, x: x, reply: x.reply, a: a, provider: calledAt(x.catalog.Provider(a.ProviderID), a.BaseURL), race: r}
	c.result = &protocol.AttemptResult{N: a.N, StartedAt: g.Now()}
	result = c.result // also after a panic
	defer c.letGo()
	defer c.survive()
	defer func() { c.result.Took = g.Now().Sub(c.result.StartedAt) }()
	if c.provider == nil || x.body == nil && x.upload == nil {
		c.failed(ending{failure: domain.FailRequest, text: "nothing to call, or nothing to send"})
		return c.result
	}
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	if c.cancel = cancel; r == nil {
		x.leaving.call(cancel)
		defer x.leaving.over()
	} else {
		r.enter(c)
		defer func() { c.result.Lost = r.beat(c) }()
	}

	if !c.filtered() {
		return c.result
	}
	defer func() { c.x.leaveBody() }()
	c.foresee()
	for again := true; again; {
		again = c.exchange(ctx, run)
	}
	c.tellFilters(domain.FilterFinal, &c.final)
	return c.result
}

// filtered has the filters that are bound to the provider change the request. It
// is false if there is no memory for that.
func (c *call) filtered() bool {
	if c.x.plan == nil {
		return true
	}
	own, err := c.g.filteredFor(c.x, c.provider.ID)
	if err != nil {
		c.crowded(err)
		return false
	}
	c.x = own
	return true
}

// crowded ends an attempt for which there is no memory.
func (c *call) crowded(err error) {
	c.failed(ending{overloaded: true, status: http.StatusServiceUnavailable, text: err.Error()})
}

// exchange sends the request and deals with the answer; true means that the
// request is to be sent once more, in another form.
func (c *call) exchange(ctx context.Context, run Run) (again bool) {
	outgoing, ok := c.outgoing(ctx)
	if !ok {
		return false
	}
	c.send(outgoing)
	c.g.journaled(c.x) // what a provider counts has a row
	if c.x.shot != nil {
		c.shot = c.shoot(outgoing)
	}
	res, err := c.g.Upstream.Do(ctx, outgoing)
	if outgoing.Dialed != nil {
		c.result.Dialed = outgoing.Dialed
	}
	if err != nil {
		c.broken(err)
		return false
	}
	defer res.Body.Close()
	if c.shot != nil {
		res.Body = c.shot.Answered(res.Status, res.Header, res.Body)
	}
	c.result.EndpointURL = res.Endpoint
	if res.Status < 200 || res.Status > 299 {
		return c.errorAnswer(res)
	}
	run.Begun(c.a.N)
	c.result.Quotas = account.FromHeaders(res.Header, c.g.Now())
	c.carry(res)
	return false
}

// calledAt is the provider as it is called at one of its vendor's endpoints;
// empty is its own URL.
func calledAt(p *domain.Provider, base string) *domain.Provider {
	if p == nil || base == "" {
		return p
	}
	there := *p
	there.URL = base
	return &there
}

// carry takes a 2xx to the client, in the way its kind asks for.
func (c *call) carry(res *upstream.Response) {
	c.signed = signed{watches: c.x.target.judged() && c.provider.Type.Protocol() == domain.ProtocolClaude}
	switch {
	case c.x.target.handling == resource:
		c.pass(res)
		return
	case c.conversion != nil:
		c.carryConverted(res)
		return
	}
	c.tap = c.newTap()
	switch c.events = isStream(res.Header); {
	case c.events:
		c.stream(res)
	case c.x.target.handling == verbatim && !isJSON(res.Header):
		c.pass(res) // sound or pictures
	default:
		c.whole(res)
	}
}

func isJSON(h http.Header) bool {
	return strings.Contains(strings.ToLower(h.Get("Content-Type")), "json")
}

func isStream(h http.Header) bool {
	return strings.HasPrefix(strings.ToLower(h.Get("Content-Type")), "text/event-stream")
}

// ending is how a call failed.
type ending struct {
	failure    domain.FailureKind
	status     int
	inferred   bool
	overloaded bool   // given up on our side
	beaten     bool   // given up for another call that was faster
	text       string // what the upstream said, or else our own words
	quoted     bool   // text is the upstream's
	answer     *domain.UpstreamFault
}

// failed fills the result of a call that brought no answer, or not all of it.
func (c *call) failed(e ending) {
	if up := c.x.upload; up != nil {
		if c.result.Unrepeatable = up.Spent(); up.Broken() {
			c.x.leaving.leave()
		}
	}
	facts := routing.Facts{
		ClientGone: c.x.leaving.gone() || e.beaten, Overloaded: e.overloaded, Failure: e.failure, Status: e.status,
	}
	if e.quoted {
		facts.Text = clip(e.text, maxRuleText)
		facts.Rectifier = string(c.unmended)
	}
	if facts.ClientGone {
		e = ending{status: domain.StatusClientGone}
	}
	v := routing.Classify(c.x.catalog.ErrorRules(), facts)
	r := c.result
	r.Class, r.Failure, r.Status, r.StatusInferred = v.Class, e.failure, e.status, e.inferred
	r.Matrix = protocol.MatrixFacts{ContextTooLong: v.ContextTooLong, MatchedRule: v.Rule}
	if v.Matched != nil {
		r.Matrix.Rule = v.Matched.Matched()
	}
	if blames(r.Class) {
		r.Request = c.evidence()
		c.g.affinity.failed(c.x, c.provider, r.Class)
	}
	r.Excerpt = clip(secrets.Redact(clip(e.text, 2*maxExcerpt)), maxExcerpt)
	r.Upstream = c.overridden(&e, v.Matched)
	c.usage(false)
}

// broken sorts an error of the transport: before the answer, or in it.
func (c *call) broken(err error) {
	if errors.Is(err, upstream.ErrHedgeLost) {
		c.failed(ending{beaten: true})
		return
	}
	e := ending{failure: domain.FailReset, text: err.Error()}
	if f, ok := errors.AsType[*upstream.Failure](err); ok {
		e.failure, e.status = f.Kind, f.Status
		c.result.System = systemDetails(f)
		e.overloaded = errors.Is(f, upstream.ErrShutdown)
	}
	if e.overloaded {
		e.status = http.StatusServiceUnavailable
	}
	c.failed(e)
}

// errorAnswer takes down an upstream's non-2xx; true means that the call can be
// mended and is to be made again.
func (c *call) errorAnswer(res *upstream.Response) (again bool) {
	body, err := io.ReadAll(io.LimitReader(res.Body, maxErrorBody))
	if err != nil && c.x.leaving.gone() {
		c.broken(err)
		return false
	}
	if c.mend(res.Status, string(body)) {
		return true
	}
	c.result.RetryAfter = upstream.RetryAfter(res.Header, c.g.Now())
	c.meterRefusal(body)
	c.result.Quotas = account.FromError(res.Status, res.Header, body, c.g.Now())
	c.failed(ending{
		failure: domain.FailStatus, status: res.Status, text: string(body), quoted: true,
		answer: c.reword(&domain.UpstreamFault{
			Status: res.Status, ContentType: res.Header.Get("Content-Type"), Body: body, RequestID: upstream.RequestID(res.Header),
		}, res.Header),
	})
	return false
}

// disguised takes down a 2xx that carries an error or nothing at all.
func (c *call) disguised(failure domain.FailureKind, status int, body []byte) {
	c.result.Quotas = append(c.result.Quotas, account.FromRefusal(status, body, c.g.Now())...)
	c.failed(ending{
		failure: failure, status: status, inferred: failure != domain.FailEmpty, text: string(body), quoted: true,
		answer: c.reword(&domain.UpstreamFault{
			Status: status, ContentType: "application/json", Body: body[:min(len(body), maxErrorBody)],
		}, nil),
	})
}

// commit begins the answer: from here on no other provider can give it.
func (c *call) commit(res *upstream.Response, length int) {
	x := c.x
	defer c.dropBodies()
	if !c.race.win(c) {
		return
	}
	if c.shot != nil {
		c.shot.Chosen()
	}
	c.g.journaled(x)
	x.leaving.stream()
	failpoint.Hit(failpoint.BeforeFirstByte)
	x.reply.start(res.Status, func(h http.Header) {
		upstream.CopyHeaders(h, res.Header)
		if length >= 0 {
			h.Set("Content-Length", strconv.Itoa(length))
		}
		if x.user.Role == domain.RoleAdmin || x.settings().ExposeProviderNames {
			h.Set("X-Cch-Provider", strconv.FormatInt(int64(c.provider.ID), 10))
		}
	})
	c.result.Committed = true
}

// write passes bytes on. When the client takes none, it is gone; reading goes
// on as long as the departure's grace allows, to learn the usage.
func (c *call) write(b []byte) {
	if c.race.beat(c) {
		if c.unheard += len(b); c.unheard > loserBytes {
			c.cancel(upstream.ErrHedgeLost)
		}
		return
	}
	if c.reply.send(b) != nil {
		c.x.leaving.leave()
	}
}

// writeWhole passes on an answer that is one document.
func (c *call) writeWhole(b []byte) {
	if c.race.beat(c) {
		c.write(b)
		return
	}
	if c.reply.sendWhole(b) != nil {
		c.x.leaving.leave()
	}
}

// succeeded fills the result of a call that brought an answer.
func (c *call) succeeded(status int, complete bool) {
	r := c.result
	r.Class, r.Status, r.Complete = domain.ClassOK, status, complete
	c.usage(complete)
	if complete {
		c.tellSigned()
		c.g.affinity.answered(c.x, c.provider.ID)
		if c.x.spool != nil && !c.race.beat(c) {
			c.x.spool.complete()
		}
	}
	c.identified()
}

// identified remembers, as soon as the answer has told its id, where it is and to
// which session it belongs: clients go on from it, or cancel it, while it is made.
func (c *call) identified() {
	if c.named || c.x.target.protocol != domain.ProtocolResponses || c.converts() || c.tap == nil || c.x.head.unstored || c.tap.ID() == "" {
		return
	}
	c.named = true
	c.x.threads.note(c.x.key.ID, c.tap.ID(), c.x.session.id)
	c.hold(c.tap.ID())
}

// since is the time since the call was sent.
func (c *call) since() time.Duration { return max(1, c.g.Now().Sub(c.result.StartedAt)) }

// inferStatus reads a status from an error inside a 2xx answer.
func inferStatus(text []byte) int { return gate.InferStatus(string(text)) }
