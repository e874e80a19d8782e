package recorder_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/actors/recorder"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/journal"
	"github.com/claude-code-hub/cch/persistence/store"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

const (
	childDir  = "CCH_RECORDER_CHILD_DIR"
	childFrom = "CCH_RECORDER_CHILD_FROM"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		child(dir, os.Getenv(childFrom))
		return
	}
	os.Exit(m.Run())
}

// process is a recorder over the real journal and the real store.
type process struct {
	store *store.Store
	log   *journal.Journal
	sys   *kit.System
	rec   *recorder.Recorder
}

func boot(ctx context.Context, dir string) (*process, error) {
	s, err := store.Open(ctx, store.Options{DataDir: dir, Sealer: storetest.Sealer{}, AutoMigrate: true})
	if err != nil {
		return nil, err
	}
	j, err := journal.Open(journal.Options{Dir: dir + "/journal", SegmentBytes: 1 << 20})
	if err != nil {
		return nil, err
	}
	p := &process{store: s, log: j, sys: kit.NewSystem(kit.Options{})}
	b := &bank{settled: make(map[protocol.SettleKey]int)}
	ref := p.sys.Spawn(kit.Kind{Name: "bank", New: func(string) kit.Actor { return b }}, "bank")
	p.rec = recorder.New(recorder.Options{
		Journal: j, Store: s.RequestLogs(), System: p.sys, Now: time.Now,
		Quota: func(domain.UserID) kit.Ref { return ref },
	})
	return p, p.rec.Recover(ctx)
}

func (p *process) shutdown(t testing.TB) {
	t.Helper()
	require.NoError(t, p.rec.Close(context.Background()))
	require.NoError(t, p.log.Close())
	require.NoError(t, p.sys.Shutdown(context.Background()))
	require.NoError(t, p.store.Close())
}

// child records requests for ever and names those that it was told are safe.
func child(dir, from string) {
	p, err := boot(context.Background(), dir)
	if err != nil {
		panic(err)
	}
	var n int
	if _, err := fmt.Sscan(from, &n); err != nil {
		panic(err)
	}
	safe := make(chan error, 1)
	done := func(err error) { safe <- err }
	for ; ; n++ {
		p.rec.Started(storetest.Opened(storetest.RequestLog(n)), done)
		if err := <-safe; err != nil {
			panic(err)
		}
		fmt.Println("started", n)
		if n%10 == 9 {
			continue // never ends
		}
		p.rec.Finish(record(n), done)
		if err := <-safe; err != nil {
			panic(err)
		}
		fmt.Println("finished", n)
	}
}

// A process killed at any moment loses no row that was called safe, and counts
// none twice, neither in the log nor in the sums of its sessions.
func TestKilledProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	started, finished := map[int]bool{}, map[int]bool{}
	for round := range 4 {
		run(t, dir, round, started, finished)
		p, err := boot(t.Context(), dir)
		require.NoError(t, err)
		verify(t, p.store, started, finished)
		p.shutdown(t)
	}
}

// run starts a child and kills it after a while.
func run(t *testing.T, dir string, round int, started, finished map[int]bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir, fmt.Sprintf("%s=%d", childFrom, round*1_000_000))
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := 0
	for scan := bufio.NewScanner(out); scan.Scan(); lines++ {
		var what string
		var n int
		_, err := fmt.Sscan(scan.Text(), &what, &n)
		require.NoError(t, err)
		if what == "started" {
			started[n] = true
		} else {
			finished[n] = true
		}
		if lines == 1500+700*round { // in the middle of a batch, or between two
			require.NoError(t, cmd.Process.Kill())
		}
	}
	require.Error(t, cmd.Wait(), "killed")
}

func verify(t *testing.T, s *store.Store, started, finished map[int]bool) {
	t.Helper()
	rows := map[domain.RequestID]int{}
	var counted int64
	for f := (domain.LogFilter{Limit: 1000}); ; {
		page, err := s.RequestLogs().List(t.Context(), f)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		for _, l := range page {
			rows[l.ID] = l.Result.StatusCode
			if l.SessionID != "" {
				counted++
			}
		}
		f.Before = page[len(page)-1].ID
	}
	for n := range started {
		require.NotZero(t, rows[storetest.RequestLog(n).ID], "row of %d", n)
	}
	for n := range finished {
		require.Equal(t, 200, rows[storetest.RequestLog(n).ID], "row of %d", n)
	}
	sessions, err := s.Sessions().List(t.Context(), domain.SessionFilter{Limit: 1_000_000})
	require.NoError(t, err)
	var sum int64
	for _, x := range sessions {
		sum += x.Requests
	}
	require.Equal(t, counted, sum, "requests counted in sessions")
}
