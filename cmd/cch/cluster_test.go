package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// nodes are programs that make up one cluster.
type nodes []*testkit.Program

// startNodes starts a cluster on one database and waits until every node has
// actors.
func startNodes(t *testing.T, n int) nodes {
	t.Helper()
	shared := []string{
		"DSN=" + testkit.Postgres(t), "CLUSTER_MODE=automanaged", "CLUSTER_SECRET=a secret of the cluster",
		"ENCRYPTION_KEY=" + base64.StdEncoding.EncodeToString(make([]byte, 32)),
	}
	c := make(nodes, n)
	for i := range c {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		c[i] = testkit.NewProgram(t, append(shared, "CLUSTER_ADDR="+l.Addr().String())...)
		require.NoError(t, l.Close())
		c[i].Start()
	}
	c.await(t, n)
	exported := scrape(t, c[0])
	for _, name := range documentedMetrics(t) {
		if strings.HasPrefix(name, clusterMetrics) {
			require.Contains(t, exported, name)
		}
	}
	return c
}

// await waits until every running node sees so many.
func (c nodes) await(t *testing.T, n int) {
	t.Helper()
	for _, p := range c {
		if p.Running() {
			require.Eventually(t, func() bool { return p.Metric(t, "cch_cluster_nodes", "") == float64(n) }, 60*time.Second, 50*time.Millisecond)
		}
	}
}

// settled waits until nothing is on its way to the database.
func (c nodes) settled(t *testing.T) {
	t.Helper()
	for _, p := range c {
		awaitSettled(t, p)
	}
}

// limits reads what users have used, of each from every given node, and tells
// whether all answered.
func (c nodes) limits(t *testing.T, users []int64) bool {
	t.Helper()
	for _, p := range c {
		for _, user := range users {
			if status, _ := p.Admin(t, http.MethodGet, "/users/"+itoa(user)+"/limit-usage", nil); status != http.StatusOK {
				return false
			}
		}
	}
	return true
}

func TestThreeNodesAreOne(t *testing.T) {
	c := startNodes(t, 3)
	a, b := testkit.NewUpstream(t, "a"), testkit.NewUpstream(t, "b")
	price(t, c[0], a)
	c[1].AddProvider(t, b, testkit.M{"costMultiplier": 1.5, "circuitBreaker": testkit.M{"failureThreshold": 0}})
	_, res := c[2].Admin(t, http.MethodGet, "/cluster/nodes", nil)
	require.Len(t, res.Get("items").Array(), 3, res.Raw)
	require.Empty(t, res.Get(`items.#(state!="active")`).Raw, res.Raw)

	t.Run("a session keeps its provider whichever node is asked", func(t *testing.T) {
		key := c[0].NewKey(t, "ann")
		c.know(t, key)
		for s := range 8 {
			session := fmt.Sprintf("%08d-1111-4111-8111-111111111111", s)
			before := [2]int{a.Count(), b.Count()}
			for i := range 6 {
				status, _, body := c[i%3].Messages(t, key, testkit.Prompt(true, "hi"), "X-Claude-Code-Session-Id", session)
				require.Equal(t, http.StatusOK, status, body)
				// Where a request was bound to has to reach the session's node before
				// the next request does, which comes another way.
				time.Sleep(100 * time.Millisecond)
			}
			require.Contains(t, [][2]int{{6, 0}, {0, 6}}, [2]int{a.Count() - before[0], b.Count() - before[1]}, "session %d", s)
		}
	})
	t.Run("a limit of requests per minute holds for all nodes together", func(t *testing.T) {
		key := c[0].AddKey(t, c[0].AddUser(t, "hasty", testkit.M{"rpmLimit": 10}), "k")
		c.know(t, key)
		require.EqualValues(t, 10, c.flood(t, key, 36))
	})
	t.Run("slots of a provider are counted once", func(t *testing.T) {
		slow := testkit.NewUpstream(t, "slow")
		slow.Set(testkit.SlowContent)
		c[0].AddProvider(t, slow, testkit.M{"groups": []string{"slow"}, "limitConcurrentRequests": 4})
		key := c[0].AddKey(t, c[0].AddUser(t, "patient", testkit.M{"groups": []string{"slow"}}), "k")
		c.know(t, key)
		var asking sync.WaitGroup
		var fine atomic.Int64
		for i := range 15 {
			asking.Go(func() {
				if status, _, _ := c[i%3].Messages(t, key, testkit.Prompt(true, "hi")); status == http.StatusOK {
					fine.Add(1)
				}
			})
		}
		require.Eventually(t, func() bool { return slow.Count() == 4 }, 20*time.Second, 10*time.Millisecond)
		time.Sleep(500 * time.Millisecond) // for more than are allowed
		require.Equal(t, 4, slow.Count())
		slow.Release()
		asking.Wait()
		require.EqualValues(t, 4, fine.Load())
	})
	c.settled(t)
	t.Run("others go on when a node is killed", func(t *testing.T) { c.killOne(t) })
	t.Run("a node that was paused joins anew", func(t *testing.T) { c.pauseOne(t) })
	c.settled(t)
	out, code := c[0].Run("ledger", "verify")
	require.Zero(t, code, out)
	require.Contains(t, out, "0 differences")
	var said sync.WaitGroup
	for _, p := range c {
		said.Go(func() { require.NoError(t, p.Stop()) })
	}
	said.Wait()
	c.balance(t)
}

// balance looks for requests that are lost or doubled in the database.
func (c nodes) balance(t *testing.T) {
	t.Helper()
	count := func(query string, args ...any) string {
		return testkit.PostgresScalar(t, c[0].DSN(), "SELECT count(*)::text FROM request_logs l WHERE "+query, args...)
	}
	require.Equal(t, "0", count("status_code IS NULL"), "no row is left open")
	require.Equal(t, "0", count(`blocked_by IS NULL AND
		(SELECT count(*) FROM usage_ledger u WHERE u.request_id = l.id AND u.is_final) <> 1`), "every admitted request ends in the ledger, once")
	require.Equal(t, "0", count(`status_code = 200 AND provider_id <= 2 AND
		(SELECT sum(charge_nusd) FROM usage_ledger u WHERE u.request_id = l.id) <> $1`, pricedNano), "every answer was charged, once")
	t.Logf("%s requests, %s of them answered, %s interrupted", count("true"), count("status_code = 200"), count("error_code = 'interrupted'"))
}

// know waits until every node knows a key, and all that was changed before it.
func (c nodes) know(t *testing.T, key string) {
	t.Helper()
	for _, p := range c {
		require.Eventually(t, func() bool {
			status, _, _ := p.Call(t, http.MethodGet, "/v1/models", key, "")
			return status == http.StatusOK
		}, 10*time.Second, 5*time.Millisecond)
	}
}

// flood sends so many requests at once, over all nodes, and counts those that
// were let in.
func (c nodes) flood(t *testing.T, key string, n int) int64 {
	t.Helper()
	var asking sync.WaitGroup
	var fine atomic.Int64
	for i := range n {
		asking.Go(func() {
			status, _, body := c[i%len(c)].Messages(t, key, testkit.Prompt(true, "hi "+strconv.Itoa(i)))
			if status == http.StatusOK {
				fine.Add(1)
			} else if status != http.StatusTooManyRequests {
				t.Errorf("status %d: %s", status, body)
			}
		})
	}
	asking.Wait()
	return fine.Load()
}

// load sends requests of several users through nodes until it is ended, and
// returns how many were sent. Every one has to be answered.
func (c nodes) load(t *testing.T, keys []string) (end func() int64) {
	t.Helper()
	stop := make(chan struct{})
	var sent atomic.Int64
	var running sync.WaitGroup
	for i := range 2 * len(c) {
		running.Go(func() {
			for n := i; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				status, _, body := c[i%len(c)].Messages(t, keys[n%len(keys)], testkit.Prompt(true, "hi"))
				if sent.Add(1); status != http.StatusOK {
					t.Errorf("status %d: %s", status, body)
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
	return func() int64 { close(stop); running.Wait(); return sent.Load() }
}

func (c nodes) users(t *testing.T, name string) (users []int64, keys []string) {
	t.Helper()
	for i := range 9 {
		user := c[0].AddUser(t, name+itoa(int64(i)), testkit.M{"dailyLimitUsd": 50})
		users = append(users, user)
		keys = append(keys, c[0].AddKey(t, user, "k"))
	}
	c.know(t, keys[len(keys)-1])
	return users, keys
}

// killOne kills a node under load. Nobody at the others notices, and they have
// its actors within seconds.
func (c nodes) killOne(t *testing.T) {
	t.Helper()
	users, keys := c.users(t, "killed ")
	rest := c[:2]
	end, doomed := rest.load(t, keys[1:]), doom(c[2], keys[0])
	time.Sleep(time.Second)
	killed := time.Now()
	c[2].Kill()
	require.Eventually(t, func() bool { return rest.limits(t, users) }, 30*time.Second, 20*time.Millisecond)
	t.Logf("all actors answer %v after the kill", time.Since(killed).Round(time.Millisecond))
	rest.await(t, 2)
	time.Sleep(2 * time.Second)
	t.Logf("%d requests sent in %v, %v without their quota actor", end(), time.Since(killed).Round(time.Second),
		rest[0].Metric(t, "cch_quota_fail_open_total", "")+rest[1].Metric(t, "cch_quota_fail_open_total", ""))
	c[2].Start()
	c.await(t, 3)
	require.True(t, c.limits(t, users))
	answered := <-doomed
	c.settled(t)
	stored, err := strconv.Atoi(testkit.PostgresScalar(t, c[0].DSN(),
		"SELECT count(*)::text FROM request_logs WHERE user_id = $1 AND status_code = 200", users[0]))
	require.NoError(t, err)
	require.Positive(t, answered)
	require.GreaterOrEqual(t, stored, answered, "what a client of the killed node has read is written down")
	t.Logf("%d answers of the killed node were read, %d are in the log", answered, stored)
}

// doom sends requests through a node until it is gone, and gives how many
// answers were read to their end.
func doom(p *testkit.Program, key string) <-chan int {
	read := make(chan int, 1)
	go func() {
		for n := 0; ; n++ {
			req, err := http.NewRequest(http.MethodPost, p.URL+"/v1/messages", strings.NewReader(testkit.Prompt(false, "hi")))
			if err != nil {
				read <- -1
				return
			}
			req.Header.Set("Authorization", "Bearer "+key)
			req.Header.Set("Content-Type", "application/json")
			resp, err := http.DefaultTransport.RoundTrip(req)
			if err == nil {
				_, err = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
			if err != nil || resp.StatusCode != http.StatusOK {
				read <- n
				return
			}
		}
	}()
	return read
}

// pauseOne stops a node for longer than its lease and has it go on.
func (c nodes) pauseOne(t *testing.T) {
	t.Helper()
	users, keys := c.users(t, "paused ")
	rest := c[:2]
	end := rest.load(t, keys)
	pid := c[2].PID()
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	paused := time.Now()
	time.Sleep(time.Until(paused.Add(8 * time.Second)))
	require.True(t, rest.limits(t, users), "the others have its actors")
	require.NoError(t, syscall.Kill(pid, syscall.SIGCONT))
	require.Eventually(t, func() bool { return c[2].Metric(t, "cch_cluster_rejoins_total", "") == 1 }, 20*time.Second, 20*time.Millisecond)
	t.Logf("it joined anew within %v", (time.Since(paused) - 8*time.Second).Round(time.Millisecond))
	c.await(t, 3)
	end()
	require.True(t, c.limits(t, users))
	for i, user := range users { // no two nodes count the same user
		want := ""
		for _, p := range c {
			_, res := p.Admin(t, http.MethodGet, "/users/"+itoa(user)+"/limit-usage", nil)
			if want == "" {
				want = res.Get("items").Raw
			}
			require.Equal(t, want, res.Get("items").Raw, "user %d", i)
		}
	}
	// Nor does anybody count requests that others do not see.
	key := c[0].AddKey(t, c[0].AddUser(t, "hasty again", testkit.M{"rpmLimit": 10}), "k")
	c.know(t, key)
	require.EqualValues(t, 10, c.flood(t, key, 36))
}
