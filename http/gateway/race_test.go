package gateway_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// slow is an upstream that says what it is told to, when it is told to.
func slow() (say chan string, h http.HandlerFunc) {
	say = make(chan string, 8)
	return say, paced(say)
}

func racing(w *world) { w.actor.hedgeAfter = time.Millisecond }

// byAttempt sorts the results of both calls.
func byAttempt(t *testing.T, w *world) (first, second *protocol.AttemptResult) {
	t.Helper()
	results := w.actor.wait(t, 2)
	require.Len(t, results, 2)
	require.NotEqual(t, results[0].N, results[1].N)
	if results[0].N == 1 {
		return results[0], results[1]
	}
	return results[1], results[0]
}

func TestTheFirstContentWins(t *testing.T) {
	t.Parallel()
	silent, first := slow()
	silent <- messageStart("slow")
	w := newWorld(t, racing, first, streams(wholeStream("fast")))
	a := w.post(streamBody)
	require.Equal(t, 200, a.status)
	requireSame(t, wholeStream("fast"), a.body)

	loser, winner := byAttempt(t, w)
	require.True(t, loser.Lost)
	require.False(t, loser.Committed)
	require.Equal(t, domain.ClassClientAbort, loser.Class, "nobody is to blame")
	require.Nil(t, loser.Request)
	require.Equal(t, domain.ClassOK, winner.Class)
	require.True(t, winner.Complete && winner.Committed && !winner.Lost)
	require.Zero(t, w.gateway.Stats().BodyBytes)
	require.Equal(t, 2, w.actor.results[len(w.actor.results)-1].N, "the winner is reported last")
}

// TestALoserIsHeardOutWhileTheWinnerRuns has both answer; what the slower one
// used is known in the end, and the client sees nothing of it.
func TestALoserIsHeardOutWhileTheWinnerRuns(t *testing.T) {
	t.Parallel()
	late, first := slow()
	fast, second := slow()
	fast <- messageStart("fast") + textDelta("one")
	w := newWorld(t, racing, first, second)
	res, err := w.server.Client().Do(w.request(t.Context(), streamBody))
	require.NoError(t, err)
	defer res.Body.Close()
	begun := messageStart("fast") + textDelta("one")
	_, err = io.ReadFull(res.Body, make([]byte, len(begun)))
	require.NoError(t, err)
	late <- wholeStream("slow")
	close(late)
	loser := w.actor.firstResult(t)
	require.True(t, loser.Lost)
	require.Equal(t, domain.ClassOK, loser.Class)
	require.True(t, loser.Complete)
	require.Equal(t, int64(15), loser.Usage.Output)

	fast <- messageEnd()
	close(fast)
	rest, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	requireSame(t, messageEnd(), string(rest))
	_, winner := byAttempt(t, w)
	require.True(t, winner.Complete)
}

// TestALoserIsNotHeardOutForEver has the slower call go on and on: it is ended,
// and what it used is estimated from what it said.
func TestALoserIsNotHeardOutForEver(t *testing.T) {
	t.Parallel()
	decided := make(chan struct{})
	fast, second := slow()
	fast <- messageStart("fast") + textDelta("one")
	w := newWorld(t, racing, func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-decided
		rw.Header().Set("Content-Type", "text/event-stream")
		_, err := io.WriteString(rw, messageStart("slow"))
		for words := strings.Repeat("word ", 20_000); err == nil; {
			_, err = io.WriteString(rw, textDelta(words))
		}
	}, second)
	res, err := w.server.Client().Do(w.request(t.Context(), streamBody))
	require.NoError(t, err)
	defer res.Body.Close()
	close(decided)
	loser := w.actor.firstResult(t)
	require.True(t, loser.Lost)
	require.Equal(t, domain.ClassClientAbort, loser.Class)
	require.Equal(t, domain.UsagePartial, loser.UsageSource)
	require.Greater(t, loser.Usage.Output, int64(1_000_000), "the words it said")
	fast <- messageEnd()
	close(fast)
	_, err = io.ReadAll(res.Body)
	require.NoError(t, err)
	byAttempt(t, w)
}

func TestLosersMayBeCancelledAtOnce(t *testing.T) {
	t.Parallel()
	_, first := slow()
	fast, second := slow()
	fast <- messageStart("fast") + textDelta("one")
	w := newWorld(t, func(w *world) { racing(w); w.config.Settings.BillHedgeLosers = false }, first, second)
	res, err := w.server.Client().Do(w.request(t.Context(), streamBody))
	require.NoError(t, err)
	defer res.Body.Close()
	loser := w.actor.firstResult(t) // while the winner still runs
	require.True(t, loser.Lost)
	require.Equal(t, 1, loser.N)
	require.True(t, loser.Metered.IsZero())
	fast <- messageEnd()
	close(fast)
	_, err = io.ReadAll(res.Body)
	require.NoError(t, err)
	byAttempt(t, w)
}

func TestARivalThatFailsLeavesTheFirstInPeace(t *testing.T) {
	t.Parallel()
	say, first := slow()
	w := newWorld(t, racing, first, says(500, "application/json", `{"error":{"message":"no"}}`))
	go func() {
		w.actor.awaitResults(1)
		say <- wholeStream("m")
		close(say)
	}()
	a := w.post(streamBody)
	requireSame(t, wholeStream("m"), a.body)
	first1, second := byAttempt(t, w)
	require.Equal(t, domain.ClassProviderError, second.Class)
	require.False(t, second.Lost)
	require.Equal(t, domain.ClassOK, first1.Class)
}

func TestWithoutARivalTheFirstGoesOn(t *testing.T) {
	t.Parallel()
	say, first := slow()
	w := newWorld(t, func(w *world) { racing(w); w.actor.noRival = true }, first)
	go func() {
		w.actor.awaitHedge()
		say <- wholeStream("m")
		close(say)
	}()
	requireSame(t, wholeStream("m"), w.post(streamBody).body)
	require.False(t, w.actor.only(t).Lost)
}

func TestContentInTimeNeedsNoRival(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.actor.hedgeAfter = time.Hour }, streams(wholeStream("m")))
	requireSame(t, wholeStream("m"), w.post(streamBody).body)
	require.Equal(t, domain.ClassOK, w.actor.only(t).Class)
	require.Zero(t, w.actor.hedges)
	require.Zero(t, w.gateway.Stats().BodyBytes)
}

func TestAClientThatLeavesEndsBothCalls(t *testing.T) {
	t.Parallel()
	_, first := slow()
	_, second := slow()
	w := newWorld(t, racing, first, second)
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		w.actor.awaitBegun(t, 2)
		leave()
	}()
	_, err := w.server.Client().Do(w.request(ctx, streamBody))
	require.ErrorIs(t, err, context.Canceled)
	for _, res := range w.actor.wait(t, 2) {
		require.Equal(t, domain.ClassClientAbort, res.Class)
		require.False(t, res.Lost)
	}
	require.Eventually(t, func() bool { return w.gateway.Stats().BodyBytes == 0 }, 5*time.Second, time.Millisecond)
}

func TestEveryProtocolRaces(t *testing.T) {
	t.Parallel()
	eachWire(t, func(t *testing.T, p wire) {
		t.Helper()
		_, first := slow()
		w := newWorld(t, racing, first, streams(p.stream("m-1")))
		a := w.callTo("POST", as("m-1", p.path), as("m-1", p.body))
		requireSame(t, p.stream("m-1"), a.body)
		loser, winner := byAttempt(t, w)
		require.True(t, loser.Lost)
		require.True(t, winner.Complete)
	})
}

func TestTheWinnersBodyIsGoneAtItsFirstByte(t *testing.T) {
	t.Parallel()
	fast, first := slow()
	fast <- messageStart("m") + textDelta("one")
	w := newWorld(t, func(w *world) { w.actor.hedgeAfter = time.Hour }, first)
	body := strings.Replace(streamBody, `"hi"`, `"`+strings.Repeat("x", 100<<10)+`"`, 1)
	res, err := w.server.Client().Do(w.request(t.Context(), body))
	require.NoError(t, err)
	defer res.Body.Close()
	require.Eventually(t, func() bool { return w.gateway.Stats().BodyBytes == 0 }, 5*time.Second, time.Millisecond)
	close(fast)
	_, err = io.ReadAll(res.Body)
	require.NoError(t, err)
}

// A loser that would convert its answer leaves the winner's keep-alives alone.
func TestALoserDoesNotSilenceTheWinner(t *testing.T) {
	t.Parallel()
	p := wires()["chat"]
	late, first := slow()
	fast, second := slow()
	fast <- as("m", p.events[0]+p.events[1])
	w := newWorld(t, func(w *world) {
		converting(t, domain.TypeOpenAICompatible)(w)
		racing(w)
		w.config.Settings.GateKeepaliveAfter = 20 * time.Millisecond
	}, first, second)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	res, err := w.server.Client().Do(w.request(ctx, streamBody))
	require.NoError(t, err)
	defer res.Body.Close()
	var heard strings.Builder
	buf := make([]byte, 512)
	pings := func(n int) {
		for strings.Count(heard.String(), "event: ping") < n {
			n, err := res.Body.Read(buf)
			require.NoError(t, err)
			heard.Write(buf[:n])
		}
	}
	pings(1)
	late <- chatStream(t)
	close(late)
	require.True(t, w.actor.firstResult(t).Lost)
	pings(strings.Count(heard.String(), "event: ping") + 3)
	fast <- as("m", p.events[2]+p.events[3]+p.events[4])
	close(fast)
	rest, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	heard.Write(rest)
	require.Equal(t, 1, strings.Count(heard.String(), `"text":"Hello"`), heard.String())
	require.Contains(t, heard.String(), "event: message_stop")
}
