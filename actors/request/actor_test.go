package request_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/actors/request"
	"github.com/claude-code-hub/cch/internal/domain"
)

// serve plays the HTTP goroutine: the first attempt fails, the second succeeds.
// It returns the error of the ask that failed, or nil when the request is done.
func (h *hub) serve(ctx context.Context, actor kit.Ref) (protocol.Decision, error) {
	defer h.keeper.Tell(&protocol.LeaseDrop{ReqID: 77})
	answer, err := kit.Ask[*request.Answer](ctx, actor, admit())
	for err == nil && answer.Decision.Attempt != nil {
		n := answer.Decision.Attempt.N
		res := result(n, domain.ClassOK, 200)
		if n == 1 {
			res = result(n, domain.ClassProviderError, 500)
		}
		answer, err = kit.Ask[*request.Answer](ctx, answer.Run, res)
	}
	if err != nil {
		return protocol.Decision{}, err
	}
	return answer.Decision, nil
}

func (h *hub) close(t *testing.T) {
	t.Helper()
	require.NoError(t, h.sys.Shutdown(context.Background()))
}

func TestARequestFromFirstToLast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHub(hubOptions{})
		defer h.close(t)
		begun := time.Now()
		decision, err := h.serve(t.Context(), h.sys.Spawn(h.kind, "77"))
		require.NoError(t, err)
		require.Equal(t, int64(1), decision.Done.SessionSeq)
		require.Len(t, h.recorder.records, 1)
		require.Equal(t, domain.OutcomeSuccess, h.recorder.records[0].Log.Result.Outcome)
		require.InDelta(t, 100, time.Since(begun).Milliseconds(), 60, "one pause before the second attempt")
		synctest.Wait()
		require.Empty(t, h.ledger.out())
		require.Zero(t, h.figures.tracked.Load())
		require.Zero(t, h.figures.released.Load(), "a regular end leaves the keeper nothing to release")
		for _, s := range h.sys.Stats() {
			if s.Kind == "request" {
				require.Zero(t, s.Live, "the actor ends with its request")
			}
		}
	})
}

func TestAKeeperDoesNotRenewWhatWasGivenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHub(hubOptions{})
		defer h.close(t)
		actor := h.sys.Spawn(h.kind, "77")
		_, err := kit.Ask[*request.Answer](t.Context(), actor, admit())
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, int64(3), h.figures.tracked.Load())
		actor.Tell(result(1, domain.ClassProviderError, 500))
		synctest.Wait() // in the pause before the next attempt
		require.Equal(t, int64(2), h.figures.tracked.Load())
	})
}

// A silent provider is judged by this node's own calls, of which a lost actor's
// is none any more.
func TestCallsOfLostActorsDoNotCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHub(hubOptions{mute: "provider"})
		defer h.close(t)
		called := func() (kit.Ref, domain.ProviderID) {
			a := admit()
			a.Catalog.Provider(1).Limits.ConcurrentRequests = 1
			answer, err := kit.Ask[*request.Answer](t.Context(), h.sys.Spawn(h.kind, "77"), a)
			require.NoError(t, err)
			return answer.Run, answer.Decision.Attempt.ProviderID
		}
		first, id := called()
		require.Equal(t, domain.ProviderID(1), id)
		_, id = called()
		require.Equal(t, domain.ProviderID(2), id, "the first call takes the only slot")
		first.Kill()
		synctest.Wait()
		_, id = called()
		require.Equal(t, domain.ProviderID(1), id)
	})
}

// The request actor is made to fail at each of its messages in turn, by panic
// and by kill: the waiting goroutine learns it at once and no lease is left.
func TestNothingLeaksWhereverItFails(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"panic", "kill"} {
		for at := 1; ; at++ {
			kind := ""
			t.Run(fmt.Sprintf("%s at message %d", how, at), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { kind = failAt(t, how, at) })
			})
			if kind == "" {
				require.Greater(t, at, 8, "a request takes more messages than that")
				break
			}
		}
	}
}

// failAt runs a request that fails at its message number at, and returns the
// type of that message; nothing if the request takes fewer.
func failAt(t *testing.T, how string, at int) (kind string) {
	t.Helper()
	seen := 0
	var actor kit.Ref
	known := make(chan struct{})
	h := newHub(hubOptions{intercept: func(name, _ string, _ kit.Ref, msg any) {
		if name != "request" {
			return
		}
		if seen++; seen != at {
			return
		}
		kind = fmt.Sprintf("%T", msg)
		if how == "panic" {
			panic("injected")
		}
		<-known
		actor.Kill()
	}})
	defer h.close(t)
	actor = h.sys.Spawn(h.kind, "77")
	close(known)
	begun := time.Now()
	_, err := h.serve(t.Context(), actor)
	require.Less(t, time.Since(begun), time.Second)
	synctest.Wait()
	require.Empty(t, h.ledger.out(), "after %s at %s (%v)", how, kind, err)
	if err != nil {
		var failed *kit.FailedError
		require.True(t, errors.As(err, &failed) || errors.Is(err, kit.ErrDeadLetter), "%v", err)
	}
	if kind == "" {
		require.NoError(t, err)
	}
	return kind
}

func TestSilentNeighboursDegradeARequest(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		took time.Duration
		want []string
	}{
		"session":                {50 * time.Millisecond, []string{"session"}},
		"provider":               {50 * time.Millisecond, []string{"provider"}},
		"quota":                  {2 * time.Second, []string{"quota"}},
		"quota session provider": {2050 * time.Millisecond, []string{"session", "quota", "provider"}},
	}
	for mute, tc := range tests {
		t.Run(mute, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := newHub(hubOptions{mute: mute})
				defer h.close(t)
				begun := time.Now()
				answer, err := kit.Ask[*request.Answer](t.Context(), h.sys.Spawn(h.kind, "77"), admit())
				require.NoError(t, err)
				require.Equal(t, tc.want, answer.Decision.Attempt.Degraded)
				require.InDelta(t, tc.took.Milliseconds(), time.Since(begun).Milliseconds(), 30)
				_, err = kit.Ask[*request.Answer](t.Context(), answer.Run, result(1, domain.ClassOK, 200))
				require.NoError(t, err)
				h.keeper.Tell(&protocol.LeaseDrop{ReqID: 77})
				synctest.Wait()
				require.Empty(t, h.ledger.out(), "a grant nobody heard of goes back too")
			})
		})
	}
}

// While a quota actor is silent its user has as many requests at a time as the
// limit says, and places are free again when requests end, however they end.
func TestASilentQuotaActorLiftsNoLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		emergency := request.NewEmergency(time.Minute)
		h := newHub(hubOptions{mute: "quota", emergency: emergency})
		defer h.close(t)
		enter := func(id domain.RequestID) (kit.Ref, *request.Answer) {
			a := admit()
			a.Request.ID = id
			a.Request.User = &domain.User{ID: 1, Limits: domain.Limits{ConcurrentRequests: 2}}
			actor := h.sys.Spawn(h.kind, id.String())
			answer, err := kit.Ask[*request.Answer](t.Context(), actor, a)
			require.NoError(t, err)
			return actor, answer
		}
		first, _ := enter(1)
		second, answer := enter(2)
		require.Equal(t, []string{"quota"}, answer.Decision.Attempt.Degraded)
		_, answer = enter(3)
		require.Equal(t, domain.CodeConcurrentRequests, answer.Decision.Reject.Fault.Code)
		require.Equal(t, []string{"quota"}, answer.Decision.Reject.Degraded)

		_, err := kit.Ask[*request.Answer](t.Context(), first, result(1, domain.ClassOK, 200))
		require.NoError(t, err)
		second.Kill()
		synctest.Wait()
		for id := range domain.RequestID(2) {
			actor, answer := enter(4 + id)
			require.NotNil(t, answer.Decision.Attempt)
			defer actor.Kill()
		}
		require.Equal(t, request.EmergencyStats{Admitted: 4, Refused: 1}, emergency.Stats())
	})
}

func TestTheClientMayLeaveAtAnyTime(t *testing.T) {
	t.Parallel()
	for name, mute := range map[string]string{"admitting": "quota session", "acquiring": "provider", "attempting": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := newHub(hubOptions{mute: mute})
				defer h.close(t)
				ctx, leave := context.WithTimeout(t.Context(), 20*time.Millisecond)
				defer leave()
				actor := h.sys.Spawn(h.kind, "77")
				_, err := kit.Ask[*request.Answer](ctx, actor, admit())
				require.Equal(t, mute != "", err != nil)
				actor.Tell(&protocol.ClientGone{})
				synctest.Wait()
				require.Len(t, h.recorder.records, 1)
				require.Equal(t, 499, h.recorder.records[0].Log.Result.StatusCode)
				synctest.Wait()
				require.Empty(t, h.ledger.out())
			})
		})
	}
}

func TestAbortEndsARequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHub(hubOptions{mute: "provider"})
		defer h.close(t)
		actor := h.sys.Spawn(h.kind, "77")
		go func() {
			time.Sleep(10 * time.Millisecond)
			actor.Tell(&protocol.Abort{Why: "router restarted"})
		}()
		answer, err := kit.Ask[*request.Answer](t.Context(), actor, admit())
		require.NoError(t, err)
		require.Equal(t, domain.CodeInternalError, answer.Decision.Reject.Fault.Code)
		synctest.Wait()
		require.Contains(t, h.recorder.records[0].Detail.Chain, "router restarted")
		require.Empty(t, h.ledger.out())
	})
}

func TestWhoeverEndsARequestHearsOfItsRecord(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]any{"gone": &protocol.ClientGone{ReqID: 77}, "abort": &protocol.Abort{ReqID: 77, Why: "operator"}} {
		for _, mute := range []string{"quota session", "provider", ""} {
			t.Run(name+" "+mute, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					h := newHub(hubOptions{mute: mute})
					defer h.close(t)
					ctx, leave := context.WithTimeout(t.Context(), 20*time.Millisecond)
					defer leave()
					actor := h.sys.Spawn(h.kind, "77")
					_, _ = kit.Ask[*request.Answer](ctx, actor, admit())
					_, err := kit.Ask[*request.Answer](t.Context(), actor, end)
					require.NoError(t, err)
					require.Len(t, h.recorder.records, 1)
					_, err = kit.Ask[*request.Answer](t.Context(), actor, end)
					require.ErrorIs(t, err, kit.ErrDeadLetter, "it is over")
					synctest.Wait()
					require.Empty(t, h.ledger.out())
				})
			})
		}
	}
}

func TestARecordIsMadeForALostRequest(t *testing.T) {
	t.Parallel()
	a := admit()
	a.Request.Log = domain.RequestLog{ID: 77, UserID: 8}
	now := a.Request.ReceivedAt.Add(3 * time.Second)
	left := request.Lost(a, nil, false, true, now)
	require.Equal(t, domain.RequestID(77), left.Detail.RequestID)
	require.Equal(t, domain.UserID(8), left.Log.UserID)
	require.Equal(t, 499, left.Log.Result.StatusCode)
	require.Equal(t, 3*time.Second, left.Log.Timing.Duration)
	require.Empty(t, left.Settles)
	at := &protocol.Attempt{N: 2, ProviderID: 4, Begun: domain.BegunLog{Estimate: 50, ProviderEstimate: 40}}
	unanswered := request.Lost(a, at, false, false, now)
	require.Equal(t, protocol.QuotaSettle{
		SettleKey: domain.SettleKey{ReqID: a.Request.ID, Kind: domain.LedgerCharge},
		UserID:    a.Request.User.ID, KeyID: a.Request.Key.ID, SessionID: a.Request.Session.ID, State: "not_billed",
		T: a.Request.ReceivedAt.UnixMilli(), IsFinal: true, Row: domain.LedgerFacts{ProviderID: 4, Model: a.Request.Model},
	}, unanswered.Settles[0])
	broken := request.Lost(a, at, true, false, now)
	require.Equal(t, "estimated", broken.Settles[0].State)
	require.Equal(t, domain.Money(50), broken.Settles[0].Charge)
	require.Equal(t, domain.Money(40), broken.Settles[0].ProviderCost)
	require.Equal(t, 500, broken.Log.Result.StatusCode)
	require.Equal(t, domain.OutcomeFailure, broken.Log.Result.Outcome)
	require.Contains(t, broken.Detail.Chain, "lost")
}

// mutedRecorder never says that it journaled.
type mutedRecorder struct{}

func (mutedRecorder) Finish(*protocol.LogRecord, func(error)) {}

func TestTheWatchdogEndsARequestInWhichNothingHappens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHub(hubOptions{})
		defer h.close(t)
		kind := request.Kind(request.Deps{
			Holders: func(protocol.LeaseKind, string) kit.Ref { return kit.Ref{} },
			Keeper:  h.keeper, Recorder: mutedRecorder{}, Health: healthy{}, Prices: prices(),
		})
		begun := time.Now()
		actor := h.sys.Spawn(kind, "77")
		answer, err := kit.Ask[*request.Answer](t.Context(), actor, admit())
		require.NoError(t, err, "neighbours that cannot be addressed are as good as silent")
		require.Equal(t, "quota session provider", strings.Join(answer.Decision.Attempt.Degraded, " "))

		time.Sleep(time.Hour) // a long answer
		answer, err = kit.Ask[*request.Answer](t.Context(), actor, result(1, domain.ClassOK, 200))
		require.NoError(t, err)
		require.NotNil(t, answer.Decision.Done)
		require.InDelta(t, 70, time.Since(begun).Minutes(), 11)
	})
}
