package request

import (
	"slices"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
	"github.com/claude-code-hub/cch/internal/routing"
)

// watchdog ends a request in which nothing happened for so long.
const watchdog = 10 * time.Minute

// Recorder takes the finished record of a request. done is called exactly once,
// from any goroutine, when the record is journaled or could not be.
type Recorder interface {
	Finish(rec *protocol.LogRecord, done func(error))
}

// Deps are what request actors work with. All must be safe for concurrent use.
type Deps struct {
	Holders  func(kind protocol.LeaseKind, key string) kit.Ref // who holds leases of a kind
	Keeper   kit.Ref
	Recorder Recorder
	Health   routing.Health
	Pools    routing.Pools // of endpoints; nil = nothing is known
	Prices   *pricing.Prices
	Node     string
	// CountNetworkErrors is what provider actors do.
	CountNetworkErrors bool
	// ShortContext is the number of messages up to which a request beside another
	// one of its session gets a session of its own; 0 = none does.
	ShortContext int
	Attempts     int // per provider and request, unless the provider says otherwise; 0 = 2
	// Nodes counts the nodes that share the actors of quotas, sessions and
	// providers; nil = there is one, and they are all here.
	Nodes func() int
	// Emergency decides for quota actors that do not answer; nil admits all.
	Emergency *Emergency
}

// Answer is what a request actor answers to Admit, AttemptResult, ClientGone
// and Abort, to the last two when the record is journaled.
type Answer struct {
	Run      kit.Ref // the actor itself, to be told how the attempt went
	Decision protocol.Decision
}

// Kind makes the kind of request actors. They are spawned per request, handle
// *protocol.Admit first and stop by themselves; one that fails is not restarted.
func Kind(d Deps) kit.Kind {
	s := &shared{Deps: d}
	return kit.Kind{
		Name:        "request",
		New:         func(string) kit.Actor { return &Actor{shared: s} },
		Supervision: kit.StopOnPanic,
	}
}

// shared is what the request actors of a node have in common.
type shared struct {
	Deps
	plans  routing.Plans
	calls  inFlight
	pace   pace
	pages  pages
	hedges hedgeBudget
}

// Messages from the actor to itself.
type (
	backoffOver struct{}
	quiet       struct{} // the watchdog looks
	journaled   struct{ err error }
)

// Actor drives the machine of one request.
type Actor struct {
	shared  *shared
	m       *machine
	c       *kit.Context // while a message is handled
	waiting kit.Responder
	calls   []running  // attempts under way
	room    [1]running // for the usual one
	stay    *stay      // the request was admitted in an emergency
	lastly  time.Time
	back    []domain.LeaseID // given back by the present event; the keeper hears of them at its end
}

var (
	_ kit.Stopper = (*Actor)(nil)
	_ effects     = (*Actor)(nil)
)

// Receive turns messages into events.
func (a *Actor) Receive(c *kit.Context) {
	a.c = c
	now := c.Now()
	if _, looking := c.Message().(quiet); !looking {
		a.lastly = now
	}
	if msg, first := c.Message().(*protocol.Admit); first {
		a.expect(c.Responder())
		a.admit(msg, now)
		return
	}
	if a.m != nil {
		a.event(now)
		a.settleUp()
	}
}

func (a *Actor) event(now time.Time) {
	switch msg := a.c.Message().(type) {
	case *protocol.AttemptResult:
		a.expect(a.c.Responder())
		a.learn(msg, now)
		a.m.attempted(msg, now)
	case *protocol.HedgeDue:
		a.expect(a.c.Responder())
		a.m.hedgeDue(msg.N, now)
	case kit.Reply:
		a.replied(msg, now)
	case backoffOver:
		a.m.backoffOver(now)
	case journaled:
		if msg.err != nil {
			a.c.Logger().Error("request record could not be journaled", "request_id", a.m.req.ID.String(), "error", msg.err)
		}
		a.m.journaled(msg.err)
	case *protocol.ClientGone:
		a.expect(a.c.Responder())
		a.m.clientGone(now)
	case *protocol.Abort:
		a.expect(a.c.Responder())
		a.m.abort(msg.Why, now)
	case quiet:
		a.look(now)
	}
}

// Stopped answers whoever waits when the actor ends before its time. The leases
// are with the keeper, and the waiting goroutine writes the record.
func (a *Actor) Stopped() {
	for _, r := range a.calls {
		r.call.end()
	}
	a.calls = nil
	a.stay.end(a.spent(), a.lastly)
	a.waiting.Respond(kit.Failed{Kind: "request", Why: "ended before its answer"})
	a.waiting = kit.Responder{}
}

// spent is what the request cost, or was expected to where nobody knows.
func (a *Actor) spent() domain.Money {
	if a.m == nil {
		return 0
	}
	if a.m.settled {
		return a.m.billed
	}
	return a.m.bounds().expected()
}

func (a *Actor) admit(msg *protocol.Admit, now time.Time) {
	n := node{
		name: a.shared.Node, attempts: a.shared.Attempts, countNetwork: a.shared.CountNetworkErrors, shortContext: a.shared.ShortContext,
		health: a.shared.Health, pools: a.shared.Pools, prices: a.shared.Prices.For(msg.Catalog).At(now), pace: &a.shared.pace, pages: &a.shared.pages,
		nodes: a.shared.Nodes,
	}
	a.m = newMachine(a, n, msg, a.shared.plans.For(msg.Catalog))
	a.c.After(watchdog, quiet{})
	a.m.start(now)
}

// expect keeps the right to answer until the machine has decided. A goroutine
// that asks again has given up on its former ask.
func (a *Actor) expect(r kit.Responder) {
	if r.IsZero() {
		return
	}
	a.waiting.Respond(kit.Failed{Kind: "request", Why: "asked again"})
	a.waiting = r
}

// replied turns the answer to an ask into an event; anything but the expected
// answer counts as none.
func (a *Actor) replied(r kit.Reply, now time.Time) {
	switch r.Corr {
	case corrQuota:
		if wait, parked := r.Msg.(*protocol.QuotaWait); parked {
			a.m.quotaWaits(wait, now)
			return
		}
		grant, _ := r.Msg.(*protocol.QuotaGrant)
		a.m.quotaAnswered(grant, now)
	case corrSession:
		view, _ := r.Msg.(*protocol.SessionView)
		a.m.sessionAnswered(view, now)
	case corrSlot:
		grant, _ := r.Msg.(*protocol.SlotGrant)
		a.m.slotAnswered(grant, a.ownCount(grant, &a.m.slot), now)
	case corrTrial:
		trial, _ := r.Msg.(*protocol.EndpointTrial)
		a.m.tried(trial, now)
	case corrGrow:
		grant, _ := r.Msg.(*protocol.QuotaGrant)
		a.m.grown(grant, now)
	case corrRival:
		grant, _ := r.Msg.(*protocol.SlotGrant)
		a.m.rivalAnswered(grant, a.ownCount(grant, &a.m.hedge.rival), now)
	}
}

// ownCount is what this node has running at a provider whose actor said nothing.
func (a *Actor) ownCount(g *protocol.SlotGrant, s *slot) int {
	if g != nil || s.choice.Provider == nil {
		return 0
	}
	return a.shared.calls.count(s.choice.Provider.ID)
}

// learn keeps what an attempt tells of its provider's pace, where that is of use.
func (a *Actor) learn(res *protocol.AttemptResult, now time.Time) {
	if p := a.m.slot.choice.Provider; p != nil && res.TTFT > 0 && res.N == a.m.slot.n && a.m.settings().HedgeEnabled {
		a.shared.pace.note(p.ID, res.TTFT, now)
	}
}

func (a *Actor) look(now time.Time) {
	if rest := watchdog - now.Sub(a.lastly); rest > 0 {
		a.c.After(rest, quiet{})
		return
	}
	a.m.silence(now)
	if a.m.state != dead {
		a.c.After(watchdog, quiet{})
	}
}

func (a *Actor) ask(to holder, corr uint64, lease domain.LeaseID, msg any, deadline time.Duration) {
	a.shared.Keeper.Tell(&protocol.LeaseTrack{ID: lease, Kind: to.kind, Key: to.key, ReqID: a.m.req.ID, Acquire: msg})
	a.c.AskTo(a.shared.Holders(to.kind, to.key), corr, msg, deadline)
}

func (a *Actor) tell(to holder, msg any) {
	switch m := msg.(type) {
	case *protocol.SlotReport:
		a.letGo(m.LeaseID)
	case *protocol.LeaseRelease:
		a.letGo(m.IDs...)
	}
	a.shared.Holders(to.kind, to.key).Tell(msg)
}

func (a *Actor) emergency(now time.Time) (refusal *protocol.QuotaRefusal) {
	a.stay, refusal = a.shared.Emergency.admit(a.m.req, a.m.bounds().expected(), now)
	return refusal
}

func (a *Actor) closed(lease domain.LeaseID) {
	if a.back == nil {
		a.back = make([]domain.LeaseID, 0, 2)
	}
	a.back = append(a.back, lease)
}

// settleUp tells the keeper of all leases that an event gave back at once. Until
// it hears of them it only renews what is gone.
func (a *Actor) settleUp() {
	if a.back != nil {
		a.shared.Keeper.Tell(&protocol.LeaseClose{IDs: a.back})
		a.back = nil
	}
}

func (a *Actor) answer(d protocol.Decision) {
	a.settleUp() // before the run is closed and the keeper gives back the rest
	if d.Attempt != nil {
		if a.calls == nil {
			a.calls = a.room[:0]
		}
		a.calls = append(a.calls, running{d.Attempt.Lease, a.shared.calls.begin(d.Attempt.ProviderID)})
		if d.Attempt.HedgeAfter > 0 {
			a.shared.hedges.earn(a.m.settings().HedgeBudgetPercent)
		}
	}
	a.waiting.Respond(&Answer{Run: a.c.Self(), Decision: d})
	a.waiting = kit.Responder{}
}

func (a *Actor) journal(rec *protocol.LogRecord) {
	self := a.c.Self()
	a.shared.Recorder.Finish(rec, func(err error) { self.Tell(journaled{err}) })
}

func (a *Actor) wake(after time.Duration) { a.c.After(after, backoffOver{}) }

func (a *Actor) stop() { a.c.Stop() }

func (a *Actor) mayHedge(percent int) bool { return a.shared.hedges.spend(percent) }

// running is an attempt under way.
type running struct {
	lease domain.LeaseID
	call  *call
}

// letGo counts out the attempts that held one of the leases.
func (a *Actor) letGo(leases ...domain.LeaseID) {
	a.calls = slices.DeleteFunc(a.calls, func(r running) bool {
		over := slices.Contains(leases, r.lease)
		if over {
			r.call.end()
		}
		return over
	})
}
