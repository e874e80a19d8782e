package system

import (
	"context"
	"fmt"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/actors/request"
	"github.com/claude-code-hub/cch/actors/router"
	"github.com/claude-code-hub/cch/internal/domain"
)

// Dispatcher hands requests to request actors. Safe for concurrent use.
type Dispatcher struct {
	pool   *router.Pool
	keeper kit.Ref
}

// NewDispatcher makes a dispatcher; keeper gets what concerns leases.
func NewDispatcher(pool *router.Pool, keeper kit.Ref) *Dispatcher {
	return &Dispatcher{pool: pool, keeper: keeper}
}

// Run is one request in the hands of its actor. It belongs to one goroutine,
// which must close it on every path.
type Run struct {
	id     domain.RequestID
	router kit.Ref
	actor  kit.Ref // zero until the first decision
	keeper kit.Ref
	over   bool // Reject or Done came
}

// Admit has a request admitted and its first provider chosen. Unless Run is nil
// it must be closed, also after an error. ctx bounds the waiting and should have
// a deadline, so that a lost actor cannot hang a client. Errors are the
// context's, or a *domain.Fault: overloaded when no router has a place (then Run
// is nil, and there is no record), internal when the actor failed (then nobody
// but the caller writes the record).
func (d *Dispatcher) Admit(ctx context.Context, a *protocol.Admit) (*Run, protocol.Decision, error) {
	entrance, ok := d.pool.Enter()
	if !ok {
		f := domain.NewFault(domain.KindOverloaded, domain.CodeOverloaded, "the gateway is overloaded, try again shortly")
		f.RetryAfter = time.Second
		return nil, protocol.Decision{}, f
	}
	r := &Run{id: a.Request.ID, router: entrance, keeper: d.keeper}
	decision, err := r.decide(ctx, entrance, a)
	return r, decision, err
}

// Report tells how an attempt went and returns what to do next. ctx and errors
// are as for Admit.
func (r *Run) Report(ctx context.Context, res *protocol.AttemptResult) (protocol.Decision, error) {
	return r.decide(ctx, r.actor, res)
}

// decide asks and waits. The message is sent even if ctx is over already: the
// router counts on a request that took a place, the actor on a result.
func (r *Run) decide(ctx context.Context, to kit.Ref, msg any) (protocol.Decision, error) {
	if ctx.Err() != nil {
		to.Tell(msg)
		return protocol.Decision{}, ctx.Err()
	}
	answer, err := kit.Ask[*request.Answer](ctx, to, msg)
	switch {
	case err == nil:
		r.actor = answer.Run
		r.over = answer.Decision.Attempt == nil
		return answer.Decision, nil
	case ctx.Err() != nil:
		return protocol.Decision{}, ctx.Err()
	}
	return protocol.Decision{}, domain.NewFault(domain.KindInternal, domain.CodeInternalError, "the request could not be decided").
		Because(fmt.Errorf("ask request actor %s: %w", r.id, err))
}

// Begun tells that the upstream began to answer attempt n.
func (r *Run) Begun(n int) { r.keeper.Tell(&protocol.AttemptBegun{ReqID: r.id, N: n}) }

// Gone tells that the client left while no attempt is running. The actor then
// writes the record.
func (r *Run) Gone() {
	if r.actor.IsZero() {
		r.router.Tell(&router.Left{ReqID: r.id})
		return
	}
	r.actor.Tell(&protocol.ClientGone{})
}

// Close ends the run: an actor that still waits for the caller ends too, and
// the keeper gives back whatever leases are left.
func (r *Run) Close() {
	if !r.over {
		r.router.Tell(&protocol.CancelRequests{IDs: []domain.RequestID{r.id}, Why: "connection closed"})
	}
	r.keeper.Tell(&protocol.LeaseDrop{ReqID: r.id})
}
