package testkit

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// AdminToken is the administrator's token of every program a test starts.
const AdminToken = "admin-token-of-the-tests"

// ProcessEnv marks a test binary that must act as the program itself.
const ProcessEnv = "CCH_TEST_PROCESS"

// Program is the running program with a data directory that outlives it.
type Program struct {
	URL string
	Dir string

	t   testing.TB
	env []string
	cmd *exec.Cmd
	log *syncBuffer
	end *ending
}

// StartProgram runs the program on a free port with its own data directory and
// waits until it is ready. env adds NAME=value pairs.
func StartProgram(t testing.TB, env ...string) *Program {
	t.Helper()
	p := NewProgram(t, env...)
	p.Start()
	return p
}

// NewProgram prepares a program that the test starts itself.
func NewProgram(t testing.TB, env ...string) *Program {
	t.Helper()
	p := &Program{t: t, Dir: t.TempDir(), env: env}
	t.Cleanup(func() {
		if p.cmd != nil {
			p.Kill()
		}
		if t.Failed() && p.log != nil {
			t.Logf("log of the program:\n%s", tail(p.log.String(), 6000))
		}
	})
	return p
}

// DSN is the database that StartProgram was given; empty = SQLite in Dir.
func (p *Program) DSN() string {
	for _, kv := range p.env {
		if dsn, ok := strings.CutPrefix(kv, "DSN="); ok {
			return dsn
		}
	}
	return ""
}

// ending is how a run of the program ended: err is set when done is closed.
type ending struct {
	done chan struct{}
	err  error
}

// Start runs the program, also again on the same data directory, and waits until
// it is ready.
func (p *Program) Start() {
	p.t.Helper()
	p.Launch()
	p.AwaitReady()
}

// Launch runs the program without waiting for anything.
func (p *Program) Launch() {
	p.t.Helper()
	port := freePort(p.t)
	p.URL = "http://127.0.0.1:" + strconv.Itoa(port)
	exe, err := os.Executable()
	require.NoError(p.t, err)
	p.cmd = exec.Command(exe, "serve")
	p.cmd.Env = append(os.Environ(), ProcessEnv+"=1", "HOST=127.0.0.1", "APP_PORT="+strconv.Itoa(port),
		"DATA_DIR="+p.Dir, "ADMIN_TOKEN="+AdminToken, "SHUTDOWN_DRAIN_MS=2000", "PRICE_SYNC_URL=off")
	p.cmd.Env = append(p.cmd.Env, p.env...)
	p.log = &syncBuffer{}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	require.NoError(p.t, p.cmd.Start())
	p.end = &ending{done: make(chan struct{})}
	go func(cmd *exec.Cmd, end *ending) {
		end.err = cmd.Wait()
		close(end.done)
	}(p.cmd, p.end)
}

// AwaitReady waits until the program says that it is ready.
func (p *Program) AwaitReady() {
	p.t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for time.Now().Before(deadline) {
		select {
		case <-p.end.done:
			p.t.Fatalf("the program ended before it was ready: %v\n%s", p.end.err, p.log.String())
		case <-time.After(20 * time.Millisecond):
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/api/health/ready", nil)
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		cancel()
		if err == nil && resp.StatusCode == http.StatusOK {
			return
		}
	}
	p.t.Fatalf("the program was not ready in time\n%s", p.log.String())
}

// SetEnv adds variables for what is run from now on.
func (p *Program) SetEnv(env ...string) { p.env = append(p.env, env...) }

// Run runs another command of the program on the same data directory and
// returns what it printed and its exit code.
func (p *Program) Run(args ...string) (out string, code int) {
	p.t.Helper()
	exe, err := os.Executable()
	require.NoError(p.t, err)
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), ProcessEnv+"=1", "DATA_DIR="+p.Dir, "ADMIN_TOKEN="+AdminToken)
	cmd.Env = append(cmd.Env, p.env...)
	printed, err := cmd.CombinedOutput()
	if _, exited := errors.AsType[*exec.ExitError](err); !exited {
		require.NoError(p.t, err)
	}
	return string(printed), cmd.ProcessState.ExitCode()
}

// Running tells whether the program has not ended, by itself or by Kill.
func (p *Program) Running() bool {
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.end.done:
		return false
	default:
		return true
	}
}

// Kill ends the program at once, as a crash would.
func (p *Program) Kill() {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	<-p.end.done
	p.cmd = nil
}

// Stop asks the program to end and waits for it.
func (p *Program) Stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	<-p.end.done
	p.cmd = nil
	return p.end.err
}

// PID is the process id of the running program.
func (p *Program) PID() int { return p.cmd.Process.Pid }

// Log is what the program has written so far.
func (p *Program) Log() string { return p.log.String() }

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

func tail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return "…" + s[strings.IndexByte(s[len(s)-n:], '\n')+len(s)-n:]
}

// syncBuffer is a bytes.Buffer that a process may write while a test reads.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
