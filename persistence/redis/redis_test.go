package redis_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/testkit"
	"github.com/claude-code-hub/cch/persistence/redis"
	"github.com/claude-code-hub/cch/persistence/store"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

// node is a process that uses a Redis server beside its store.
type node struct {
	sql    *store.Store
	away   atomic.Bool // the SQL store fails
	client *redis.Client
	*redis.Snapshots
}

// flaky is the SQL store of a node.
type flaky struct {
	redis.SQL
	away *atomic.Bool
}

func (f flaky) Save(ctx context.Context, s []domain.Snapshot) error {
	if f.away.Load() {
		return context.DeadlineExceeded
	}
	return f.SQL.Save(ctx, s)
}

func (f flaky) Load(ctx context.Context, kind, id string) (domain.Snapshot, error) {
	if f.away.Load() {
		return domain.Snapshot{}, context.DeadlineExceeded
	}
	return f.SQL.Load(ctx, kind, id)
}

func (f flaky) List(ctx context.Context, kind, behind string, limit int) ([]domain.Snapshot, error) {
	if f.away.Load() {
		return nil, context.DeadlineExceeded
	}
	return f.SQL.List(ctx, kind, behind, limit)
}

func openStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{DataDir: t.TempDir(), Sealer: storetest.Sealer{}, AutoMigrate: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func options(url string) redis.Options {
	return redis.Options{URL: url, Timeout: 5 * time.Second, Patience: time.Second, Logger: slog.New(slog.DiscardHandler)}
}

func startNode(t *testing.T, url string, sql *store.Store) *node {
	t.Helper()
	c, err := redis.Open(options(url))
	require.NoError(t, err)
	n := &node{sql: sql, client: c}
	n.Snapshots = redis.NewSnapshots(c, flaky{sql.Snapshots(), &n.away}, []string{"quota", "session"}, time.Now)
	c.Start()
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return n
}

func (n *node) await(t *testing.T, up bool) {
	t.Helper()
	require.Eventually(t, func() bool { return n.client.Stats().Up == up }, 20*time.Second, 5*time.Millisecond)
}

func (n *node) save(t *testing.T, id string, epoch int64, data string) {
	t.Helper()
	require.NoError(t, n.Save(t.Context(), []domain.Snapshot{{Kind: "session", ID: id, Epoch: epoch, Data: []byte(data)}}))
}

func (n *node) load(t *testing.T, id string) string {
	t.Helper()
	s, err := n.Load(t.Context(), "session", id)
	if domain.IsKind(err, domain.KindNotFound) {
		return ""
	}
	require.NoError(t, err)
	return string(s.Data)
}

func TestSnapshotsAreSharedAndFenced(t *testing.T) {
	t.Parallel()
	server := testkit.StartRedis(t)
	sql := openStore(t)
	a, b := startNode(t, server.URL, sql), startNode(t, server.URL, sql)
	a.await(t, true)
	b.await(t, true)
	a.away.Store(true) // so that what is read comes from Redis
	b.away.Store(true)
	require.Empty(t, a.load(t, "1"))
	require.Error(t, a.Save(t.Context(), []domain.Snapshot{{Kind: "session", ID: "1", Epoch: 5, Data: []byte("first")}}),
		"the SQL store is told again")
	require.Equal(t, "first", b.load(t, "1"), "but Redis has it")

	_ = b.Save(t.Context(), []domain.Snapshot{
		{Kind: "session", ID: "1", Epoch: 6, Data: []byte("of the new owner")},
		{Kind: "session", ID: "2", Epoch: 1, Data: []byte("other"), ExpiresAt: time.Now().Add(time.Hour)},
		{Kind: "session", ID: "3", Epoch: 1, Data: []byte("gone"), ExpiresAt: time.Now().Add(-time.Hour)},
	})
	_ = a.Save(t.Context(), []domain.Snapshot{{Kind: "session", ID: "1", Epoch: 5, Data: []byte("of the old owner")}})
	require.Equal(t, "of the new owner", a.load(t, "1"))
	_ = b.Save(t.Context(), []domain.Snapshot{{Kind: "session", ID: "1", Epoch: 6, Data: []byte("later")}})
	require.Equal(t, "later", a.load(t, "1"))
	require.Equal(t, "other", a.load(t, "2"))
	require.Empty(t, a.load(t, "3"))
	s, err := a.Load(t.Context(), "session", "2")
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(time.Hour), s.ExpiresAt, time.Minute)
}

// While Redis is away the database does its work; when it is back it has what
// it missed, also where another process wrote that.
func TestRedisDiesAndReturns(t *testing.T) {
	t.Parallel()
	server := testkit.StartRedis(t)
	sql := openStore(t)
	n := startNode(t, server.URL, sql)
	n.await(t, true)
	n.save(t, "1", 1, "before")
	server.Kill()
	n.save(t, "1", 1, "during")
	n.await(t, false)
	require.Equal(t, "during", n.load(t, "1"))
	require.NoError(t, sql.Snapshots().Save(t.Context(), []domain.Snapshot{{Kind: "session", ID: "2", Epoch: 1, Data: []byte("of a dead node")}}))
	n.save(t, "3", 1, "third")
	require.Positive(t, n.client.Stats().Outages)

	server.Up()
	n.await(t, true)
	n.away.Store(true)
	require.Eventually(t, func() bool {
		s, err := n.Load(t.Context(), "session", "2")
		return err == nil && string(s.Data) == "of a dead node"
	}, 20*time.Second, 5*time.Millisecond)
	require.Equal(t, "during", n.load(t, "1"), "not what Redis remembers of before")
	require.Equal(t, "third", n.load(t, "3"))
}

// When both died, each is used as soon as it is back.
func TestRedisReturnsBeforeTheDatabase(t *testing.T) {
	t.Parallel()
	server := testkit.StartRedis(t)
	n := startNode(t, server.URL, openStore(t))
	n.await(t, true)
	n.save(t, "1", 1, "of before")
	n.save(t, "2", 1, "of before")
	server.Kill()
	n.save(t, "1", 1, "missed by redis")
	n.await(t, false)
	n.away.Store(true)

	server.Up()
	n.await(t, true)
	require.Equal(t, "of before", n.load(t, "2"))
	saved := func(id, data string) error {
		return n.Save(t.Context(), []domain.Snapshot{{Kind: "session", ID: id, Epoch: 1, Data: []byte(data)}})
	}
	require.Error(t, saved("3", "new"), "the database is told again")
	require.Equal(t, "new", n.load(t, "3"), "but Redis has it")
	_, err := n.Load(t.Context(), "session", "4")
	require.Error(t, err)
	require.False(t, domain.IsKind(err, domain.KindNotFound), "Redis cannot know that there is none")

	n.away.Store(false)
	lib := connect(t, server.URL)
	require.Eventually(t, func() bool {
		data, err := lib.HGet(t.Context(), "cch:snap:session:1", "data").Result()
		return err == nil && data == "missed by redis"
	}, 20*time.Second, 10*time.Millisecond, "what it missed follows when the database is back")
	require.Empty(t, n.load(t, "4"))
	require.EqualValues(t, 1, n.client.Stats().Outages)
}

// A server that lost its memory is noticed and gets everything again.
func TestRedisForgets(t *testing.T) {
	t.Parallel()
	server := testkit.StartRedis(t)
	n := startNode(t, server.URL, openStore(t))
	n.await(t, true)
	for i := range 450 { // more than a page
		n.save(t, fmt.Sprint(i), 1, fmt.Sprint("state ", i))
	}
	lib := connect(t, server.URL)
	require.NoError(t, lib.FlushAll(t.Context()).Err())
	require.Equal(t, "state 7", n.load(t, "7"), "from the database")
	require.Eventually(t, func() bool {
		keys, err := lib.Keys(t.Context(), "cch:snap:*").Result()
		return err == nil && len(keys) == 450
	}, 20*time.Second, 5*time.Millisecond)
	n.await(t, true)
	require.Equal(t, "state 7", n.load(t, "7"))
}

func connect(t *testing.T, url string) *goredis.Client {
	t.Helper()
	o, err := goredis.ParseURL(url)
	require.NoError(t, err)
	lib := goredis.NewClient(o)
	t.Cleanup(func() { _ = lib.Close() })
	return lib
}

// A server that does not answer any more costs one call its patience, no other
// call anything.
func TestNobodyWaitsForAServerThatHangs(t *testing.T) {
	t.Parallel()
	server := testkit.StartRedis(t)
	n := startNode(t, server.URL, openStore(t))
	n.await(t, true)
	n.save(t, "1", 1, "state")
	server.Pause()
	defer server.Resume()
	for range 100 {
		require.Equal(t, "state", n.load(t, "1"))
	}
	stats := n.client.Stats()
	require.EqualValues(t, 1, stats.Outages)
	require.EqualValues(t, 1, stats.Failures, "the others did not ask")
	server.Resume()
	n.await(t, true)
	require.Equal(t, "state", n.load(t, "1"))
}

func TestNothingNeedsTheServerAtTheStart(t *testing.T) {
	t.Parallel()
	server := testkit.StartRedis(t)
	server.Kill()
	n := startNode(t, server.URL, openStore(t))
	n.save(t, "1", 1, "early")
	require.Equal(t, "early", n.load(t, "1"))
	require.Error(t, n.client.Ping(t.Context()))
	server.Up()
	n.await(t, true)
	require.NoError(t, n.client.Ping(t.Context()))
	n.away.Store(true)
	require.Equal(t, "early", n.load(t, "1"))
}

// ear remembers what a node heard.
type ear struct {
	mu    sync.Mutex
	heard []string
}

func (e *ear) hear(message []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, string(message))
}

func (e *ear) has(message string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Contains(e.heard, message)
}

func TestNodesHearEachOther(t *testing.T) {
	t.Parallel()
	server := testkit.StartRedis(t)
	sql := openStore(t)
	ears := map[string]*ear{"a": {}, "b": {}}
	channels := map[string]*redis.Channel{}
	for name, e := range ears {
		n := startNode(t, server.URL, sql)
		n.await(t, true)
		channels[name] = n.client.NewChannel(name)
		channels[name].Listen(e.hear)
		t.Cleanup(channels[name].Close)
	}
	say := func(message string) func() bool {
		return func() bool { channels["a"].Publish([]byte(message)); return ears["b"].has(message) }
	}
	require.Eventually(t, say("one\nof two lines"), 20*time.Second, 20*time.Millisecond)
	server.Kill()
	require.Eventually(t, func() bool {
		channels["a"].Publish([]byte("lost"))
		return channels["a"].Dropped() > 0
	}, 20*time.Second, time.Millisecond)
	server.Up()
	require.Eventually(t, say("again"), 20*time.Second, 20*time.Millisecond)
	require.Empty(t, ears["a"].heard, "a node does not hear itself")
}

func TestTLS(t *testing.T) {
	server, certificate := testkit.StartRedisTLS(t)
	t.Setenv("SSL_CERT_FILE", certificate) // before certificates are first read
	other, _ := testkit.StartRedisTLS(t)
	ping := func(o redis.Options) error {
		c, err := redis.Open(o)
		require.NoError(t, err)
		defer func() { _ = c.Close() }()
		return c.Ping(t.Context())
	}
	require.NoError(t, ping(options(server.URL)))
	require.ErrorContains(t, ping(options(other.URL)), "certificate", "nobody vouches for it")
	unchecked := options(other.URL)
	unchecked.SkipVerify = true
	require.NoError(t, ping(unchecked))
	require.Error(t, ping(options("redis"+server.URL[len("rediss"):])), "it speaks TLS only")
}

func TestAURLThatIsNoneDoesNotTellItsPassword(t *testing.T) {
	t.Parallel()
	_, err := redis.Open(options("redis://user:hush@local host:6379/0"))
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hush")
	_, err = redis.Open(options("http://user:hush@localhost"))
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hush")
}
