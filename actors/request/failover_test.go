package request

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// sent are the messages of one type that a machine sent, in order.
func sent[T any](r run) []T {
	var out []T
	for _, m := range r.fx.msgs {
		if v, ok := m.(T); ok {
			out = append(out, v)
		}
	}
	return out
}

// chainOf is the chain of a settled run.
func chainOf(t *testing.T, r run) []domain.ChainEntry {
	t.Helper()
	var entries []domain.ChainEntry
	require.NoError(t, json.Unmarshal([]byte(r.fx.record.Detail.Chain), &entries))
	return entries
}

func reasonsOf(t *testing.T, r run) []domain.ChainReason {
	t.Helper()
	var out []domain.ChainReason
	for _, e := range chainOf(t, r) {
		out = append(out, e.Reason)
	}
	return out
}

func TestFailover(t *testing.T) {
	t.Parallel()
	r := newWorld().run().to(t, attempting)

	r.attempted(r.failure(500), noon)
	require.Equal(t, backingOff, r.state)
	r.backoffOver(noon)
	r.slotAnswered(free, 0, noon)
	r.attempted(r.failure(500), noon)
	require.Equal(t, acquiring, r.state, "the second failure switches without a pause")
	r.slotAnswered(free, 0, noon)
	r.attempted(r.success(), noon)
	r.journaled(nil)

	require.Equal(t, []string{
		"tell provider 1 SlotReport", "closed provider 1", "wake", "ask provider 1", "answer attempt 2 at 1",
		"tell provider 1 SlotReport", "closed provider 1", "ask provider 2", "answer attempt 3 at 2",
		"tell provider 2 SlotReport", "closed provider 2", "tell session SessionBind", "closed session",
		"journal success", "closed quota", "answer done", "stop",
	}, r.fx.took())

	var givenUp []bool
	for _, report := range sent[*protocol.SlotReport](r) {
		givenUp = append(givenUp, report.GivenUp)
		require.Equal(t, int64(7), report.Generation)
	}
	require.Equal(t, []bool{false, true, true}, givenUp, "a failing provider is counted once")

	require.Equal(t, []domain.ChainReason{
		domain.ReasonInitialSelection, domain.ReasonRetryFailed, domain.ReasonRetryFailed,
		domain.ReasonRetrySuccess, domain.ReasonBindingChanged,
	}, reasonsOf(t, r))
	row := r.fx.record.Log
	require.Equal(t, domain.ProviderID(2), row.Upstream.ProviderID)
	require.Equal(t, domain.ProviderID(1), row.Upstream.FirstProviderID)
	require.Equal(t, 3, row.Upstream.Attempts)
}

func TestEverybodyFails(t *testing.T) {
	t.Parallel()
	r := newWorld().run().to(t, attempting)
	for range 3 {
		r.attempted(r.failure(403), noon) // switches at once
		if r.state == acquiring {
			r.slotAnswered(free, 0, noon)
		}
	}
	r.journaled(nil)
	require.Equal(t, domain.CodeAllProvidersFailed, r.fx.last.Reject.Fault.Code)
	row := r.fx.record.Log
	require.Equal(t, 503, row.Result.StatusCode)
	require.Equal(t, domain.OutcomeFailure, row.Result.Outcome)
	require.Equal(t, "it broke", row.Result.ErrorMessage)
	require.Empty(t, row.Result.BlockedBy)
	require.Equal(t, "it broke", r.fx.record.Detail.Error)
	require.Len(t, r.fx.record.Settles, 1)
}

func TestAnAnswerThatBrokeOffIsNotRepeated(t *testing.T) {
	t.Parallel()
	for kind, code := range map[domain.FailureKind]string{
		domain.FailStreamBroken: "stream_aborted", domain.FailTimeout: "stream_idle_timeout",
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			r := newWorld().run().to(t, attempting)
			res := r.failure(502)
			res.Failure, res.Committed, res.Usage = kind, true, domain.Usage{Input: 5}
			r.attempted(res, noon)
			r.journaled(nil)
			require.NotNil(t, r.fx.last.Done)
			row := r.fx.record.Log
			require.Equal(t, 502, row.Result.StatusCode)
			require.Equal(t, code, row.Result.ErrorCode)
			require.Equal(t, domain.OutcomeFailure, row.Result.Outcome)
			require.Equal(t, int64(5), row.Usage.Input, "what came is recorded")
		})
	}
}

func TestClientLeavesInMidStream(t *testing.T) {
	t.Parallel()
	r := newWorld().run().to(t, attempting)
	r.attempted(&protocol.AttemptResult{
		N: 1, Class: domain.ClassClientAbort, Status: 499, Committed: true, Usage: domain.Usage{Output: 3}, UsageSource: domain.UsagePartial,
	}, noon)
	require.Equal(t, 499, r.fx.record.Log.Result.StatusCode)
	require.Equal(t, domain.OutcomeClientAbort, r.fx.record.Log.Result.Outcome)
	require.Equal(t, int64(3), r.fx.record.Log.Usage.Output)
	chain := chainOf(t, r)
	require.Equal(t, []domain.ChainReason{domain.ReasonInitialSelection, domain.ReasonClientAbort}, reasonsOf(t, r))
	require.Equal(t, "streaming", chain[1].Phase)
	bind := sent[*protocol.SessionBind](r)
	require.True(t, bind[0].Keep, "the session keeps its provider and its prompt cache")
}

func TestRefusedSlotsAreNoAttempts(t *testing.T) {
	t.Parallel()
	r := newWorld().run().to(t, acquiring)
	r.slotAnswered(full, 0, noon)
	r.slotAnswered(&protocol.SlotGrant{DeniedBy: protocol.DeniedHalfOpenBusy, Breaker: domain.BreakerHalfOpen}, 0, noon)
	r.slotAnswered(free, 0, noon)
	r.attempted(r.success(), noon)

	require.Equal(t, 1, r.fx.last.Attempt.N)
	require.Equal(t, 1, r.fx.record.Log.Upstream.Attempts)
	require.Equal(t, []domain.ChainReason{
		domain.ReasonInitialSelection, domain.ReasonConcurrentLimit, domain.ReasonAcquireRefused,
		domain.ReasonRequestSuccess, domain.ReasonBindingChanged,
	}, reasonsOf(t, r))
	chain := chainOf(t, r)
	require.Equal(t, 4, chain[1].Context.ConcurrentLimit)
	require.Equal(t, 4, chain[1].Context.CurrentConcurrent)
	require.Equal(t, "half_open_busy", chain[2].Detail)
	require.NotNil(t, chain[3].Context, "a later choice is explained where its outcome stands")
	require.Equal(t, []domain.ProviderID{1, 2}, chain[3].Context.ExcludedProviderIDs)
}

func TestEverybodyRefuses(t *testing.T) {
	t.Parallel()
	r := newWorld().run().to(t, acquiring)
	for range 3 {
		r.slotAnswered(full, 0, noon)
	}
	r.journaled(nil)
	f := r.fx.last.Reject.Fault
	require.Equal(t, domain.CodeAllRateLimited, f.Code)
	require.Equal(t, 900*time.Millisecond, f.RetryAfter)
	row := r.fx.record.Log
	require.Equal(t, 503, row.Result.StatusCode)
	require.Equal(t, domain.OutcomeBlocked, row.Result.Outcome)
	require.Equal(t, domain.BlockedNoProvider, row.Result.BlockedBy)
	require.Equal(t, "all_rate_limited", row.Result.BlockedReason)
	require.Zero(t, row.Upstream)
	require.Len(t, r.fx.record.Settles, 1, "it was admitted: its reservation goes back with a settlement")
}

func TestATierIsLeftAfterEightRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(func(w *world) {
		last := w.providers[2]
		w.providers = nil
		for id := range 20 {
			p := *last
			p.ID, p.Name, p.Routing.Priority = domain.ProviderID(id+10), fmt.Sprintf("same%d", id), 0
			w.providers = append(w.providers, &p)
		}
		w.providers = append(w.providers, last) // priority 2
	})
	r := w.run().to(t, acquiring)
	for range 7 {
		r.slotAnswered(full, 0, noon)
	}
	require.NotEqual(t, domain.ProviderID(3), r.slot.choice.Provider.ID)
	r.slotAnswered(full, 0, noon)
	require.Equal(t, domain.ProviderID(3), r.slot.choice.Provider.ID)
}

func TestARetryThatIsRefusedSwitches(t *testing.T) {
	t.Parallel()
	r := newWorld().run().to(t, backingOff)
	r.backoffOver(noon)
	r.slotAnswered(&protocol.SlotGrant{DeniedBy: protocol.DeniedCircuitOpen}, 0, noon)
	require.Equal(t, domain.ProviderID(2), r.slot.choice.Provider.ID)
	r.slotAnswered(free, 0, noon)
	require.Equal(t, 2, r.fx.last.Attempt.N)
}

func TestASilentProviderIsJudgedByOurOwnCount(t *testing.T) {
	t.Parallel()
	limited := func(w *world) { w.providers[0].Limits.ConcurrentRequests = 2 }

	r := newWorld(limited).run().to(t, acquiring)
	r.slotAnswered(nil, 1, noon)
	require.Equal(t, domain.ProviderID(1), r.fx.last.Attempt.ProviderID)
	require.Equal(t, []string{"provider"}, r.fx.last.Attempt.Degraded)

	r = newWorld(limited).run().to(t, acquiring)
	r.slotAnswered(nil, 2, noon)
	require.Equal(t, []string{"tell provider 1 LeaseRelease", "closed provider 1", "ask provider 2"}, r.fx.took())
}

func TestPrecommitDeadlineEndsFailover(t *testing.T) {
	t.Parallel()
	r := newWorld(func(w *world) { w.settings.PrecommitDeadline = time.Second }).run().to(t, attempting)
	r.attempted(r.failure(500), noon.Add(2*time.Second))
	require.Equal(t, settling, r.state)
}

func TestTokenCountsAreTriedOncePerProviderAndBindNothing(t *testing.T) {
	t.Parallel()
	r := newWorld(func(w *world) { w.request.Class = domain.CallCount }).run().to(t, attempting)
	r.attempted(r.failure(500), noon)
	require.Equal(t, domain.ProviderID(2), r.slot.choice.Provider.ID)
	r.slotAnswered(free, 0, noon)
	r.attempted(r.success(), noon)
	bind := sent[*protocol.SessionBind](r)
	require.True(t, bind[0].Keep)
	require.Zero(t, bind[0].ProviderID)
}

func TestModelRedirect(t *testing.T) {
	t.Parallel()
	redirecting := func(class domain.CallClass) func(*world) {
		return func(w *world) {
			w.request.Class = class
			w.providers[0].Routing.ModelRedirects = []domain.ModelRedirect{
				{MatchType: domain.MatchPrefix, Source: "claude-", Target: "kimi"},
			}
		}
	}
	r := newWorld(redirecting(domain.CallGenerate)).run().to(t, attempting)
	require.Equal(t, "kimi", r.fx.last.Attempt.Model)
	require.True(t, r.fx.last.Attempt.Redirected)
	r.attempted(r.failure(403), noon)
	r.slotAnswered(free, 0, noon)
	require.Equal(t, "claude-sonnet-4-5", r.fx.last.Attempt.Model, "the original is back on another provider")
	require.False(t, r.fx.last.Attempt.Redirected)
	r.attempted(r.success(), noon)
	chain := chainOf(t, r)
	require.Equal(t, "kimi", chain[1].Redirect.RedirectedModel)
	require.Nil(t, chain[2].Redirect)
	require.Equal(t, "claude-sonnet-4-5", r.fx.record.Log.Upstream.ModelSent)

	r = newWorld(redirecting(domain.CallResource)).run().to(t, attempting)
	require.Equal(t, "claude-sonnet-4-5", r.fx.last.Attempt.Model, "a byte passthrough is not edited")
}
