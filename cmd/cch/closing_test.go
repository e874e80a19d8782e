package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/config"
	"github.com/claude-code-hub/cch/internal/testkit"
)

// A part that does not end is named and left behind, and those after it get
// their time.
func TestAStepThatHangsIsNamedAndLeftBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg, _, err := config.Load(map[string]string{"SHUTDOWN_CLEANUP_MS": "5000"})
		require.NoError(t, err)
		var log bytes.Buffer
		a := &App{cfg: cfg, logger: slog.New(slog.NewTextHandler(&log, nil))}
		release := make(chan struct{})
		defer close(release)
		var left time.Duration
		a.onClose("database", func(ctx context.Context) error {
			end, _ := ctx.Deadline()
			left = time.Until(end)
			return nil
		})
		a.onClose("jobs", func(context.Context) error { <-release; return nil })
		a.onClose("late", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		began := time.Now()
		err = a.Close(t.Context())
		require.ErrorIs(t, err, errHangs)
		require.ErrorContains(t, err, "close jobs: ")
		require.ErrorIs(t, err, context.DeadlineExceeded, "late said so itself")
		require.LessOrEqual(t, time.Since(began), 5*time.Second)
		require.Positive(t, left, "what comes later has time left")
		require.Contains(t, log.String(), `step=jobs duration_ms=`)
		require.Contains(t, log.String(), `msg="shutdown step" step=database`)
	})
}

// shutdownTime is what a program of these tests may take to end at most: all of
// its drain, the grace of interrupted streams, all of the time for clean-up, and
// something for a busy machine.
const shutdownTime = 1500*time.Millisecond + 2*time.Second + 4*time.Second + 2500*time.Millisecond

// TestAShutdownEndsInTimeWhateverHangs holds a stream open, takes something
// away and ends the hub.
func TestAShutdownEndsInTimeWhateverHangs(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(t *testing.T) (env []string, hang func(t *testing.T)){
		"nothing":                        func(*testing.T) ([]string, func(*testing.T)) { return nil, func(*testing.T) {} },
		"a database that does not speak": withSilentDatabase,
		"a database that is gone":        withDeadDatabase,
		"a Redis that does not speak":    withSilentRedis,
		"a database that is frozen":      withFrozenDatabase,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, hang := begin(t)
			testShutdown(t, env, hang)
		})
	}
}

func testShutdown(t *testing.T, env []string, hang func(*testing.T)) {
	t.Helper()
	p := testkit.StartProgram(t, append(env, "SHUTDOWN_DRAIN_MS=1500", "SHUTDOWN_CLEANUP_MS=4000", "SHUTDOWN_HARD_EXIT_MS=20000")...)
	healthy := testkit.NewUpstream(t, "up")
	p.AddProvider(t, healthy, nil)
	key := p.NewKey(t, "ann")
	for range 20 {
		status, _, body := p.Messages(t, key, testkit.Prompt(true, "hi"))
		require.Equal(t, http.StatusOK, status, body)
	}
	healthy.Set(testkit.StallMid)
	resp := p.Open(context.Background(), t, key, testkit.Prompt(true, "hi"))
	r := bufio.NewReader(resp.Body)
	_, err := r.ReadString('\n')
	require.NoError(t, err)
	hang(t)
	healthy.Set(testkit.Healthy)
	var load sync.WaitGroup
	for range 20 { // what they leave cannot be written any more
		load.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
			defer cancel()
			if resp := p.Open(ctx, t, key, testkit.Prompt(false, strings.Repeat("x", 20_000))); resp != nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		})
	}
	load.Wait()
	began := time.Now()
	err = p.Stop()
	took := time.Since(began)
	log := p.Log()
	t.Logf("took %v: %v\n%s", took, err, steps(log))
	require.Less(t, took, shutdownTime, log)
	require.NotContains(t, log, "the shutdown took too long")
	for _, step := range []string{`"drain requests"`, `"interrupt requests"`, "recorder", "snapshots", "actors", "journal", "database"} {
		require.Contains(t, log, "step="+step+" duration_ms=", "every step is named with its time")
	}
	rest, err := io.ReadAll(r)
	require.NoError(t, err, "the stream was torn off")
	require.Contains(t, string(rest), "event: error\n")
}

// steps are the lines about the shutdown.
func steps(log string) string {
	var lines []string
	for line := range strings.Lines(log) {
		if strings.Contains(line, "shutdown step") || strings.Contains(line, "shutting down") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

// withSilentDatabase takes what is sent to the database and answers nothing.
func withSilentDatabase(t *testing.T) ([]string, func(*testing.T)) {
	t.Helper()
	dsn, err := url.Parse(testkit.Postgres(t))
	require.NoError(t, err)
	proxy := testkit.StartSlowProxy(t, dsn.Host)
	dsn.Host = proxy.Addr
	return []string{"DSN=" + dsn.String()}, func(*testing.T) { proxy.SetDelay(time.Hour) }
}

func withDeadDatabase(t *testing.T) ([]string, func(*testing.T)) {
	t.Helper()
	server := testkit.NewPostgresServer(t)
	return []string{"DSN=" + server.DSN}, func(t *testing.T) {
		t.Helper()
		server.Kill()
		t.Cleanup(server.Up) // for its own end
	}
}

func withFrozenDatabase(t *testing.T) ([]string, func(*testing.T)) {
	t.Helper()
	server := testkit.NewPostgresServer(t)
	return []string{"DSN=" + server.DSN}, func(t *testing.T) {
		t.Helper()
		server.Freeze()
		t.Cleanup(server.Thaw)
	}
}

func withSilentRedis(t *testing.T) ([]string, func(*testing.T)) {
	t.Helper()
	server := testkit.StartRedis(t)
	return []string{"REDIS_URL=" + server.URL}, func(t *testing.T) {
		t.Helper()
		server.Pause()
		t.Cleanup(server.Resume)
	}
}
