package request

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
	"github.com/claude-code-hub/cch/internal/routing"
)

// state is where a request is in its life. Picking a provider takes no time of
// its own and so is no state.
type state uint8

const (
	idle       state = iota // nothing came yet
	admitting               // quota and session are asked
	acquiring               // a provider is asked for a slot
	attempting              // the HTTP goroutine makes an upstream call
	backingOff              // waiting before the same provider is asked again
	settling                // the record is being journaled
	dead                    // answered; nothing happens any more
)

func (s state) String() string {
	return [...]string{"idle", "admitting", "acquiring", "attempting", "backing off", "settling", "dead"}[s]
}

// Correlation of the asks that are out. At most one slot is asked for at a time,
// and one for a rival.
const (
	corrQuota uint64 = iota + 1
	corrSession
	corrSlot
	corrRival
	corrGrow
	corrTrial
)

// Deadlines of the asks. Only load can delay the quota actor of a single node,
// and admitting without it would break exact limits, so it gets long.
const (
	quotaDeadline  = 2 * time.Second
	localDeadline  = 50 * time.Millisecond  // of sessions and providers
	remoteDeadline = 150 * time.Millisecond // of the same, where they may be on another node
)

// leaseTTL is how long a lease lives without renewal by the keeper.
const leaseTTL = 30 * time.Second

// holder names the actor that holds a lease.
type holder struct {
	kind protocol.LeaseKind
	key  string
}

// effects is what a machine has done for it. Calls come in the order in which
// they are to happen and return at once.
type effects interface {
	// ask hands the lease to the keeper, then asks its holder; the answer comes
	// back as an event.
	ask(to holder, corr uint64, lease domain.LeaseID, msg any, deadline time.Duration)
	tell(to holder, msg any)
	// emergency counts the request on this node alone, for as long as it lives,
	// or says which limit that would break.
	emergency(now time.Time) *protocol.QuotaRefusal
	// closed says that a lease was given back, or will surely be.
	closed(lease domain.LeaseID)
	// mayHedge takes one of the calls that may be made twice, if any is left.
	mayHedge(percent int) bool
	answer(d protocol.Decision)
	journal(rec *protocol.LogRecord)
	// wake asks for a backoffOver event.
	wake(after time.Duration)
	stop()
}

// node is what a machine knows of the process it runs in.
type node struct {
	name     string
	attempts int // per provider, unless the provider says otherwise; 0 = the default
	health   routing.Health
	pools    routing.Pools // of endpoints; nil = nothing is known
	// countNetwork says that connections which fail count towards breakers.
	countNetwork bool
	shortContext int           // messages up to which a parallel request is a task of its own; 0 = none is
	prices       *pricing.List // of the request's catalog
	pace         *pace
	pages        *pages
	nodes        func() int // nil = this is the only one
}

// deadline is how long answers of sessions and providers are awaited.
func (n *node) deadline() time.Duration {
	if n.nodes != nil {
		return remoteDeadline
	}
	return localDeadline
}

// share is this node's part of a limit, while nobody counts for all of them.
func (n *node) share(limit int) int {
	if n.nodes == nil {
		return limit
	}
	nodes := max(n.nodes(), 1)
	return (limit + nodes - 1) / nodes
}

// machine is the life of one request. Events are its methods; each takes the
// present time and may have effects. Unexpected events change nothing: a late
// answer, a second farewell of the client, a result of another attempt.
type machine struct {
	fx    effects
	node  node
	state state
	req   *protocol.Request
	plan  *routing.Plan
	draw  *rand.Rand
	began time.Time

	quota   quota
	session session  // whose binding counts
	parent  *session // of a child session; it numbers and counts the request
	route   route
	slot    slot
	hedge   hedge
	tries   []routing.Try

	record  record
	within  bounds // of the cost, once they are judged
	judged  bool
	billed  domain.Money // what the user is charged for all attempts, once it is settled
	settled bool
	ending  ending
}

func newMachine(fx effects, n node, a *protocol.Admit, plan *routing.Plan) *machine {
	m := &machine{
		fx: fx, node: n, req: a.Request, plan: plan,
		draw: routing.NewDraw(a.Request.Seed, a.Request.ID),
	}
	m.quota.holder = holder{protocol.LeaseQuota, strconv.FormatInt(int64(a.Request.User.ID), 10)}
	m.session = newSession(a.Request.Session)
	m.record.special, m.record.trace.Guards = slices.Clip(a.Request.Special), a.Request.Guards
	return m
}

// seq is the request's number in the session that its client knows.
func (m *machine) seq() int64 {
	if m.parent != nil {
		return m.parent.view.Seq
	}
	return m.session.view.Seq
}

func (m *machine) settings() *domain.Settings { return m.plan.Catalog().Settings() }

// backoffOver is the event after effects.wake.
func (m *machine) backoffOver(now time.Time) {
	if m.state == backingOff {
		m.acquire(now)
	}
}

// clientGone is the event that the client left while the HTTP goroutine made no
// call, even if we believe it does: then our answer did not reach it.
func (m *machine) clientGone(now time.Time) {
	switch m.state {
	case admitting, acquiring, backingOff, attempting:
		m.abandon(now, domain.ClassClientAbort, "the client left")
		m.settle(now, m.leftEarly(now))
	case idle, settling, dead:
	}
}

// abort ends the request on somebody else's word.
func (m *machine) abort(why string, now time.Time) {
	switch m.state {
	case admitting, acquiring, backingOff, attempting:
		m.abandon(now, "", why)
		m.settle(now, m.interrupted(why, now))
	case idle:
		m.die()
	case settling, dead:
	}
}

// silence is the event that nothing happened for very long. An attempt may take
// longer: its end is the business of the HTTP goroutine's own timers.
func (m *machine) silence(now time.Time) {
	switch m.state {
	case admitting, acquiring, backingOff:
		m.abort("nothing happened for too long", now)
	case settling: // the recorder owes us an answer; the client shall have one
		m.fx.answer(m.ending.decision)
		m.die()
	case idle:
		m.die()
	case attempting, dead:
	}
}

func (m *machine) die() {
	m.state = dead
	m.fx.stop()
}
