//go:build failpoints

package main

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// servers are what a hub needs, for one fault after another.
type servers struct {
	postgres  *testkit.PostgresServer
	redis     *testkit.Redis
	databases int
}

// rig is a hub under load, with everything it talks to.
type rig struct {
	t       *testing.T
	servers *servers
	fault   faultCase
	u       *testkit.Upstream
	p       *testkit.Program
	proxy   *testkit.SlowProxy // before the database
	dsn     string             // past the proxy
	key     string

	stopped chan struct{}
	once    sync.Once
	workers sync.WaitGroup

	mu   sync.Mutex
	url  string // of the hub
	sent []sent
}

// sent is a request as its client saw it. Each has a session of its own, by
// which upstream and log are asked for it.
type sent struct {
	session    string
	id         string // the hub's; empty = no answer
	status     int    // 0 = no answer
	whole      bool
	retryAfter bool
	err        string
}

const smallDisk = 320 << 20

func newRig(t *testing.T, s *servers, f faultCase) *rig {
	t.Helper()
	r := &rig{t: t, servers: s, fault: f, u: testkit.NewUpstream(t, "acme"), stopped: make(chan struct{})}
	env := append([]string{"REDIS_URL=" + s.redis.URL, "REDIS_COMMAND_TIMEOUT_MS=500"}, f.env...)
	if !f.sqlite {
		s.databases++
		r.dsn = s.postgres.Database(fmt.Sprintf("fault_%d", s.databases))
		r.proxy = testkit.StartSlowProxy(t, hostOf(t, r.dsn))
		env = append(env, "DSN="+strings.Replace(r.dsn, hostOf(t, r.dsn), r.proxy.Addr, 1))
	}
	r.p = testkit.NewProgram(t, env...)
	if strings.Contains(f.name, "disk") {
		r.p.Dir = testkit.SmallDisk(t, smallDisk)
	}
	t.Cleanup(r.halt)
	r.start()
	price(t, r.p, r.u)
	r.key = r.p.NewKey(t, "ann")
	return r
}

func hostOf(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	return u.Host
}

// start starts the hub and turns the load to it.
func (r *rig) start() {
	r.launch()
	r.p.AwaitReady()
}

func (r *rig) launch() {
	r.p.Launch()
	r.mu.Lock()
	r.url = r.p.URL
	r.mu.Unlock()
}

func (r *rig) healthy() bool {
	status, body := testkit.CallJSON(r.t, http.MethodGet, r.p.URL+"/api/health/ready", "", nil)
	return status == http.StatusOK && body.Get("status").String() == "healthy"
}

// load has so many clients ask until stop.
func (r *rig) load(clients int) {
	for range clients {
		r.workers.Go(func() {
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			for {
				select {
				case <-r.stopped:
					return
				case <-time.After(5 * time.Millisecond): // the machine has other work
				}
				s := r.ask(transport)
				r.mu.Lock()
				r.sent = append(r.sent, s)
				r.mu.Unlock()
			}
		})
	}
}

func (r *rig) ask(transport http.RoundTripper) sent {
	r.mu.Lock()
	target, n := r.url, len(r.sent)
	r.mu.Unlock()
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	s := sent{session: hex.EncodeToString(random[:])}
	req, err := http.NewRequest(http.MethodPost, target+"/v1/messages", strings.NewReader(testkit.Prompt(n%3 != 0, "hello")))
	if err != nil {
		return s
	}
	req.Header.Set("X-Api-Key", r.key)
	req.Header.Set("X-Claude-Code-Session-Id", s.session)
	resp, err := transport.RoundTrip(req)
	if err != nil {
		s.err = err.Error()
		return s
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	s.id, s.status = resp.Header.Get("X-Request-Id"), resp.StatusCode
	s.retryAfter = resp.Header.Get("Retry-After") != ""
	s.whole = err == nil && resp.StatusCode == http.StatusOK
	if !s.whole {
		s.err = fmt.Sprint(err, " ", string(body[:min(len(body), 300)]))
	}
	return s
}

// awaitSent waits until the hub has answered so many requests more.
func (r *rig) awaitSent(n int) {
	r.t.Helper()
	before := r.answered()
	require.Eventually(r.t, func() bool { return r.answered() >= before+n }, 120*time.Second, 5*time.Millisecond)
}

func (r *rig) answered() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sent {
		if s.status != 0 {
			n++
		}
	}
	return n
}

// halt ends the load.
func (r *rig) halt() {
	r.once.Do(func() { close(r.stopped) })
	r.workers.Wait()
}

// stop ends the load, waits until the hub has booked everything and ends it.
func (r *rig) stop() {
	r.t.Helper()
	r.halt()
	require.Eventually(r.t, func() bool {
		for _, name := range []string{"cch_leases", "cch_in_flight_requests", "cch_records_unsettled", "cch_records_pending", "cch_ledger_rows_pending"} {
			if r.p.Metric(r.t, name, "") != 0 {
				return false
			}
		}
		return true
	}, 180*time.Second, 100*time.Millisecond, "something is never booked")
	require.Zero(r.t, r.p.Metric(r.t, "cch_buried_records", ""))
	require.NoError(r.t, r.p.Stop())
}
