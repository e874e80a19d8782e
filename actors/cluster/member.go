package cluster

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	leaseTTL   = 6 * time.Second
	beatEvery  = time.Second
	beatWithin = 2 * time.Second
	joinWithin = 5 * time.Second
	// calm is the least time between two looks at the leases.
	calm = 50 * time.Millisecond
)

// join takes a lease under a new name and looks who is there.
func (n *Node) join(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, joinWithin)
	defer cancel()
	id := newSystemID(n.o.Addr, n.o.Now())
	no, err := n.o.Leases.Join(ctx, domain.ClusterNode{
		SystemID: id, Process: n.o.Process, Addr: n.o.Addr, Version: n.o.Version,
	}, leaseTTL)
	if err != nil {
		return err
	}
	if n.no == 0 {
		n.no = no
	}
	sent := n.o.Now()
	nodes, held, err := n.o.Leases.Beat(ctx, id, leaseTTL)
	if err != nil {
		return err
	}
	if !held {
		return errNoLease
	}
	n.see(newView(id, nodes, sent, n.o.Now()))
	return nil
}

// keepLease renews the lease as long as the node runs, and joins anew when it
// was lost.
func (n *Node) keepLease(ctx context.Context) {
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-n.poked:
		case <-ctx.Done():
			return
		}
		if n.leaving.Load() {
			continue
		}
		n.beat(ctx)
		select {
		case <-time.After(calm):
		case <-ctx.Done():
			return
		}
	}
}

// beat renews the lease once.
func (n *Node) beat(ctx context.Context) {
	defer n.beaten()
	within, cancel := context.WithTimeout(ctx, beatWithin)
	defer cancel()
	self, sent := n.view.Load().self, n.o.Now()
	nodes, held, err := n.o.Leases.Beat(within, self, leaseTTL)
	switch {
	case err != nil:
		n.stats.missed.Add(1)
		n.o.Logger.WarnContext(ctx, "the lease of this node was not renewed", slog.Any("error", err))
	case held:
		n.see(newView(self, nodes, sent, n.o.Now()))
		return
	default:
		n.rejoin(ctx)
		return
	}
	n.turn()
}

// rejoin joins under a new name after the lease was lost: others have this
// node's actors by now.
func (n *Node) rejoin(ctx context.Context) {
	n.o.Logger.WarnContext(ctx, "the lease of this node has lapsed, it joins the cluster anew")
	n.view.Store(&view{})
	n.turn()
	if err := n.join(ctx); err != nil {
		n.o.Logger.WarnContext(ctx, "the cluster was not joined, trying again", slog.Any("error", err))
		return
	}
	n.stats.rejoined.Add(1)
}

// look learns who is there without renewing anything.
func (n *Node) look(ctx context.Context) {
	within, cancel := context.WithTimeout(ctx, beatWithin)
	defer cancel()
	sent := n.o.Now()
	if nodes, _, err := n.o.Leases.Beat(within, "", leaseTTL); err == nil {
		n.see(newView("", nodes, sent, n.o.Now()))
	}
}

// see takes a new view over.
func (n *Node) see(v *view) {
	old := n.view.Swap(v)
	others := make([]string, 0, len(v.members))
	for i := range v.members {
		m := &v.members[i]
		if m.SystemID == v.self {
			continue
		}
		others = append(others, m.SystemID)
		if old.of(m.SystemID) == nil {
			n.o.Logger.Info("a node is in the cluster", slog.String("node_addr", m.Addr), slog.String("node_version", m.Version))
			if len(n.o.Hosts) > 0 && !slices.Contains(n.o.Hosts, m.Addr) {
				n.o.Logger.Warn("a node of the cluster is not in CLUSTER_HOSTS", slog.String("node_addr", m.Addr))
			}
		}
	}
	for i := range old.members {
		if m := &old.members[i]; m.SystemID != old.self && v.of(m.SystemID) == nil {
			n.o.Logger.Info("a node is no longer in the cluster", slog.String("node_addr", m.Addr))
			n.fail(m.SystemID)
		}
	}
	n.peers.know(others, n.o.Now())
	n.turn()
}

// turn ends actors that belong elsewhere, if who has actors has changed.
func (n *Node) turn() {
	ring := n.view.Load().ring(n.o.Now())
	n.mu.Lock()
	changed := ring != n.ring
	n.ring = ring
	n.mu.Unlock()
	if !changed {
		return
	}
	n.stats.turns.Add(1)
	for _, d := range n.served.Load().dirs {
		d.Disperse()
	}
}

// poke has the leases looked at now; the channel is closed when that was done.
func (n *Node) poke() <-chan struct{} {
	done := make(chan struct{})
	n.mu.Lock()
	n.beats = append(n.beats, done)
	n.mu.Unlock()
	select {
	case n.poked <- struct{}{}:
	default:
	}
	return done
}

func (n *Node) beaten() {
	n.mu.Lock()
	waiting := n.beats
	n.beats = nil
	n.mu.Unlock()
	for _, done := range waiting {
		close(done)
	}
}

// watch greets the other nodes and looks after those that are silent.
func (n *Node) watch(ctx context.Context) {
	ticker := time.NewTicker(greetEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		now := n.o.Now()
		n.turn()
		n.pending.forget(now)
		n.tell(&Frame{Kind: kindGreeting})
		for _, m := range n.Members() {
			if m.Silent {
				n.suspect(ctx, m.SystemID)
			}
		}
	}
}

// suspect gives up what waits for a silent node, and ends its lease if it is
// surely gone; else that lapses by itself.
func (n *Node) suspect(ctx context.Context, id string) {
	n.fail(id)
	if !gone(ctx, addrOf(id)) {
		n.transport.send(addrOf(id), &Frame{Kind: kindDeaf, From: n.name(n.view.Load())})
		return
	}
	within, cancel := context.WithTimeout(ctx, beatWithin)
	defer cancel()
	if err := n.o.Leases.End(within, id); err != nil {
		n.o.Logger.WarnContext(ctx, "the lease of a node that is gone was not ended", slog.String("node_addr", addrOf(id)), slog.Any("error", err))
		return
	}
	n.o.Logger.WarnContext(ctx, "a node is gone: nobody listens at its address", slog.String("node_addr", addrOf(id)))
	n.tell(&Frame{Kind: kindLeft})
	n.poke()
}

// streamLost is told that what we send to an address does not arrive any more.
func (n *Node) streamLost(addr string) {
	v := n.view.Load()
	for i := range v.members {
		if m := &v.members[i]; m.Addr == addr {
			n.peers.mute(m.SystemID)
			n.fail(m.SystemID)
		}
	}
}
