package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/http/gateway/intake"
	"github.com/claude-code-hub/cch/http/gateway/snapshots"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/filter"
	"github.com/claude-code-hub/cch/internal/routing"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// Catalog gives the configuration in force.
type Catalog interface{ Current() *domain.Catalog }

// Dispatcher hands a request to the actor that will decide about it, and does
// not wait for ever. The error means that no actor took it on (then Run is nil)
// or that the client left or the actor died before its first decision (then Run
// is still to be closed).
type Dispatcher interface {
	Admit(ctx context.Context, a *protocol.Admit) (Run, protocol.Decision, error)
}

// Run is one request in the hands of its actor.
type Run interface {
	// Report tells how an attempt ended and asks what to do next. An error
	// means that the actor is dead and nobody wrote the request's record.
	Report(ctx context.Context, res *protocol.AttemptResult) (protocol.Decision, error)
	// Hedge asks for a second attempt beside attempt n, which shows no content. An
	// answer without one, or an error, means that there is none.
	Hedge(ctx context.Context, n int) (protocol.Decision, error)
	Begun(n int) // attempt n got its first byte
	Gone()       // the client left while no attempt was running
	Close()      // called once, on every path
}

// Recorder writes request records down. done is called once, from another
// goroutine, when the record can no longer be lost. No method blocks.
type Recorder interface {
	// Full tells that new requests cannot be recorded for the time being.
	Full() bool
	Started(row *domain.RequestLog, done func(error))
	Finish(rec *protocol.LogRecord, done func(error))
}

// Capabilities tell what a model can take, by its name; *capability.Table does.
type Capabilities interface {
	Model(name string) neutral.Model
}

// Bindings remember at which provider a resource is that exists at one alone.
type Bindings interface {
	Keep(key domain.ResourceKey, provider domain.ProviderID) // never blocks
	// Find tells where it is; 0 = nobody knows.
	Find(ctx context.Context, key domain.ResourceKey) (domain.ProviderID, error)
}

// Media fetches what requests point at, for providers that want it inline. What
// cannot be had is missing in the result.
type Media interface {
	Fetch(ctx context.Context, addresses []string) map[string]neutral.Media
}

// Options are what a Gateway is made of. All but ClientIP and Capabilities must
// be set; zero limits take their defaults.
type Options struct {
	Catalog    Catalog
	Dispatcher Dispatcher
	Recorder   Recorder
	Upstream   *upstream.Client
	IDs        *domain.RequestIDs
	Now        func() time.Time
	Clock      func() time.Time // of connections and their deadlines; nil = time.Now, whatever Now says
	Logger     *slog.Logger
	// Capabilities tell what models take, which conversions need to know. Without
	// them nothing is converted.
	Capabilities Capabilities
	// Media fetches what requests only point at; nil = nobody does.
	Media Media
	// ClientIP tells who called, for the record and the abuse limiter. Without
	// it that is the socket's address.
	ClientIP func(*http.Request) string
	Body     intake.Limits
	// Bindings know at which provider a resource is; nil = nobody does.
	Bindings Bindings
	// Expire disables a user whose time is over; nil = nobody does.
	Expire     func(ctx context.Context, id domain.UserID) error
	Affinity   Affinity
	Replay     Replay
	Snapshots  *snapshots.Store // nil = none are taken
	MaxRunning int              // requests in flight on this node; default 4000
	MaxWaiting int              // more that may wait for a place; default 500
}

// Gateway serves the data plane. Safe for concurrent use.
type Gateway struct {
	Options
	intake  *intake.Intake
	seats   *seats
	abuse   *abuse
	threads *threads
	models  *modelLists

	affinity *affinity // nil = off
	spools   *spools

	plans   routing.Plans
	filters filter.Plans

	converters converters

	shed, strangers atomic.Int64

	base context.Context //nolint:containedctx // parent of all upstream calls; its end is the server's
	stop context.CancelCauseFunc
}

// New makes a gateway.
func New(o Options) *Gateway {
	if o.ClientIP == nil {
		o.ClientIP = socketIP
	}
	if o.Body == (intake.Limits{}) {
		o.Body = intake.DefaultLimits()
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	g := &Gateway{
		Options: o,
		intake:  intake.New(o.Body, o.Clock),
		seats:   newSeats(orDefault(o.MaxRunning, 4000), orDefault(o.MaxWaiting, 500)),
		abuse:   newAbuse(),
		threads: newThreads(),
		models:  newModelLists(o.Upstream, o.Now),

		affinity: newAffinity(o.Affinity, o.Now),
		spools:   newSpools(o.Replay),
	}
	g.base, g.stop = context.WithCancelCause(context.Background())
	return g
}

func orDefault(v, def int) int {
	if v > 0 {
		return v
	}
	return def
}

func socketIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// Stats are the gateway's gauges and counters.
type Stats struct {
	Running   int   // requests in flight
	Waiting   int   // requests waiting for a place
	BodyBytes int64 // memory held by request bodies
	Shed      int64 // requests turned away for want of room, or while draining
	Strangers int64 // requests without a known key
	Spools    int   // answers in memory that may be given again
	Detached  int   // of them, those being made for a client that left
}

// Stats reads the figures. Cheap enough for every scrape.
func (g *Gateway) Stats() Stats {
	running, waiting := g.seats.count()
	spools, detached := g.spools.count()
	return Stats{Spools: spools, Detached: detached, Running: running, Waiting: waiting, BodyBytes: g.intake.InUse(), Shed: g.shed.Load(), Strangers: g.strangers.Load()}
}

// userLook is how often AwaitUser looks whether the last request has ended.
const userLook = 10 * time.Millisecond

// AwaitUser returns once no request of the user is in flight on this node, or
// when ctx ends. It hurries nobody and lets new ones in.
func (g *Gateway) AwaitUser(ctx context.Context, u domain.UserID) error {
	ticker := time.NewTicker(userLook)
	defer ticker.Stop()
	for g.seats.of(u) > 0 {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("await the requests of user %d: %w", u, ctx.Err())
		}
	}
	return nil
}

// Refuse turns new requests away from now on, and asks for their connections to
// be closed. The channel is closed when those in flight have ended. It may be
// called again.
func (g *Gateway) Refuse() <-chan struct{} { return g.seats.drain() }

// Drain stops admitting and waits for the requests in flight. When ctx ends
// first, the rest are broken off: streams end with an error event in the
// client's protocol. It returns when none is left.
func (g *Gateway) Drain(ctx context.Context) {
	empty := g.Refuse()
	select {
	case <-empty:
	case <-ctx.Done():
	}
	g.stop(upstream.ErrShutdown)
	<-empty
}

// ServeHTTP serves one call.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.serveLocal(w, r) {
		return
	}
	x := g.newExchange(w, r)
	defer x.close()
	defer g.survive(x)
	if err := g.serve(x); err != nil { //nolint:contextcheck // the exchange holds the call and thereby its context
		g.refuse(x, err)
	}
}
