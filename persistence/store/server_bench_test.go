package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// clockTicks is the unit of /proc/<pid>/stat: a hundredth of a second.
const clockTicks = 100

// serverTime is the processor time that a PostgreSQL server on this machine has
// used, in seconds, with all its processes, those that ended included; 0 where
// that cannot be told.
func serverTime(b *testing.B, dsn string) (seconds float64) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), dsn)
	require.NoError(b, err)
	defer func() { _ = conn.Close(b.Context()) }()
	var backend int
	require.NoError(b, conn.QueryRow(b.Context(), "SELECT pg_backend_pid()").Scan(&backend))
	fields := processStat(backend)
	if fields == nil {
		return 0 // another machine, or no Linux
	}
	server := fields[1] // the parent of a backend is the server
	ticks := spent(processStat(number(server)))
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		pid := number(filepath.Base(filepath.Dir(path)))
		if child := processStat(pid); child != nil && child[1] == server {
			ticks += spent(child)
		}
	}
	return float64(ticks) / clockTicks
}

// processStat are the fields of a process from its state on; nil = there is none.
func processStat(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
}

// spent is user and system time, with that of children that ended.
func spent(stat []string) (ticks int) {
	if stat == nil {
		return 0
	}
	for at := 11; at <= 14; at++ {
		ticks += number(stat[at])
	}
	return ticks
}

func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}
