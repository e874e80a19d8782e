package gateway

import (
	"net/http"
	"strings"
	"time"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/http/gateway/intake"
	"github.com/claude-code-hub/cch/http/gateway/snapshots"
	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/filter"
)

// exchange is one call of a client from its arrival to its last byte. It
// belongs to the goroutine that serves it; what its timers touch is in reply
// and departure, which guard themselves.
type exchange struct {
	r       *http.Request
	at      time.Time
	id      domain.RequestID
	target  endpoint
	catalog *domain.Catalog // pinned for the whole exchange
	caller

	plan     *filter.Plan  // nil = nothing filters the request
	sends    http.Header   // the client's header as filters left it; nil = as it came
	filtered filter.Report // what filters did to the client's request
	origin   *exchange     // whose copy this is, for one attempt with a body of its own

	body    *intake.Body   // nil once it is not needed any more
	upload  *intake.Upload // instead of body where nothing is read
	threads *threads
	head    head
	decoded *neutral.Request // of body, where a conversion may need it
	remote  *remote          // what it points at; nil until a conversion wants it inline
	model   string           // the client's
	session session
	spool   *spool         // of the answer, for whoever asks the same again; nil where that is off
	prefix  []boundary     // ends of messages to remember the provider by; nil where that is off
	nominee domain.Nominee // who answered the conversation so far

	laps    laps          // of the steps so far
	queued  time.Duration // for a place on this node
	reply   *reply
	leaving *departure
	opened  *receipt           // for the row; nil until a provider is called
	shot    *snapshots.Capture // nil = nobody wants one
	actor   bool               // an actor has the request and writes its record
	leave   func()             // gives the place on this node back
}

// caller is who calls; key and user are nil until they are authenticated.
type caller struct {
	ip   string
	key  *domain.Key
	user *domain.User
}

func (g *Gateway) newExchange(w http.ResponseWriter, r *http.Request) *exchange {
	at := g.Now()
	x := &exchange{
		r: r, at: at, id: g.IDs.Next(at), target: find(r.Method, r.URL.Path), catalog: g.Catalog.Current(),
		caller: caller{ip: g.ClientIP(r)}, threads: g.threads,
	}
	x.laps.last = at
	x.reply = newReply(w, g.Clock)
	x.reply.header().Set("X-Request-Id", x.id.String())
	return x
}

// sessionKey names the session across keys.
func (x *exchange) sessionKey() domain.SessionKey {
	return domain.SessionKey{KeyID: x.key.ID, ID: x.session.id}
}

func (x *exchange) settings() *domain.Settings { return x.catalog.Settings() }

// close gives everything back that the exchange still holds.
func (x *exchange) close() {
	x.reply.finish()
	if x.shot != nil {
		x.shot.End()
	}
	if x.leaving != nil {
		x.leaving.stop()
	}
	x.dropBody()
	if x.leave != nil {
		x.leave()
	}
}

// dropBody lets the body go; no further call will need it.
func (x *exchange) dropBody() {
	if x.body != nil {
		x.body.Release()
		x.body, x.decoded, x.remote = nil, nil, nil
		x.head.forget()
	}
	if x.origin != nil {
		x.origin.dropBody()
	}
}

// fail shows the client a fault: as a document, or as an event when the answer
// has begun.
func (x *exchange) fail(f *domain.Fault, now time.Time) {
	switch {
	case f.Kind == domain.KindClientGone, x.reply.answered():
		return
	case x.reply.begun():
		_ = x.reply.send(problem.Frame(x.target.protocol, f, problem.Stream{RequestID: x.id.String(), Language: x.language()}))
		return
	}
	x.reply.problem(x.target.protocol, f, problem.Meta{
		RequestID: x.id.String(), Now: now,
		Codex:    strings.HasPrefix(strings.ToLower(x.r.Header.Get("Originator")), "codex"),
		Language: x.language(),
	})
}

// language is that of what the client is told.
func (x *exchange) language() string { return domain.LimitLanguage(x.r.Header.Get("Accept-Language")) }
