package request

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

func TestRecordOfASuccess(t *testing.T) {
	t.Parallel()
	r := newWorld(func(w *world) {
		w.request.Log.Client.Kind, w.request.Log.Timing.Queue = "claude-code", 5*time.Millisecond
	}).run().to(t, acquiring)
	r.slotAnswered(free, 0, noon.Add(2*time.Millisecond))
	r.attempted(r.success(), noon.Add(time.Second))
	want := domain.RequestLog{
		ID: 4711, UserID: 8, KeyID: 9, SessionID: "s", SessionSeq: 2, Binding: 1,
		Result: domain.ResultRecord{StatusCode: 200, Outcome: domain.OutcomeSuccess},
		Upstream: domain.UpstreamRecord{
			ProviderID: 1, FirstProviderID: 1, ProviderName: "p1", ProviderType: domain.TypeClaude,
			ModelSent: "claude-sonnet-4-5", ModelReturned: "claude-sonnet-4-5-x", Attempts: 1,
			CostMultiplier: domain.MultiplierOne, GroupMultiplier: domain.MultiplierOne,
		},
		Usage: domain.Usage{Input: 10, Output: 20}, Source: domain.UsageUpstream, Cost: 330_000, // at 3 and 15 USD per million
		Timing: domain.TimingRecord{
			Queue: 7 * time.Millisecond, Duration: time.Second + 5*time.Millisecond, TTFB: 45 * time.Millisecond, TTFT: 65 * time.Millisecond,
		},
		Client:        domain.ClientRecord{Kind: "claude-code"},
		ConfigVersion: 3,
	}
	require.Empty(t, cmp.Diff(want, r.fx.record.Log))
	require.Equal(t, domain.RequestID(4711), r.fx.record.Detail.RequestID)
	require.Empty(t, r.fx.record.Detail.Error)
	require.Equal(t, []protocol.QuotaSettle{{
		SettleKey: protocol.SettleKey{ReqID: 4711, Attempt: 1, Kind: "charge"},
		LeaseID:   r.quota.lease, UserID: 8, KeyID: 9, SessionID: "s", State: "billed",
		Charge: 330_000, ProviderCost: 330_000, T: noon.UnixMilli(), IsFinal: true,
		Row: domain.LedgerFacts{
			ProviderID: 1, Model: "claude-sonnet-4-5", Usage: want.Usage, IsSuccess: true, CountsForRate: true,
			Duration: want.Timing.Duration, TTFB: want.Timing.TTFB, TTFT: want.Timing.TTFT,
		},
	}}, r.fx.record.Settles)
}

func TestRecordOfARefusal(t *testing.T) {
	t.Parallel()
	r := newWorld().run().to(t, admitting)
	r.quotaAnswered(spent, noon)
	r.journaled(nil)
	require.Equal(t, domain.ResultRecord{
		StatusCode: 429, Outcome: domain.OutcomeBlocked, ErrorCode: "rpm", BlockedBy: domain.BlockedLimit, BlockedReason: "rpm",
		ErrorMessage: "Rate limit exceeded: 60 requests per minute (limit: 60). Resets at 2026-11-02T12:00:20Z",
	}, r.fx.record.Log.Result)
	require.Empty(t, r.fx.record.Settles, "a refused request owes nothing")
	require.Equal(t, []domain.ChainReason{domain.ReasonLimitRefused}, reasonsOf(t, r))
	require.Equal(t, 20*time.Second, r.fx.last.Reject.Fault.RetryAfter)
}

func TestRecordLeavesTheRequestAlone(t *testing.T) {
	t.Parallel()
	w := newWorld()
	before := w.request.Log
	r := w.run().to(t, dead)
	require.Equal(t, before, w.request.Log)
	require.NotEqual(t, before, r.fx.record.Log)
}

func TestRecordClipsTexts(t *testing.T) {
	t.Parallel()
	r := newWorld().run().to(t, attempting)
	res := r.failure(400)
	res.Class, res.Excerpt = domain.ClassClientError, strings.Repeat("é", 3000)
	r.attempted(res, noon)
	require.Len(t, r.fx.record.Log.Result.ErrorMessage, 1000)
	require.Len(t, r.fx.record.Detail.Error, 4000)
	entry := chainOf(t, r)[1]
	require.Len(t, entry.ErrorMessage, 500)
	require.Len(t, entry.ErrorDetails.Provider.UpstreamBody, 2000)
	require.Len(t, sent[*protocol.SlotReport](r)[0].Message, 300)
	require.Equal(t, "é", clip("éé", 3))
}

func TestChainTellsWhereItFailed(t *testing.T) {
	t.Parallel()
	r := newWorld().run().to(t, attempting)
	res := r.failure(0)
	res.Class, res.Failure, res.EndpointURL = domain.ClassSystemError, domain.FailDial, "https://a.example"
	res.System = &domain.SystemErrorDetails{ErrorType: "dial", ErrorCode: "ECONNREFUSED"}
	res.Request = &domain.RequestErrorDetails{URL: "https://a.example/v1/messages", Method: "POST"}
	r.attempted(res, noon)
	r.clientGone(noon)
	entry := chainOf(t, r)[1]
	require.Equal(t, "ECONNREFUSED", entry.ErrorDetails.System.ErrorCode)
	require.Equal(t, res.Request, entry.ErrorDetails.Request)
	require.NotEmpty(t, entry.ErrorDetails.Provider.Name, "also where it said nothing")
	require.Equal(t, domain.ReasonSystemError, entry.Reason)
	require.Equal(t, "dial", entry.ErrorDetails.System.ErrorType)
	require.Equal(t, "https://a.example", entry.EndpointURL)
	require.Equal(t, 5, entry.FailureLimit)
}

func TestChainTellsOfDetours(t *testing.T) {
	t.Parallel()
	r := newWorld().run().to(t, attempting)
	res := r.success()
	res.Detours = []protocol.Detour{{Reason: domain.ReasonProxyFallback, Why: domain.SystemErrorDetails{ErrorType: "proxy", ErrorCode: "ECONNREFUSED"}}}
	r.attempted(res, noon)
	chain := chainOf(t, r)
	require.Equal(t, domain.ReasonProxyFallback, chain[1].Reason)
	require.Equal(t, "ECONNREFUSED", chain[1].ErrorDetails.System.ErrorCode)
	require.Equal(t, 1, chain[1].AttemptNumber)
	require.Equal(t, domain.ReasonRequestSuccess, chain[2].Reason)
}

func TestChainShowsWhatTheUpstreamSaid(t *testing.T) {
	t.Parallel()
	r := newWorld().run().to(t, attempting)
	res := r.failure(400)
	res.Class, res.Excerpt = domain.ClassClientError, `{"error":{"message":"too long"}}`
	res.Matrix.Rule = &domain.MatchedRule{Pattern: "too long", MatchType: "contains", Category: "prompt_limit"}
	r.attempted(res, noon)
	details := chainOf(t, r)[1].ErrorDetails
	require.Equal(t, map[string]any{"error": map[string]any{"message": "too long"}}, details.Provider.UpstreamParsed)
	require.Equal(t, res.Excerpt, details.ClientError)
	require.Equal(t, res.Matrix.Rule, details.MatchedRule)
}

func TestOutcomeReasons(t *testing.T) {
	t.Parallel()
	for class, want := range map[domain.AttemptClass]domain.ChainReason{
		domain.ClassProviderError:    domain.ReasonRetryFailed,
		domain.ClassSystemError:      domain.ReasonSystemError,
		domain.ClassResourceNotFound: domain.ReasonResourceNotFound,
		domain.ClassClientError:      domain.ReasonClientError,
		domain.ClassUpstreamRejected: domain.ReasonUpstreamRejected,
		domain.ClassLocalOverload:    domain.ReasonLocalOverload,
		domain.ClassClientAbort:      domain.ReasonClientAbort,
	} {
		require.Equal(t, want, outcomeReason(class, 1))
	}
	require.Equal(t, domain.ReasonRequestSuccess, outcomeReason(domain.ClassOK, 1))
	require.Equal(t, domain.ReasonRetrySuccess, outcomeReason(domain.ClassOK, 2))
}

func TestLimitFaults(t *testing.T) {
	t.Parallel()
	reset := noon.Add(90 * time.Second)
	refusal := func(limit domain.LimitType, current, most int64) *protocol.QuotaRefusal {
		return &protocol.QuotaRefusal{Limit: limit, Scope: domain.ScopeKey, Current: current, Max: most, ResetAt: reset.UnixMilli()}
	}
	reserved := refusal(domain.LimitDaily, 1, 2)
	reserved.Reason = protocol.RefusedReserved
	large := refusal(domain.LimitDaily, 1, 2)
	large.Reason = protocol.RefusedTooLarge
	total := refusal(domain.LimitTotal, 3*domain.NanoPerUSD, 2*domain.NanoPerUSD)
	total.ResetAt = 0

	tests := map[string]struct {
		refusal *protocol.QuotaRefusal
		kind    domain.Kind
		code    domain.Code
		status  int
		after   time.Duration
	}{
		"rpm":                 {refusal(domain.LimitRPM, 5, 5), domain.KindRateLimited, domain.CodeRPM, 429, 90 * time.Second},
		"concurrent sessions": {refusal(domain.LimitConcurrentSessions, 5, 5), domain.KindConcurrencyLimited, domain.CodeConcurrentSessions, 429, 90 * time.Second},
		"concurrent requests": {refusal(domain.LimitConcurrentRequests, 5, 5), domain.KindConcurrencyLimited, domain.CodeConcurrentRequests, 429, 90 * time.Second},
		"weekly":              {refusal(domain.LimitWeekly, 5, 5), domain.KindQuotaExceeded, domain.CodeUSDWeekly, 402, 90 * time.Second},
		"total":               {total, domain.KindQuotaExceeded, domain.CodeUSDTotal, 402, 0},
		"reserved":            {reserved, domain.KindRateLimited, domain.CodeBudgetReserved, 429, 2 * time.Second},
		"too large":           {large, domain.KindQuotaExceeded, domain.CodeDailyQuota, 402, 90 * time.Second},
		"no reason given":     {nil, domain.KindNoProvider, domain.CodeQuotaUnavailable, 503, 5 * time.Second},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := limitFault(tc.refusal, &domain.Limits{}, &domain.Limits{}, noon)
			require.Equal(t, tc.kind, f.Kind)
			require.Equal(t, tc.code, f.Code)
			require.Equal(t, tc.after, f.RetryAfter)
			require.Equal(t, tc.status, logStatus(f))
		})
	}
	f := limitFault(total, &domain.Limits{}, &domain.Limits{}, noon)
	require.InDelta(t, 3, f.Limit.Current, 1e-9)
	require.True(t, f.Limit.ResetAt.IsZero())
	require.Equal(t, "Total spending limit exceeded: $3.0000 USD (limit: $2.0000 USD)", f.Detail)
	require.Equal(t, reset, limitFault(refusal(domain.LimitRPM, 1, 1), &domain.Limits{}, &domain.Limits{}, noon).Limit.ResetAt)
}

func TestLogStatus(t *testing.T) {
	t.Parallel()
	for kind, want := range map[domain.Kind]int{
		domain.KindInternal: 500, domain.KindUpstreamRefused: 502, domain.KindUpstreamTimeout: 504, domain.KindAllFailed: 503,
		domain.KindUpstreamRateLimited: 429, domain.KindClientGone: 499, domain.KindOverloaded: 503,
	} {
		require.Equal(t, want, logStatus(domain.NewFault(kind, "", "")))
	}
	f := domain.NewFault(domain.KindUpstreamRefused, "", "")
	f.Upstream = &domain.UpstreamFault{Status: 422}
	require.Equal(t, 422, logStatus(f))
}
