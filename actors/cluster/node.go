package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/wire"
	"github.com/claude-code-hub/cch/internal/domain"
)

// Leases is where the nodes of a cluster have their leases, with one clock for
// all of them. Its methods block.
type Leases interface {
	// Join takes a lease and returns the number of the node's address.
	Join(ctx context.Context, n domain.ClusterNode, ttl time.Duration) (no int, err error)
	// Beat renews a lease unless it has lapsed or was taken away, and returns all
	// nodes whose leases last, in one step.
	Beat(ctx context.Context, systemID string, ttl time.Duration) (nodes []domain.ClusterNode, held bool, err error)
	// End takes a lease away.
	End(ctx context.Context, systemID string) error
}

// Options are what a Node is made of. All but Hosts must be set.
type Options struct {
	Addr    string // host:port where this node listens and others reach it
	Hosts   []string
	Secret  string // that all nodes share
	Process string // names this program in leases of actors
	Version string
	Leases  Leases
	Wire    *wire.Table
	Logger  *slog.Logger
	Now     func() time.Time // with the monotonic clock
}

// Node is this process as a member of a cluster. It places the actors of the
// directories it serves. Safe for concurrent use.
type Node struct {
	o         Options
	transport *transport
	view      atomic.Pointer[view]
	leaving   atomic.Bool
	pending   *pending
	peers     *peers
	served    atomic.Pointer[served]
	poked     chan struct{} // capacity 1: the leases are to be looked at now
	stats     counters

	mu    sync.Mutex
	ring  string // who had actors when the directories were last told
	beats []chan struct{}

	cancel context.CancelFunc
	ended  sync.WaitGroup
	no     int
}

var _ kit.Placement = (*Node)(nil)

// served is what a node hands messages of others to.
type served struct {
	dirs map[string]*kit.Directory
	hear func(news []byte)
}

// Join opens the port, takes a lease and learns who else is there. The node must
// be closed.
func Join(ctx context.Context, o Options) (*Node, error) {
	n := &Node{o: o, pending: newPending(), peers: newPeers(), poked: make(chan struct{}, 1)}
	n.view.Store(&view{})
	n.served.Store(&served{})
	var err error
	if n.transport, err = listen(gate{o.Secret, o.Addr, o.Now}, o.Logger, n.take, n.streamLost); err != nil {
		return nil, err
	}
	if err := n.join(ctx); err != nil {
		n.transport.close(nil)
		return nil, err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	n.cancel = cancel
	n.ended.Go(func() { n.keepLease(running) })
	n.ended.Go(func() { n.watch(running) })
	return n, nil
}

// No is the number of the node, 1 to domain.MaxNodeNo. It stays the same as long
// as the process runs.
func (n *Node) No() int { return n.no }

// Serve has the node take messages for the actors of directories, by their
// kinds, and news. Before, other nodes are told that nothing is here.
func (n *Node) Serve(dirs map[string]*kit.Directory, hear func(news []byte)) {
	n.served.Store(&served{dirs: dirs, hear: hear})
}

// Here tells whether an actor belongs to this node at this moment.
func (n *Node) Here(kind, id string) bool {
	return !n.leaving.Load() && n.view.Load().here(kind, id, n.o.Now())
}

// ProcessLives tells whether a program may still use the leases it has.
func (n *Node) ProcessLives(process string) bool { return n.view.Load().live(process) }

// Size is how many nodes there are, at least one.
func (n *Node) Size() int { return n.view.Load().active(n.o.Now()) }

// Member is a node as this one sees it.
type Member struct {
	domain.ClusterNode

	Self   bool
	Active bool // has actors, or will have when they are asked for
	Silent bool // not heard of: it is asked nothing
}

// Members are all nodes that have a lease.
func (n *Node) Members() []Member {
	v, now := n.view.Load(), n.o.Now()
	list := make([]Member, len(v.members))
	for i := range v.members {
		m := &v.members[i]
		self := m.SystemID == v.self
		list[i] = Member{ClusterNode: m.ClusterNode, Self: self, Active: m.active(now), Silent: !self && n.peers.silent(m.SystemID, now)}
	}
	return list
}

// Holds tells whether the node has its lease. Without it, it has no actors and
// decides by itself what it would ask them.
func (n *Node) Holds() bool { return n.view.Load().holds(n.o.Now()) }

// Leave gives the node's actors away: they end, save does what is left to save
// them, and the others are told to take over. Messages can still be sent.
func (n *Node) Leave(ctx context.Context, save func(context.Context) error) error {
	if n.leaving.Swap(true) {
		return nil
	}
	var errs []error
	for _, d := range n.served.Load().dirs {
		d.Disperse()
		errs = append(errs, d.Gone(ctx))
	}
	errs = append(errs, save(ctx))
	self := n.view.Load().self
	if self == "" {
		return errors.Join(errs...)
	}
	errs = append(errs, n.o.Leases.End(ctx, self))
	n.tell(&Frame{Kind: kindLeft})
	n.look(ctx)
	return errors.Join(errs...)
}

// Close ends the membership, if it was not left, and closes the port.
func (n *Node) Close(ctx context.Context) error {
	n.cancel()
	n.ended.Wait()
	var err error
	if self := n.view.Load().self; self != "" && !n.leaving.Load() {
		err = n.o.Leases.End(ctx, self)
	}
	v := n.view.Swap(&view{})
	addrs := make([]string, 0, len(v.members))
	for i := range v.members {
		addrs = append(addrs, v.members[i].Addr)
	}
	n.transport.close(addrs)
	return err
}

// newSystemID names a membership. It begins with the address, so that a node
// that is not in the list yet can be answered.
func newSystemID(addr string, now time.Time) string {
	return addr + "/" + domain.NewLeaseID(now).String()
}

func addrOf(systemID string) string {
	addr, _, _ := strings.Cut(systemID, "/")
	return addr
}

// errNoLease says that a beat came too late.
var errNoLease = fmt.Errorf("the lease of this node was lost: %w", kit.ErrDeadLetter)
