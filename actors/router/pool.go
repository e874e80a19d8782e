package router

import (
	"runtime"
	"strconv"
	"sync/atomic"

	"github.com/claude-code-hub/cch/actors/kit"
)

const (
	maxRouters = 8
	// DefaultBound is how many requests one router runs at a time.
	DefaultBound = 2000
)

// Options configure a pool.
type Options struct {
	Routers int // 0 = as many as processors, at most eight
	Bound   int // requests per router at a time; 0 = DefaultBound
}

// Pool is the routers of a node. Safe for concurrent use.
type Pool struct {
	routers []entrance
	bound   int64
	next    atomic.Uint64
}

// entrance is a router with the number of its requests: those running and
// those on their way to it.
type entrance struct {
	ref  kit.Ref
	live atomic.Int64
}

// NewPool starts routers that run their requests as children of the given kind.
func NewPool(sys *kit.System, child kit.Kind, o Options) *Pool {
	n := o.Routers
	if n <= 0 {
		n = min(maxRouters, runtime.GOMAXPROCS(0))
	}
	p := &Pool{routers: make([]entrance, n), bound: int64(o.Bound)}
	if p.bound <= 0 {
		p.bound = DefaultBound
	}
	for i := range p.routers {
		e := &p.routers[i]
		e.ref = sys.Spawn(kit.Kind{
			Name:        "router",
			New:         func(string) kit.Actor { return newActor(child, &e.live) },
			Supervision: kit.Restart,
		}, strconv.Itoa(i))
	}
	return p
}

// Enter takes a place for one request and names the router that has it, or
// tells that all are full. Whoever got a place must send that router exactly
// one *protocol.Admit; the place is free again when the request's actor ended.
func (p *Pool) Enter() (kit.Ref, bool) {
	first := p.next.Add(1)
	for i := range uint64(len(p.routers)) {
		e := &p.routers[(first+i)%uint64(len(p.routers))]
		if e.live.Add(1) <= p.bound {
			return e.ref, true
		}
		e.live.Add(-1)
	}
	return kit.Ref{}, false
}

// Live is the number of requests in the pool.
func (p *Pool) Live() int {
	n := int64(0)
	for i := range p.routers {
		n += p.routers[i].live.Load()
	}
	return int(n)
}
