package telemetry_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/telemetry"
)

func TestLoggerRedactsEveryText(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, slog.LevelInfo, func(s string) string {
		return strings.ReplaceAll(s, "sk-secret", "***")
	})
	log = log.With("bound", "sk-secret")
	log.WithGroup("g").Info("message sk-secret", "text", "sk-secret", "error", errors.New("dial sk-secret"),
		"key", domain.Secret("other"))
	log.Debug("not written")
	require.NotContains(t, out.String(), "sk-secret")
	require.NotContains(t, out.String(), "other")
	require.Equal(t, 4, strings.Count(out.String(), "***")-1, out.String())
	require.NotContains(t, out.String(), "not written")
}

func TestParseLevel(t *testing.T) {
	t.Parallel()
	require.Equal(t, slog.LevelDebug, telemetry.ParseLevel("debug"))
	require.Equal(t, slog.LevelError, telemetry.ParseLevel("error"))
	require.Equal(t, slog.LevelInfo, telemetry.ParseLevel("loud"))
}

func TestRegistryServesReadings(t *testing.T) {
	t.Parallel()
	r := telemetry.NewRegistry(func() []telemetry.Reading {
		return []telemetry.Reading{
			{Name: "cch_leases", Help: "Leases held.", Labels: []telemetry.Label{{Name: "kind", Value: "quota"}}, Value: 3},
			{Name: "cch_shed_total", Help: "Requests shed.", Counter: true, Value: 7},
		}
	})
	w := httptest.NewRecorder()
	r.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	require.Equal(t, 200, w.Code)
	require.Contains(t, w.Body.String(), `cch_leases{kind="quota"} 3`)
	require.Contains(t, w.Body.String(), "# TYPE cch_shed_total counter\ncch_shed_total 7")
	require.Contains(t, w.Body.String(), "go_goroutines")
}
