//go:build !race

// The library sets the logger of gRPC each time it starts, which is a race when
// several nodes live in one process, as they do in this test alone.

package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/cluster"
	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/wire"
	"github.com/claude-code-hub/cch/internal/domain"
)

// leases is the table of nodes in memory.
type leases struct {
	mu    sync.Mutex
	nodes map[string]*lease
	down  bool
}

type lease struct {
	domain.ClusterNode

	beat, ready time.Time
}

var errAway = errors.New("the database is away")

func (l *leases) live(ttl time.Duration) (ids []string) {
	for id, n := range l.nodes {
		if time.Since(n.beat) < ttl {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (l *leases) Join(_ context.Context, n domain.ClusterNode, ttl time.Duration) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return 0, errAway
	}
	n.No = len(l.nodes) + 1
	for id, old := range l.nodes {
		if old.Addr == n.Addr {
			n.No = old.No
			delete(l.nodes, id)
		}
	}
	now := time.Now()
	ready := now
	if len(l.live(ttl)) > 0 {
		ready = now.Add(ttl + time.Second)
	}
	l.nodes[n.SystemID] = &lease{n, now, ready}
	return n.No, nil
}

func (l *leases) Beat(_ context.Context, id string, ttl time.Duration) (list []domain.ClusterNode, held bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return nil, false, errAway
	}
	live := l.live(ttl)
	for _, other := range live {
		n := l.nodes[other]
		if other == id {
			n.beat, held = time.Now(), true
		}
		node := n.ClusterNode
		node.Age, node.ReadyIn = time.Since(n.beat), time.Until(n.ready)
		list = append(list, node)
	}
	return list, held, nil
}

func (l *leases) End(_ context.Context, id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := l.nodes[id]; n != nil {
		n.beat = time.Time{}
	}
	return nil
}

// mature makes all nodes ready.
func (l *leases) mature() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range l.nodes {
		n.ready = time.Now().Add(-time.Minute)
	}
}

type (
	whoHasIt struct{ Text string }
	iHaveIt  struct {
		Node string
		N    int
	}
)

// counter counts what it is asked.
type counter struct {
	node string
	n    int
}

func (c *counter) Receive(k *kit.Context) {
	if m, ok := k.Message().(*whoHasIt); ok {
		if m.Text == "panic" {
			panic(m.Text)
		}
		c.n++
		k.Respond(&iHaveIt{Node: c.node, N: c.n})
	}
}

type member struct {
	*cluster.Node

	addr string
	kit  *kit.System
	dir  *kit.Directory
	news chan string
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func start(t *testing.T, l *leases, addr, secret string) *member {
	t.Helper()
	table := wire.NewTable(wire.Of[whoHasIt](1), wire.Of[iHaveIt](2))
	node, err := cluster.Join(t.Context(), cluster.Options{
		Addr: addr, Secret: secret, Process: "process at " + addr, Version: "1", Leases: l, Wire: table,
		Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	require.NoError(t, err)
	m := &member{Node: node, addr: addr, kit: kit.NewSystem(kit.Options{}), news: make(chan string, 10)}
	m.dir = m.kit.PlacedDirectory(kit.Kind{
		Name: "counter", Supervision: kit.Restart, New: func(string) kit.Actor { return &counter{node: addr} },
	}, node)
	node.Serve(map[string]*kit.Directory{"counter": m.dir}, func(b []byte) { m.news <- string(b) })
	t.Cleanup(func() {
		_ = m.kit.Shutdown(context.Background())
		_ = m.Close(context.Background())
	})
	return m
}

// three starts as many nodes of one cluster.
func three(t *testing.T) (*leases, []*member) {
	t.Helper()
	l := &leases{nodes: make(map[string]*lease)}
	members := make([]*member, 3)
	for i := range members {
		members[i] = start(t, l, freeAddr(t), "a secret")
	}
	l.mature()
	for _, m := range members {
		require.Eventually(t, func() bool { return m.Size() == 3 }, 20*time.Second, 20*time.Millisecond)
	}
	return l, members
}

func (m *member) ask(t *testing.T, id string) (*iHaveIt, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	return kit.Ask[*iHaveIt](ctx, m.dir.Ref(id), &whoHasIt{})
}

func TestAnActorIsTheSameWhoeverAsks(t *testing.T) {
	t.Parallel()
	_, members := three(t)
	owners := make(map[string]int)
	for i := range 30 {
		id := fmt.Sprint(i)
		var owner string
		for k, m := range members {
			got, err := m.ask(t, id)
			require.NoError(t, err)
			require.Equal(t, k+1, got.N, "one actor counts them all")
			if owner == "" {
				owner = got.Node
			}
			require.Equal(t, owner, got.Node)
		}
		owners[owner]++
	}
	require.Len(t, owners, 3, "every node has some")

	members[0].Tell([]byte("hello"))
	for _, m := range members[1:] {
		select {
		case text := <-m.news:
			require.Equal(t, "hello", text)
		case <-time.After(10 * time.Second):
			t.Fatal("news did not arrive")
		}
	}
	require.Empty(t, members[0].news)
}

func TestWhatAnActorFailsAtIsToldAcrossNodes(t *testing.T) {
	t.Parallel()
	_, members := three(t)
	failed := 0
	for i := range 10 {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		_, err := kit.Ask[*iHaveIt](ctx, members[0].dir.Ref(fmt.Sprint(i)), &whoHasIt{Text: "panic"})
		cancel()
		var f *kit.FailedError
		require.ErrorAs(t, err, &f)
		failed++
	}
	require.Equal(t, 10, failed)
}

func TestANodeThatLeavesGivesItsActorsAway(t *testing.T) {
	t.Parallel()
	_, members := three(t)
	gone := members[2]
	id := ""
	for i := 0; id == ""; i++ {
		if gone.Here("counter", fmt.Sprint(i)) {
			id = fmt.Sprint(i)
		}
	}
	got, err := members[0].ask(t, id)
	require.NoError(t, err)
	require.Equal(t, gone.addr, got.Node)
	saved := false
	require.NoError(t, gone.Leave(t.Context(), func(context.Context) error { saved = gone.dir.Live() == 0; return nil }))
	require.True(t, saved, "what actors leave behind is saved when they have ended")
	require.Eventually(t, func() bool {
		got, err := members[0].ask(t, id)
		return err == nil && got.Node != gone.addr
	}, 10*time.Second, 10*time.Millisecond)
	got, err = gone.ask(t, id)
	require.NoError(t, err, "who left can still ask")
	require.NotEqual(t, gone.addr, got.Node)
}

func TestOthersTakeOverFromANodeThatDied(t *testing.T) {
	t.Parallel()
	_, members := three(t)
	dead := members[2]
	id := ""
	for i := 0; id == ""; i++ {
		if dead.Here("counter", fmt.Sprint(i)) {
			id = fmt.Sprint(i)
		}
	}
	cluster.Die(dead.Node)
	began := time.Now()
	require.Eventually(t, func() bool {
		got, err := members[0].ask(t, id)
		return err == nil && got.Node != dead.addr
	}, 20*time.Second, 10*time.Millisecond)
	t.Logf("its actors answer elsewhere after %v", time.Since(began).Round(time.Millisecond))
	require.Equal(t, 2, members[0].Size())
}

func TestALostLeaseEndsTheActorsAndIsMadeGoodByANewOne(t *testing.T) {
	t.Parallel()
	l, members := three(t)
	m := members[1]
	id := ""
	for i := 0; id == ""; i++ {
		if m.Here("counter", fmt.Sprint(i)) {
			id = fmt.Sprint(i)
		}
	}
	_, err := m.ask(t, id)
	require.NoError(t, err)
	require.Equal(t, 1, m.dir.Live())
	l.mu.Lock()
	for name, n := range l.nodes {
		if strings.HasPrefix(name, m.addr) {
			n.beat = time.Time{}
		}
	}
	l.mu.Unlock()
	require.Eventually(t, func() bool { return m.Stats().Rejoined == 1 }, 20*time.Second, 10*time.Millisecond)
	require.Eventually(t, func() bool { return m.dir.Live() == 0 }, 20*time.Second, 10*time.Millisecond)
	require.Eventually(t, func() bool { // once those who take over know it
		got, err := m.ask(t, id)
		return err == nil && got.Node != m.addr
	}, 20*time.Second, 10*time.Millisecond)
	l.mature()
	require.Eventually(t, func() bool { return m.Here("counter", id) && members[0].Size() == 3 }, 20*time.Second, 10*time.Millisecond)
	require.Eventually(t, func() bool {
		got, err := members[0].ask(t, id)
		return err == nil && got.Node == m.addr
	}, 20*time.Second, 10*time.Millisecond)
}

func TestWithoutTheDatabaseNobodyHasActors(t *testing.T) {
	t.Parallel()
	l, members := three(t)
	l.mu.Lock()
	l.down = true
	l.mu.Unlock()
	for _, m := range members {
		require.Eventually(t, func() bool { return !m.Holds() }, 20*time.Second, 50*time.Millisecond)
		_, err := m.ask(t, "1")
		require.ErrorIs(t, err, kit.ErrDeadLetter, "and who asks is told at once")
	}
	l.mu.Lock()
	l.down = false
	l.mu.Unlock()
	for _, m := range members {
		require.Eventually(t, m.Holds, 20*time.Second, 50*time.Millisecond)
	}
}

func TestAStrangerIsNotLetIn(t *testing.T) {
	t.Parallel()
	l := &leases{nodes: make(map[string]*lease)}
	a := start(t, l, freeAddr(t), "a secret")
	b := start(t, l, freeAddr(t), "another secret")
	l.mature()
	require.Eventually(t, func() bool { return a.Size() == 2 && b.Size() == 2 }, 20*time.Second, 20*time.Millisecond)
	b.Tell([]byte("let me in"))
	require.Eventually(t, func() bool { return a.Members()[0].Silent || a.Members()[1].Silent }, 20*time.Second, 20*time.Millisecond)
	require.Empty(t, a.news)
}
