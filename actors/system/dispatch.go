package system

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/actors/request"
	"github.com/claude-code-hub/cch/actors/router"
	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	// admitWithin bounds the wait for the first decision. Every ask of a request
	// actor has a deadline of its own and all of them together take less, so it
	// passes only when an actor is lost. What a request may stand in line for money
	// comes on top.
	admitWithin = 10 * time.Second
	// endWithin bounds the wait for the record of a request that is broken off.
	endWithin = 5 * time.Second
)

// DispatcherOptions are what a Dispatcher is made of. All must be set.
type DispatcherOptions struct {
	Pool     *router.Pool
	Keeper   kit.Ref // gets what concerns leases
	Recorder Recorder
	Now      func() time.Time
	Logger   *slog.Logger
}

// Recorder writes down what becomes of requests.
type Recorder interface {
	request.Recorder
	// Begun records that a request is being answered, so that its estimate is
	// due should this process die. What it is given must not change any more.
	Begun(b *domain.BegunLog)
}

// Dispatcher hands requests to request actors. Safe for concurrent use.
type Dispatcher struct{ o DispatcherOptions }

// NewDispatcher makes a dispatcher.
func NewDispatcher(o DispatcherOptions) *Dispatcher { return &Dispatcher{o} }

// Run is one request in the hands of its actor. It belongs to one goroutine,
// which must close it on every path; Begun alone may be called by others, which
// must have ended by then.
type Run struct {
	d      *Dispatcher
	admit  *protocol.Admit
	router kit.Ref
	actor  kit.Ref // zero until the first decision
	over   bool    // Reject or Done came, or Gone was told
	failed bool    // a decision did not come: the caller knows and sees to the record
	lost   bool    // the actor failed, so what is owed is for us to settle
	last   *protocol.Attempt

	mu    sync.Mutex
	out   [2]handed // attempts handed out at the same time
	begun bool      // the upstream began to answer the last one
}

// handed is an attempt that somebody makes.
type handed struct {
	*protocol.Attempt

	begun bool
}

// Admit has a request admitted and its first provider chosen. Unless Run is nil
// it must be closed, also after an error. Errors are the context's, after which
// the caller tells Gone, or a *domain.Fault: overloaded when no router has a
// place (then Run is nil, and there is no record), internal when the actor
// failed (then nobody but the caller writes the record).
func (d *Dispatcher) Admit(ctx context.Context, a *protocol.Admit) (*Run, protocol.Decision, error) {
	entrance, ok := d.o.Pool.Enter()
	if !ok {
		f := domain.NewFault(domain.KindOverloaded, domain.CodeOverloaded, "the gateway is overloaded, try again shortly")
		f.RetryAfter = time.Second
		return nil, protocol.Decision{}, f
	}
	r := &Run{d: d, admit: a, router: entrance}
	within, cancel := context.WithTimeout(ctx, admitWithin+a.Catalog.Settings().LongestWait())
	defer cancel()
	decision, err := r.decide(within, entrance, a)
	if err != nil && within.Err() != nil && ctx.Err() == nil {
		err = r.undecided(err)
	}
	return r, decision, err
}

// Report tells how an attempt went and returns what to do next. ctx bounds the
// waiting and should have a deadline; the actor learns of the result in any
// case. Errors are the context's or an internal *domain.Fault; after either
// nobody but the caller writes the record.
func (r *Run) Report(ctx context.Context, res *protocol.AttemptResult) (protocol.Decision, error) {
	return r.decide(ctx, r.actor, res)
}

// Hedge asks for a second attempt beside attempt n, which has shown no content
// for as long as it was given. Anything but an attempt, an error too, means that
// there is none; what comes of attempt n is reported all the same.
func (r *Run) Hedge(ctx context.Context, n int) (protocol.Decision, error) {
	answer, err := kit.Ask[*request.Answer](ctx, r.actor, &protocol.HedgeDue{ReqID: r.id(), N: n})
	if err != nil {
		return protocol.Decision{}, r.undecided(err)
	}
	r.handOut(answer.Decision.Attempt)
	return answer.Decision, nil
}

// handOut notes an attempt that is about to be made, beside the one before.
func (r *Run) handOut(a *protocol.Attempt) {
	if a == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.out[1] = r.out[0]
	r.out[0] = handed{Attempt: a}
}

func (r *Run) decide(ctx context.Context, to kit.Ref, msg any) (protocol.Decision, error) {
	answer, err := kit.Ask[*request.Answer](ctx, to, msg)
	switch {
	case err == nil:
		r.actor = answer.Run
		r.over = answer.Decision.Attempt == nil && !answer.Decision.Await
		if answer.Decision.Attempt != nil {
			r.last = answer.Decision.Attempt
			r.mu.Lock()
			r.out, r.begun = [2]handed{{Attempt: r.last}}, false // those before are over
			r.mu.Unlock()
		}
		return answer.Decision, nil
	case ctx.Err() != nil:
		err = ctx.Err()
	default:
		r.lost = true
		err = r.undecided(err)
	}
	r.failed = true
	return protocol.Decision{}, err
}

func (r *Run) undecided(cause error) error {
	return domain.NewFault(domain.KindInternal, domain.CodeInternalError, "the request could not be decided").
		Because(fmt.Errorf("ask request actor %s: %w", r.id(), cause))
}

func (r *Run) id() domain.RequestID { return r.admit.Request.ID }

// Begun tells that the upstream began to answer attempt n, which costs something
// from now on.
func (r *Run) Begun(n int) {
	r.d.o.Keeper.Tell(&protocol.AttemptBegun{ReqID: r.id(), N: n})
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.out {
		if a := &r.out[i]; a.Attempt != nil && a.N == n && !a.begun {
			a.begun = true
			r.begun = r.begun || a.Attempt == r.last
			r.d.o.Recorder.Begun(&a.Begun)
		}
	}
}

// Gone tells that the client left while no attempt is running, and returns when
// the record is written.
func (r *Run) Gone() { r.end(&protocol.ClientGone{ReqID: r.id()}, true) }

// Close ends the run, and the keeper gives back whatever leases are left. An
// actor that still waits for the caller, who then broke off in the middle, ends
// too, and Close returns when the record is written.
func (r *Run) Close() {
	abort := &protocol.Abort{ReqID: r.id(), Why: "connection closed"}
	switch {
	case r.over:
	case r.lost && r.last != nil: // the row is the caller's, the settlement ours
		r.record(false)
	case r.failed:
		r.reach().Tell(abort)
	default:
		r.end(abort, false)
	}
	r.d.o.Keeper.Tell(&protocol.LeaseDrop{ReqID: r.id()})
}

// end has the actor end and write the record. When it does not say so, the
// record is written here: of two, the first counts.
func (r *Run) end(msg any, clientGone bool) {
	r.over = true
	ctx, cancel := context.WithTimeout(context.Background(), endWithin)
	defer cancel()
	if _, err := kit.Ask[*request.Answer](ctx, r.reach(), msg); err == nil {
		return
	}
	r.record(clientGone)
}

// record stands in for the actor. Of two records of a request the first counts,
// and so does its settlement, but that the real cost takes the place of an
// estimate.
func (r *Run) record(clientGone bool) {
	r.d.o.Recorder.Finish(request.Lost(r.admit, r.last, r.begun, clientGone, r.d.o.Now()), func(err error) {
		if err != nil {
			r.d.o.Logger.Error("request record could not be journaled",
				slog.String("request_id", r.id().String()), slog.Any("error", err))
		}
	})
}

// reach addresses the actor, by way of its router as long as it is not known.
func (r *Run) reach() kit.Ref {
	if r.actor.IsZero() {
		return r.router
	}
	return r.actor
}
