package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// masterKey is shared by hubs that take each other's databases over.
const masterKey = "ENCRYPTION_KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// tableSums are the lines of cch db copy with the sums of the source.
func tableSums(t testing.TB, out string) []string {
	t.Helper()
	sums := regexp.MustCompile(`(?m)^[a-z_]+ +\d+ rows  [0-9a-f]{64}  same$`).FindAllString(out, -1)
	require.Greater(t, len(sums), 20, out)
	return sums
}

func TestADatabaseGoesToPostgresAndBack(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t, masterKey)
	p.AddProvider(t, testkit.NewUpstream(t, "up"), nil)
	key := p.NewKey(t, "ann")
	for range 3 {
		status, _, body := p.Messages(t, key, testkit.Prompt(false, "hi"))
		require.Equal(t, http.StatusOK, status, body)
	}
	before := p.AwaitLogs(t, "", 3)
	dsn, back := testkit.Postgres(t), "sqlite://"+filepath.Join(t.TempDir(), "cch.db")

	out, code := p.Run("db", "copy", "-to", dsn)
	require.NotZero(t, code, "the hub still runs")
	require.Contains(t, out, "stop the hub first")
	awaitIdle(t, p)
	require.NoError(t, p.Stop())
	out, code = p.Run("db", "copy", "-to", dsn)
	require.Zero(t, code, out)
	there := tableSums(t, out)
	out, code = p.Run("db", "copy", "-from", dsn, "-to", back)
	require.Zero(t, code, out)
	require.Equal(t, there, tableSums(t, out))

	for _, dsn := range []string{dsn, back} {
		q := testkit.StartProgram(t, masterKey, "DSN="+dsn)
		after := q.AwaitLogs(t, "", 3)
		for i := range before {
			require.Equal(t, before[i].Get("costUsd").Raw, after[i].Get("costUsd").Raw)
			require.Equal(t, before[i].Get("requestId").Raw, after[i].Get("requestId").Raw)
		}
		status, _, body := q.Messages(t, key, testkit.Prompt(false, "again"))
		require.Equal(t, http.StatusOK, status, "keys and credentials came along: "+body)
		q.AwaitLogs(t, "", 4)
		awaitIdle(t, q)
		out, code := q.Run("ledger", "verify")
		require.Zero(t, code, out)
	}
}

func TestABackupBringsBackWhatWasDeleted(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	p.AddProvider(t, testkit.NewUpstream(t, "up"), nil)
	key := p.NewKey(t, "ann")
	_, _, _ = p.Messages(t, key, testkit.Prompt(false, "hi"))
	p.AwaitLogs(t, "", 1)
	file := filepath.Join(t.TempDir(), "hub.cchbackup")
	out, code := p.Run("backup", file)
	require.Zero(t, code, out, "the hub may go on meanwhile")
	piped, code := p.Run("backup", "-mode", "config", "-")
	require.Zero(t, code)
	require.True(t, strings.HasPrefix(piped, "PK"), "nothing but the archive goes to standard output")
	for _, sealed := range []string{"upstream-key-of-up", testkit.AdminToken} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NotContains(t, string(text), sealed)
	}

	status, res := p.Admin(t, http.MethodDelete, "/users/1", nil)
	require.Equal(t, http.StatusNoContent, status, res.Raw)
	status, _, _ = p.Messages(t, key, testkit.Prompt(false, "hi"))
	require.Equal(t, http.StatusUnauthorized, status)

	out, code = p.Run("restore", "-dry-run", file)
	require.Zero(t, code, out)
	require.Contains(t, out, "the archive is whole")
	out, code = p.Run("restore", file)
	require.NotZero(t, code)
	require.Contains(t, out, "stop the hub first")
	require.NoError(t, p.Stop())
	out, code = p.Run("restore", file)
	require.Zero(t, code, out)
	safety, err := filepath.Glob(filepath.Join(p.Dir, "backups", "before-restore-*"))
	require.NoError(t, err)
	require.Len(t, safety, 1)

	p.Start()
	status, _, body := p.Messages(t, key, testkit.Prompt(false, "hi"))
	require.Equal(t, http.StatusOK, status, body)
	awaitIdle(t, p)
	out, code = p.Run("ledger", "verify")
	require.Zero(t, code, out)
}
