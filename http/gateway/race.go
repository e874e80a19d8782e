package gateway

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// How long, and for how much, a call that lost goes on to learn what it costs.
// It ends with the winner's at the latest: nothing may delay an answer's end.
const (
	loserPatience = 120 * time.Second
	loserBytes    = 32 << 20
)

// race is an attempt that gets a second one beside it when it shows no content
// in time. The first to show content answers the client. The goroutine of the
// exchange waits here, each call has one of its own.
type race struct {
	g   *Gateway
	run Run

	ctx    context.Context //nolint:containedctx // parent of both calls; lives exactly as long as the race
	cancel context.CancelCauseFunc

	ended   chan *protocol.AttemptResult
	running int           // calls whose result did not come yet
	spare   *exchange     // for the second call; nil when it is used or not needed any more
	decided chan struct{} // closed when there is a winner

	mu      sync.Mutex
	winner  *call
	racers  []*call
	billed  bool // losers go on
	timeout *time.Timer
}

// race makes an attempt that may get a rival, and returns what to do next.
func (g *Gateway) race(x *exchange, run Run, a *protocol.Attempt) (protocol.Decision, *protocol.AttemptResult, error) {
	r := &race{
		g: g, run: run, ended: make(chan *protocol.AttemptResult, 2), decided: make(chan struct{}),
		spare: x.twin(), billed: x.settings().BillHedgeLosers,
	}
	r.ctx, r.cancel = context.WithCancelCause(g.base)
	x.leaving.call(r.cancel)
	defer r.over(x)
	r.launch(x, a, func() {})
	return r.watch(x, a)
}

// watch waits for what comes of the calls.
func (r *race) watch(x *exchange, a *protocol.Attempt) (protocol.Decision, *protocol.AttemptResult, error) {
	due := time.NewTimer(a.HedgeAfter)
	defer due.Stop()
	decided := r.decided
	var dead error // the actor's: what the client sees goes on
	for {
		select {
		case <-due.C:
			r.second(x, a.N)
		case <-decided:
			due.Stop()
			r.dropSpare()
			decided = nil
		case res := <-r.ended:
			r.running--
			if res.N == a.N && r.isDecided() {
				x.dropBody() // who answers holds the bytes for itself
			}
			d, err := r.report(x, res)
			dead = errors.Join(dead, err)
			if r.running == 0 || dead == nil && !d.Await {
				return d, res, dead
			}
		}
	}
}

// report tells how a call ended; how the others lost before how one won.
func (r *race) report(x *exchange, res *protocol.AttemptResult) (protocol.Decision, error) {
	if !r.won(res.N) {
		return report(x, r.run, res)
	}
	r.cancel(upstream.ErrHedgeLost) // nobody else is under way
	var dead error
	for ; r.running > 0; r.running-- {
		_, err := report(x, r.run, <-r.ended)
		dead = errors.Join(dead, err)
	}
	d, err := report(x, r.run, res)
	return d, errors.Join(dead, err)
}

// second makes a second call, if the actor wants one.
func (r *race) second(x *exchange, n int) {
	if r.spare == nil || r.isDecided() {
		return
	}
	ctx, cancel := reportContext(x)
	defer cancel()
	d, err := r.run.Hedge(ctx, n)
	if err != nil || d.Attempt == nil {
		r.dropSpare()
		return
	}
	rival := r.spare
	r.spare = nil
	r.launch(rival, d.Attempt, rival.dropBody)
}

// launch makes a call in a goroutine of its own, and then calls end. A panic in
// it is the call's failure and nothing else's.
func (r *race) launch(x *exchange, a *protocol.Attempt, end func()) {
	r.running++
	go func() {
		res := &protocol.AttemptResult{N: a.N, Class: domain.ClassLocalOverload, Failure: domain.FailInternal, StartedAt: r.g.Now()}
		defer func() {
			if cause := recover(); cause != nil {
				r.g.Logger.Error("call of a race panicked", "request_id", x.id.String())
			}
			end()
			r.ended <- res
		}()
		res = r.g.attempt(r.ctx, r, x, r.run, a)
	}()
}

// over ends what may still run and gives back what was not used.
func (r *race) over(x *exchange) {
	r.cancel(upstream.ErrHedgeLost)
	for ; r.running > 0; r.running-- {
		<-r.ended
	}
	r.dropSpare()
	x.leaving.over()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.timeout != nil {
		r.timeout.Stop()
	}
}

func (r *race) dropSpare() {
	if r.spare != nil {
		r.spare.dropBody()
		r.spare = nil
	}
}

// enter notes a call that takes part.
func (r *race) enter(c *call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.racers = append(r.racers, c)
}

// win tells whether the call is the first with content. The others end, or go on
// for a while without anybody seeing it. A call that races with nobody wins.
func (r *race) win(c *call) bool {
	if r == nil {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.winner != nil {
		return r.winner == c
	}
	r.winner = c
	close(r.decided)
	if !r.billed {
		r.cancelLosers()
		return true
	}
	r.timeout = time.AfterFunc(loserPatience, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.cancelLosers()
	})
	return true
}

// cancelLosers ends all calls but the winner's; the lock is held.
func (r *race) cancelLosers() {
	for _, c := range r.racers {
		if c != r.winner {
			c.cancel(upstream.ErrHedgeLost)
		}
	}
}

func (r *race) isDecided() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.winner != nil
}

// won tells whether attempt n is the winner.
func (r *race) won(n int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.winner != nil && r.winner.a.N == n
}

// beat tells whether another call won.
func (r *race) beat(c *call) bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.winner != nil && r.winner != c
}

// twin is the exchange for a second call at the same time: with the body held
// once more, and nothing that the first one changes.
func (x *exchange) twin() *exchange {
	if x.body == nil {
		return nil
	}
	if x.remote == nil {
		x.remote = &remote{}
	}
	y := *x // it shares what is fetched
	y.body, y.decoded = x.body.Share(), nil
	return &y
}
