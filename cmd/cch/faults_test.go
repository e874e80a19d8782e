//go:build failpoints

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/failpoint"
	"github.com/claude-code-hub/cch/internal/testkit"
)

// The fault matrix: real servers, real load, one fault at a time, then an audit
// of what the database says against what the upstream and the clients saw. It is
// run by scripts/faults.sh, which sets the variables below.
const (
	faultsEnv    = "CCH_FAULTS"         // full or short
	faultsResult = "CCH_FAULTS_RESULTS" // file that gets one line a fault
)

// faultCase is what happens to a rig under load. forced says of a client that had
// no whole answer that the fault is to blame.
type faultCase struct {
	name   string
	run    func(t *testing.T, r *rig)
	forced func(s sent) bool
	env    []string // of the hub
	sqlite bool     // not PostgreSQL
}

func noneForced(sent) bool { return false }

// cutOff: the hub died.
func cutOff(s sent) bool { return s.status == 0 || s.status == 200 && !s.whole }

// shed: the hub refused in good order.
func shed(s sent) bool { return s.status == 503 && s.retryAfter }

func TestFaultMatrix(t *testing.T) {
	full := os.Getenv(faultsEnv) == "full"
	kills := 2
	if full {
		kills = 20
	}
	servers := &servers{postgres: testkit.NewPostgresServer(t), redis: testkit.StartRedis(t)}
	faults := []faultCase{
		{name: "database killed and restarted", run: killDatabase, forced: noneForced},
		{name: "redis killed and restarted", run: killRedis, forced: noneForced},
		{name: "database and redis killed and restarted", run: killBoth, forced: noneForced},
		{name: fmt.Sprintf("hub killed %d times at random", kills), run: killHub(kills), forced: cutOff},
		{name: "slow database, every statement 2 s", run: slowDatabase, forced: noneForced},
		{name: "disk full, embedded database", run: fillDisk, forced: shed, sqlite: true},
	}
	for _, place := range []string{failpoint.BeforeFirstByte, failpoint.MidStream, failpoint.BeforeLedgerCommit, failpoint.AfterLedgerCommit} {
		faults = append(faults, faultCase{
			name: "hub killed at " + place, run: killAt(place), forced: cutOff,
		})
	}
	if full {
		faults = append(faults,
			faultCase{name: "disk full, hub killed and started on it", run: fillDiskAndKill, forced: func(s sent) bool { return cutOff(s) || shed(s) }},
			faultCase{name: "hub killed at random, embedded database", run: killHub(kills), forced: cutOff, sqlite: true},
		)
	}
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			r := newRig(t, servers, f)
			r.load(8)
			r.awaitSent(100)
			f.run(t, r)
			r.awaitSent(100)
			r.stop()
			result := r.audit(t)
			report(t, f.name, result)
			require.Zero(t, result.bad(), "%+v", result)
			require.Greater(t, result.whole, 200, "there was traffic")
		})
	}
	t.Run("clock jumps", func(t *testing.T) {
		result := jumpClock(t)
		report(t, "clock jumps an hour ahead and two back", result)
		require.Zero(t, result.bad(), "%+v", result)
	})
}

// report adds a line to the results.
func report(t *testing.T, name string, a audit) {
	t.Helper()
	line := fmt.Sprintf("fault: %-42s requests %5d  whole %5d  upstream %5d  rows %5d  lost %d  doubled %d  misbilled %d  unforced errors %d\n",
		name, a.requests, a.whole, a.upstream, a.rows, a.lost, a.doubled, a.misbilled, a.unforced)
	t.Log(line)
	path := os.Getenv(faultsResult)
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = f.WriteString(line)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

func killDatabase(t *testing.T, r *rig) {
	r.servers.postgres.Kill()
	r.awaitSent(300)
	require.Positive(t, r.p.Metric(t, "cch_record_batch_retries_total", ""), "the hub noticed")
	r.servers.postgres.Up()
}

func killRedis(t *testing.T, r *rig) {
	require.Eventually(t, func() bool { return r.p.Metric(t, "cch_redis_up", "") == 1 }, 20*time.Second, 20*time.Millisecond)
	r.servers.redis.Kill()
	require.Eventually(t, func() bool { return r.p.Metric(t, "cch_redis_up", "") == 0 }, 60*time.Second, 20*time.Millisecond)
	r.awaitSent(300)
	r.servers.redis.Up()
	require.Eventually(t, func() bool { return r.p.Metric(t, "cch_redis_up", "") == 1 }, 20*time.Second, 20*time.Millisecond)
}

func killBoth(_ *testing.T, r *rig) {
	r.servers.redis.Kill()
	r.servers.postgres.Kill()
	r.awaitSent(300)
	r.servers.postgres.Up()
	r.servers.redis.Up()
}

func killHub(times int) func(*testing.T, *rig) {
	return func(t *testing.T, r *rig) {
		for range times {
			r.awaitSent(20)
			time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond) // the random point is what is tested
			r.p.Kill()
			r.start()
		}
	}
}

// killAt starts the hub so that it ends itself at a place, and waits for that.
func killAt(place string) func(*testing.T, *rig) {
	return func(t *testing.T, r *rig) {
		r.p.Kill()
		r.p.SetEnv(failpoint.Env + "=" + place + ":" + fmt.Sprint(1+rand.IntN(40)))
		r.launch() // it may end before it is ready
		require.Eventually(t, func() bool { return !r.p.Running() }, 60*time.Second, 10*time.Millisecond)
		require.Contains(t, r.p.Log(), "failpoint "+place+" ends the process")
		r.p.SetEnv(failpoint.Env + "=")
		r.p.Kill()
		r.start()
	}
}

func slowDatabase(t *testing.T, r *rig) {
	r.proxy.SetDelay(2 * time.Second)
	before := r.proxy.Delayed()
	r.awaitSent(300)
	require.Eventually(t, func() bool { return r.proxy.Delayed() > before+5 }, 60*time.Second, 50*time.Millisecond)
	r.proxy.SetDelay(0)
}

// fillDisk fills the disk that has everything, under load, and makes room again.
func fillDisk(t *testing.T, r *rig) {
	ballast := filepath.Join(r.p.Dir, "ballast")
	testkit.Fill(t, ballast)
	require.Eventually(t, func() bool { return r.p.Metric(t, "cch_record_batch_retries_total", "") > 0 }, 60*time.Second, 20*time.Millisecond,
		"the database takes nothing")
	r.awaitSent(300)
	require.NoError(t, os.Remove(ballast))
}

// fillDiskAndKill has the hub start while the journal's disk is full: it takes
// nothing new, and everything again when there is room.
func fillDiskAndKill(t *testing.T, r *rig) {
	ballast := filepath.Join(r.p.Dir, "ballast")
	testkit.Fill(t, ballast)
	for range 3 { // each start uses up what is reserved
		r.p.Kill()
		r.start()
		r.awaitSent(20)
	}
	require.Positive(t, r.p.Metric(t, "cch_shed_requests_total", ""))
	require.NoError(t, os.Remove(ballast))
	require.Eventually(t, func() bool { return r.healthy() }, 60*time.Second, 50*time.Millisecond)
}
