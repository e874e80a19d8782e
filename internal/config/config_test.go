package config_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/config"
)

func TestLoadDefaults(t *testing.T) {
	t.Parallel()
	c, warnings, err := config.Load(nil)
	require.NoError(t, err)
	require.Empty(t, warnings)
	require.Equal(t, 23000, c.Server.Port)
	require.Equal(t, 5*time.Minute, c.Upstream.SessionTTL.Duration())
	require.Equal(t, config.Bytes(8<<30), c.Journal.MaxBytes)
	require.True(t, c.Storage.Embedded())
	require.False(t, c.Upstream.BreakOnNetworkErrors)
}

func TestLoadReadsEveryForm(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte("a-token-of-some-length\n"), 0o600))
	c, _, err := config.Load(map[string]string{
		"PORT": "8080", "ADMIN_TOKEN_FILE": file, "ENABLE_RATE_LIMIT": "0", "JOURNAL_MAX_BYTES": "128 MiB",
		"TRUSTED_PROXIES": "10.0.0.0/8,::1", "LOG_LEVEL": "",
	})
	require.NoError(t, err)
	require.Equal(t, 8080, c.Server.Port)
	require.Equal(t, "a-token-of-some-length", c.Auth.AdminToken.Reveal())
	require.False(t, c.Bounds.EnforceRateLimits)
	require.Equal(t, config.Bytes(128<<20), c.Journal.MaxBytes)
	require.Equal(t, []string{"10.0.0.0/8", "::1"}, c.Server.TrustedProxies)
	require.Equal(t, "info", c.Log.Level)
}

func TestLoadReportsEveryFaultAtOnce(t *testing.T) {
	t.Parallel()
	_, _, err := config.Load(map[string]string{
		"APP_PORT": "0", "SESSION_TTL": "29", "ENABLE_RATE_LIMIT": "yes", "ADMIN_TOKEN": "change-me",
		"JOURNAL_FSYNC": "sometimes", "FETCH_BODY_TIMEOUT": "soon", "ENCRYPTION_KEY": "c2hvcnQ=",
		"SHUTDOWN_DRAIN_MS": "30000", "TZ": "Mars/Olympus", "DSN": "oracle://x", "REDIS_URL": "http://:hush@localhost", "REDIS_COMMAND_TIMEOUT_MS": "99",
	})
	require.Error(t, err)
	for _, want := range []string{
		"APP_PORT is 0: use 1 to 65535", "SESSION_TTL is 29: use 30 to 86400 (default 300)",
		`ENABLE_RATE_LIMIT: "yes" is neither true nor false`, "ADMIN_TOKEN is the sample value",
		"JOURNAL_FSYNC is sometimes: use interval, always, never", `FETCH_BODY_TIMEOUT: "soon" is not a whole number`,
		"ENCRYPTION_KEY is not 32 bytes", "SHUTDOWN_HARD_EXIT_MS must be above", "TZ is \"Mars/Olympus\"",
		"DSN names a database", "REDIS_URL is no redis:// or rediss:// URL", "REDIS_COMMAND_TIMEOUT_MS is 99: use 100 to 120000",
	} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "c2hvcnQ=", "a secret must not be echoed")
	require.NotContains(t, err.Error(), "hush", "nor a password in a URL")
}

func TestVariablesWithoutEffectAreWarnedAbout(t *testing.T) {
	t.Parallel()
	_, warnings, err := config.Load(map[string]string{"STREAM_GATE_MODE": "off", "BASE_PATH": "/x"})
	require.NoError(t, err)
	require.Equal(t, []string{
		"BASE_PATH is set but has no effect in this version",
		"STREAM_GATE_MODE is set but has no effect in this version",
	}, warnings)
}

func TestEffectiveMasksSecrets(t *testing.T) {
	t.Parallel()
	c, _, err := config.Load(map[string]string{"ADMIN_TOKEN": "a-very-secret-token"})
	require.NoError(t, err)
	lines := c.Effective()
	require.Contains(t, lines, "ADMIN_TOKEN=***")
	require.Contains(t, lines, "SESSION_TTL=300")
	require.Contains(t, lines, "ENCRYPTION_KEY=")
	for _, l := range lines {
		require.NotContains(t, l, "very-secret")
	}
}

func TestEveryVariableIsDocumented(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, v := range config.Variables() {
		require.NotEmpty(t, v.Doc, v.Name)
		require.False(t, seen[v.Name], "%s is declared twice", v.Name)
		seen[v.Name] = true
	}
}
