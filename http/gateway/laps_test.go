package gateway_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

// ticking is a clock on which every look takes so long.
func ticking(d time.Duration) func(*world) {
	from := time.Now()
	var looks atomic.Int64
	return func(w *world) {
		w.opts.Now = func() time.Time { return from.Add(time.Duration(looks.Add(1)) * d) }
	}
}

// requireSteps checks that steps follow each other without a gap.
func requireSteps(t *testing.T, guards []domain.GuardTime, names ...string) {
	t.Helper()
	var got []string
	at := int64(0)
	for _, g := range guards {
		require.Equal(t, at, g.AtMs, g.Name)
		require.Positive(t, g.TookMs, g.Name)
		got, at = append(got, g.Name), g.AtMs+g.TookMs
	}
	require.Equal(t, names, got)
}

// Steps that took long are told to the actor, or written down with the refusal;
// of a quick request there is nothing to tell.
func TestStepsThatTakeLong(t *testing.T) {
	t.Parallel()
	h := says(http.StatusOK, "application/json", message)
	w := newWorld(t, ticking(5*time.Millisecond), h)
	require.Equal(t, http.StatusOK, w.post(plainBody).status)
	requireSteps(t, w.actor.lastAdmit(t).Guards, "auth", "body", "rules", "filters", "replay")

	require.Equal(t, http.StatusBadRequest, w.post("{").status)
	_, finished := w.records.rows()
	special, trace, err := domain.DecodeSpecial(finished[0].Detail.Special)
	require.NoError(t, err)
	require.Empty(t, special)
	require.Empty(t, trace.Dials)
	requireSteps(t, trace.Guards, "auth", "body")

	w = newWorld(t, ticking(time.Microsecond), h)
	require.Equal(t, http.StatusOK, w.post(plainBody).status)
	require.Nil(t, w.actor.lastAdmit(t).Guards)
	require.Equal(t, http.StatusBadRequest, w.post("{").status)
	_, finished = w.records.rows()
	require.Empty(t, finished[0].Detail.Special)
}

// The attempt that has to open a connection tells when it did; those that find
// one do not.
func TestAttemptsThatOpenAConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.config.Providers[0].URL = strings.Replace(w.config.Providers[0].URL, "127.0.0.1", "localhost", 1)
	}, says(http.StatusOK, "application/json", message))
	for range 2 {
		require.Equal(t, http.StatusOK, w.post(plainBody).status)
	}
	all := w.actor.wait(t, 2)
	first := all[0].Dialed
	require.NotNil(t, first)
	require.False(t, first.Resolved.Before(all[0].StartedAt))
	require.False(t, first.Connected.Before(first.Resolved))
	require.Zero(t, first.Secured)
	require.Nil(t, all[1].Dialed)
}

// Of an attempt that gets through to nobody it is known how far it came.
func TestAttemptsThatOpenNoConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.config.Providers[0].URL = "http://localhost:1" // nobody may listen there
	}, says(http.StatusOK, "application/json", message), says(http.StatusOK, "application/json", message))
	require.Equal(t, http.StatusOK, w.post(plainBody).status)
	all := w.actor.wait(t, 2)
	require.Equal(t, domain.FailDial, all[0].Failure)
	require.NotNil(t, all[0].Dialed)
	require.Zero(t, all[0].Dialed.Connected)
	require.NotZero(t, all[1].Dialed.Connected)
}
