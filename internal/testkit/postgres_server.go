package testkit

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// PostgresServer is a PostgreSQL server of one test, which may kill it. It
// writes to disk as a real one does, so that what was committed outlives that.
type PostgresServer struct {
	DSN string

	t   testing.TB
	dir string
}

// StartPostgres starts a server through scripts/postgres.sh. One that cannot be
// had fails the test.
func StartPostgres(t testing.TB) *PostgresServer {
	t.Helper()
	s := &PostgresServer{t: t, dir: t.TempDir()}
	for dir := s.dir; dir != "/" && dir != os.TempDir(); dir = parent(dir) { // the server has a user of its own
		require.NoError(t, os.Chmod(dir, 0o755))
	}
	s.DSN = s.script("start")
	t.Cleanup(func() { s.script("stop") })
	return s
}

func parent(dir string) string { return dir[:max(1, strings.LastIndexByte(dir, '/'))] }

// Database makes an empty database and returns its DSN.
func (s *PostgresServer) Database(name string) string {
	s.t.Helper()
	PostgresExec(s.t, s.DSN, "CREATE DATABASE "+name)
	return strings.Replace(s.DSN, "/postgres?", "/"+name+"?", 1)
}

// Kill ends the server as a crash would.
func (s *PostgresServer) Kill() { s.script("kill") }

// Up starts it again, at the same address.
func (s *PostgresServer) Up() { s.script("up") }

func (s *PostgresServer) script(command string) string {
	s.t.Helper()
	script, err := moduleFile("scripts/postgres.sh")
	require.NoError(s.t, err)
	cmd := exec.Command(script, command, s.dir)
	cmd.Env = append(os.Environ(), "DURABLE=1")
	var log syncBuffer
	cmd.Stderr = &log
	out, err := cmd.Output()
	require.NoError(s.t, err, "tests of PostgreSQL need a server, which scripts/postgres.sh starts: %s", log.String())
	return strings.TrimSpace(string(out))
}
