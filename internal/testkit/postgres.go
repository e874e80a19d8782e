package testkit

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// PostgresEnv names the variable with the DSN of a server in which tests may
// create databases. Without it the tests start one of their own.
const PostgresEnv = "CCH_TEST_POSTGRES_DSN"

// postgresServer is one server for all tests of a process.
//
//nolint:gochecknoglobals // said above
var postgresServer = sync.OnceValues(findPostgres)

// Postgres makes an empty PostgreSQL database, which is dropped when the test
// ends, and returns its DSN. A server that cannot be had fails the test.
func Postgres(t testing.TB) string {
	t.Helper()
	return createDatabase(t, "")
}

// PostgresTemplate is a database from which others are copied, which is quicker
// than to fill each of them.
type PostgresTemplate struct{ name string }

// NewPostgresTemplate makes a database and has it filled. It is dropped when the
// test ends.
func NewPostgresTemplate(t testing.TB, fill func(dsn string)) PostgresTemplate {
	t.Helper()
	dsn := createDatabase(t, "")
	fill(dsn)
	return PostgresTemplate{name: databaseName(t, dsn)}
}

// Database makes a copy, which is dropped when the test ends, and returns its DSN.
func (p PostgresTemplate) Database(t testing.TB) string {
	t.Helper()
	return createDatabase(t, p.name)
}

// PostgresServer is a server of one test, which may end it. It writes to disk as
// a real one does, so that what was committed outlives that.
type PostgresServer struct {
	DSN string // of an empty database

	t   testing.TB
	dir string
}

// NewPostgresServer starts a server that ends with the test.
func NewPostgresServer(t testing.TB) *PostgresServer {
	t.Helper()
	dir, err := os.MkdirTemp("", "cch-postgres-") //nolint:usetesting // another user must reach it, who may not enter t.TempDir
	require.NoError(t, err)
	s := &PostgresServer{t: t, dir: dir}
	t.Cleanup(func() { s.run("stop") })
	s.DSN = strings.TrimSpace(s.run("start"))
	return s
}

// Database makes an empty database and returns its DSN.
func (s *PostgresServer) Database(name string) string {
	s.t.Helper()
	PostgresExec(s.t, s.DSN, "CREATE DATABASE "+name)
	dsn, err := url.Parse(s.DSN)
	require.NoError(s.t, err)
	dsn.Path = "/" + name
	return dsn.String()
}

// Kill ends the server as a crash would.
func (s *PostgresServer) Kill() { s.t.Helper(); s.run("kill") }

// Freeze stops the server in its tracks: it keeps its connections and answers
// nothing until it is thawed.
func (s *PostgresServer) Freeze() { s.t.Helper(); s.run("freeze") }

// Thaw lets a frozen server go on.
func (s *PostgresServer) Thaw() { s.t.Helper(); s.run("thaw") }

// Up starts the server again.
func (s *PostgresServer) Up() { s.t.Helper(); s.run("up") }

func (s *PostgresServer) run(command string) string {
	s.t.Helper()
	script, err := moduleFile("scripts/postgres.sh")
	require.NoError(s.t, err)
	var log syncBuffer
	cmd := exec.Command(script, command, s.dir)
	cmd.Env = append(os.Environ(), "DURABLE=1")
	cmd.Stderr = &log
	out, err := cmd.Output()
	require.NoError(s.t, err, log.String())
	return string(out)
}

// PostgresExec runs statements in a database of a test.
func PostgresExec(t testing.TB, dsn string, statements ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(ctx) }()
	for _, statement := range statements {
		_, err := conn.Exec(ctx, statement)
		require.NoError(t, err, statement)
	}
}

// PostgresScalar asks a database of a test for a text.
func PostgresScalar(t testing.TB, dsn, query string, args ...any) (value string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(ctx) }()
	require.NoError(t, conn.QueryRow(ctx, query, args...).Scan(&value), query)
	return value
}

func createDatabase(t testing.TB, template string) string {
	t.Helper()
	found, err := postgresServer()
	require.NoError(t, err, "tests of PostgreSQL need a server: set %s or let scripts/postgres.sh start one", PostgresEnv)
	server := found.dsn
	var random [6]byte
	_, _ = rand.Read(random[:]) // never fails
	name := "cch_test_" + hex.EncodeToString(random[:])
	create := "CREATE DATABASE " + name
	if template != "" {
		create += " TEMPLATE " + template
	}
	PostgresExec(t, server, create)
	t.Cleanup(func() { PostgresExec(t, server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	dsn, err := url.Parse(server)
	require.NoError(t, err)
	dsn.Path = "/" + name
	return dsn.String()
}

func databaseName(t testing.TB, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	return strings.TrimPrefix(u.Path, "/")
}

// foundPostgres is a server. One that was started lives until keep is closed,
// at the latest when this process ends.
type foundPostgres struct {
	dsn  string
	keep io.Closer // nil = the server of the environment
}

// findPostgres takes the server of the environment, or starts one.
func findPostgres() (foundPostgres, error) {
	if dsn := os.Getenv(PostgresEnv); dsn != "" {
		return foundPostgres{dsn: dsn}, nil
	}
	script, err := moduleFile("scripts/postgres.sh")
	if err != nil {
		return foundPostgres{}, err
	}
	cmd := exec.Command(script, "serve")
	var log syncBuffer
	cmd.Stderr = &log
	keep, err := cmd.StdinPipe()
	if err != nil {
		return foundPostgres{}, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return foundPostgres{}, err
	}
	if err := cmd.Start(); err != nil {
		return foundPostgres{}, fmt.Errorf("start a PostgreSQL server: %w", err)
	}
	dsn, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return foundPostgres{}, fmt.Errorf("start a PostgreSQL server: %w\n%s", errors.Join(err, cmd.Wait()), log.String())
	}
	return foundPostgres{dsn: strings.TrimSpace(dsn), keep: keep}, nil
}

// moduleFile finds a file of the module from the folder of any of its packages.
func moduleFile(name string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, name), nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("%s: not inside the module", name)
		}
		dir = parent
	}
}
