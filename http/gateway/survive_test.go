package gateway_test

import (
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

// minedClock is a clock whose next reading panics once it is armed.
type minedClock struct{ armed atomic.Bool }

func (c *minedClock) now() time.Time {
	if c.armed.CompareAndSwap(true, false) {
		panic("a mine went off")
	}
	return time.Now()
}

func requireOneStack(t *testing.T, w *world) {
	t.Helper()
	log := w.logs.String()
	require.Equal(t, 1, strings.Count(log, "request panicked"), log)
	require.Contains(t, log, "goroutine")
	require.NotContains(t, log, clientKey)
}

func TestPanicInTheMiddleOfAStream(t *testing.T) {
	t.Parallel()
	clock, next := &minedClock{}, make(chan string)
	w := newWorld(t, func(w *world) { w.opts.Clock = clock.now }, paced(next))
	go func() { next <- messageStart("m") + textDelta("Hel") }()
	res, err := w.server.Client().Do(w.request(t.Context(), streamBody))
	require.NoError(t, err)
	defer res.Body.Close()
	_, err = io.ReadFull(res.Body, make([]byte, len(messageStart("m")+textDelta("Hel"))))
	require.NoError(t, err)
	clock.armed.Store(true)
	next <- textDelta("lo")
	rest, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Contains(t, string(rest), `event: error`+"\n"+`data: {"type":"error","error":{"type":"api_error","message":"internal error"}`)

	got := w.actor.only(t)
	require.Equal(t, domain.FailInternal, got.Failure)
	require.Equal(t, domain.ClassLocalOverload, got.Class, "no provider is to blame")
	require.True(t, got.Committed)
	requireOneStack(t, w)
}

func TestPanicBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	clock := &minedClock{}
	w := newWorld(t, func(w *world) { w.opts.Now = clock.now }, says(200, "application/json", message))
	w.actor.onBegun = func() { clock.armed.Store(true) }
	a := w.post(plainBody)
	require.Equal(t, 500, a.status, a.body)
	require.Contains(t, a.body, `"type":"api_error"`)
	require.Equal(t, domain.FailInternal, w.actor.only(t).Failure)
	requireOneStack(t, w)
}

func TestPanicOutsideOfAnyAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.records.fatal = true }, streams(wholeStream("m")))
	a := w.post(streamBody)
	require.Equal(t, 500, a.status)
	require.Contains(t, a.body, `"message":"internal error"`)
	require.Equal(t, 1, w.actor.closed, "the actor learns that the run is over and writes the record")
	_, finished := w.records.rows()
	require.Empty(t, finished)
	requireOneStack(t, w)
}

func TestPanicBeforeAnyActor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.actor.admitPanics = true })
	a := w.post(plainBody)
	require.Equal(t, 500, a.status)
	row := w.records.onlyRefusal(t)
	require.Equal(t, 500, row.Result.StatusCode)
	require.Equal(t, domain.OutcomeFailure, row.Result.Outcome)
	require.Equal(t, "internal_error", row.Result.ErrorCode)
	requireOneStack(t, w)
	require.Eventually(t, func() bool { return w.gateway.Stats().Running == 0 }, time.Second, time.Millisecond)
}

func TestAFullJournalTurnsRequestsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.records.full = true }, streams(wholeStream("m")))
	a := w.post(streamBody)
	require.Equal(t, 503, a.status)
	require.Contains(t, a.body, "overloaded_error")
	require.NotEmpty(t, a.header.Get("Retry-After"))
	require.Empty(t, w.actor.admits, "nobody is asked")
	require.EqualValues(t, 1, w.gateway.Stats().Shed)
	started, finished := w.records.rows()
	require.Empty(t, started)
	require.Empty(t, finished)
}

// What follows a document by recursion follows brackets to where the stack, and
// with it the process, ends.
func TestAnAnswerOfNothingButBracketsIsNone(t *testing.T) {
	t.Parallel()
	brackets := strings.Repeat("[", 9<<20)
	w := newWorld(t, nil, says(200, "application/json", brackets), says(200, "application/json", message))
	a := w.post(plainBody)
	require.Equal(t, 200, a.status)
	requireSame(t, message, a.body)
	results := w.actor.wait(t, 2)
	require.Equal(t, domain.ClassProviderError, results[0].Class)
	require.Equal(t, domain.ClassOK, results[1].Class)
}
