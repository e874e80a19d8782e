package main

import (
	"net/http"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/bus"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/testkit"
)

// redisStatus is what readiness says of the whole and of Redis.
func redisStatus(t testing.TB, p *testkit.Program) (status int, whole, redis string) {
	t.Helper()
	status, health := testkit.CallJSON(t, http.MethodGet, p.URL+"/api/health/ready", "", nil)
	return status, health.Get("status").String(), health.Get("components.redis.status").String()
}

// Redis dies in the middle of traffic and comes back: no client notices, health
// tells, and sessions are where they were after a restart, whichever of the two
// stores knows that.
func TestNoClientNoticesThatRedisDies(t *testing.T) {
	server := testkit.StartRedis(t)
	a, b := testkit.NewUpstream(t, "a"), testkit.NewUpstream(t, "b")
	p := testkit.StartProgram(t, "REDIS_URL="+server.URL)
	p.AddProvider(t, a, nil)
	p.AddProvider(t, b, nil)
	key := p.NewKey(t, "ann")
	require.Eventually(t, func() bool { return p.Metric(t, "cch_redis_up", "") == 1 }, 20*time.Second, 20*time.Millisecond)
	status, whole, redis := redisStatus(t, p)
	require.Equal(t, []any{200, "healthy", "up"}, []any{status, whole, redis})

	send := func(session string) {
		status, _, body := p.Messages(t, key, testkit.Prompt(true, "hi"), "X-Claude-Code-Session-Id", session)
		require.Equal(t, http.StatusOK, status, body)
	}
	send("11111111-1111-4111-8111-111111111111")
	stop := make(chan struct{})
	var load sync.WaitGroup
	for range 4 {
		load.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					send("22222222-2222-4222-8222-222222222222")
				}
			}
		})
	}
	server.Kill()
	require.Eventually(t, func() bool { return p.Metric(t, "cch_redis_up", "") == 0 }, 20*time.Second, 20*time.Millisecond)
	status, whole, redis = redisStatus(t, p)
	require.Equal(t, []any{200, "degraded", "down"}, []any{status, whole, redis})
	sent := a.Count() + b.Count()
	require.Eventually(t, func() bool { return a.Count()+b.Count() > sent+20 }, 20*time.Second, 10*time.Millisecond, "everything goes on")
	server.Up()
	require.Eventually(t, func() bool { return p.Metric(t, "cch_redis_up", "") == 1 }, 20*time.Second, 20*time.Millisecond)
	close(stop)
	load.Wait()

	for range 2 { // with Redis, and without
		counts := [2]int{a.Count(), b.Count()}
		require.NoError(t, p.Stop())
		p.Start()
		for range 6 {
			send("11111111-1111-4111-8111-111111111111")
		}
		moved := [2]int{a.Count() - counts[0], b.Count() - counts[1]}
		require.Contains(t, [][2]int{{6, 0}, {0, 6}}, moved, "the session stays with its provider")
		server.Kill()
	}
}

// Nodes tell each other of configuration and of the health of providers.
func TestNodesAnnounceThroughRedis(t *testing.T) {
	server := testkit.StartRedis(t)
	p := testkit.StartProgram(t, "REDIS_URL="+server.URL)
	options, err := goredis.ParseURL(server.URL)
	require.NoError(t, err)
	lib := goredis.NewClient(options)
	t.Cleanup(func() { _ = lib.Close() })
	heard := lib.Subscribe(t.Context(), "cch:bus")
	t.Cleanup(func() { _ = heard.Close() })
	_, err = heard.Receive(t.Context())
	require.NoError(t, err)
	require.Eventually(t, func() bool { return p.Metric(t, "cch_redis_up", "") == 1 }, 20*time.Second, 20*time.Millisecond)

	id := p.AddProvider(t, testkit.NewUpstream(t, "up"), nil)
	select {
	case m := <-heard.Channel():
		require.NotEmpty(t, m.Payload)
	case <-time.After(20 * time.Second):
		t.Fatal("the change of configuration was not announced")
	}

	news, err := bus.Encode(&protocol.ProviderHealth{ProviderHealth: domain.ProviderHealth{
		ProviderID: domain.ProviderID(id), Breaker: domain.BreakerOpen, OpenUntil: time.Now().Add(time.Hour),
		Epoch: time.Now().Add(time.Hour).UnixMilli(), Seq: 1, At: time.Now(),
	}})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		require.NoError(t, lib.Publish(t.Context(), "cch:bus", append([]byte("another node\n"), news...)).Err())
		return breaker(t, p, id) == "open"
	}, 20*time.Second, 50*time.Millisecond)
}
