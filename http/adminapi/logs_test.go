package adminapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// request writes a finished request to the log, after changes to the usual one.
func (w *world) request(p person, change func(*domain.RequestLog)) domain.RequestLog {
	w.t.Helper()
	w.advance(time.Second)
	l := domain.RequestLog{
		ID: domain.FirstRequestIDAt(w.clock()), CreatedAt: w.clock(), UserID: domain.UserID(p.userID), KeyID: domain.KeyID(p.keyID),
		SessionID: "ses-1", SessionSeq: 1,
		Call: domain.CallRecord{
			Endpoint: "/v1/messages", Protocol: domain.ProtocolClaude, Class: domain.CallGenerate, Model: "claude-opus", Stream: true, Messages: 3,
		},
		Result: domain.ResultRecord{StatusCode: 200, Outcome: domain.OutcomeSuccess},
		Upstream: domain.UpstreamRecord{
			ProviderID: 1, FirstProviderID: 2, ProviderName: "secret relay", ProviderType: domain.TypeClaude, ModelSent: "claude-opus-4",
			ModelReturned: "claude-opus-4-1", Attempts: 2, CostMultiplier: 12000, GroupMultiplier: 10000,
		},
		Usage:  domain.Usage{Input: 100, Output: 20, CacheRead: 5, CacheWrite5m: 7, CacheWrite1h: 11, Reasoning: 3},
		Source: domain.UsageUpstream, Cost: domain.MoneyFromUSD(0.0125),
		Timing: domain.TimingRecord{Duration: 1500 * time.Millisecond, TTFB: 300 * time.Millisecond},
		Client: domain.ClientRecord{IP: "198.51.100.1", UserAgent: "claude-cli/2", Kind: "claude-code", Version: "2"},
	}
	if change != nil {
		change(&l)
	}
	chain, err := json.Marshal([]domain.ChainEntry{
		{
			ProviderID: 2, Name: "cheap relay", Reason: domain.ReasonInitialSelection, EndpointURL: "https://relay.example", CostMultiplier: 0.5, Weight: 3,
			Context: &domain.DecisionContext{
				TotalProviders: 2, Filtered: []domain.FilteredProvider{{ID: 3, Name: "hidden relay", Reason: "disabled", Details: "relay.example"}},
				Candidates: []domain.Candidate{{ID: 2, Name: "cheap relay", Weight: 3, CostMultiplier: 0.5, Probability: 1}},
			},
		},
		{
			ProviderID: 2, Name: "cheap relay", Reason: domain.ReasonRetryFailed, StatusCode: 500, ErrorMessage: "relay.example said no",
			ErrorDetails: &domain.ErrorDetails{
				Provider: &domain.ProviderErrorDetails{ID: 2, Name: "cheap relay", UpstreamBody: "relay.example is down"},
				Request:  &domain.RequestErrorDetails{URL: "https://relay.example/v1/messages", Method: "POST", Headers: map[string]string{"X-Own": "operator"}},
			},
		},
		{ProviderID: 1, Name: "secret relay", Reason: domain.ReasonRequestSuccess, StatusCode: 200},
	})
	require.NoError(w.t, err)
	cost, err := json.Marshal(domain.CostBreakdown{
		State: "billed", Model: "claude-opus", Source: "manual", PriceID: 3, PriceNode: "relay", Rule: "provider_node",
		Passes: []domain.UsagePass{{Input: 3_472_222}}, Terms: domain.CostTerms{Service: "flex"},
		Lines: []domain.CostLine{{Name: "input", Units: 3_472_222, Rate: "0.003", Amount: 10_416_667}}, Base: 10_416_667,
		ByProvider: 12000, ByGroup: 10000, ByUser: 10000,
		ProviderNet: l.Cost, Charge: l.Cost,
	})
	require.NoError(w.t, err)
	require.NoError(w.t, w.store.RequestLogs().WriteBatch(w.t.Context(), domain.LogBatch{Started: []*domain.RequestLog{&l}, Finished: []domain.FinishedLog{{Log: &l, Detail: &domain.RequestDetail{RequestID: l.ID, Chain: string(chain), Error: "relay.example: 500", Cost: string(cost)}}}}))
	w.charge(&l)
	return l
}

// charge books a finished request.
func (w *world) charge(l *domain.RequestLog) {
	w.t.Helper()
	epoch, err := w.store.Ledger().Claim(w.t.Context(), l.UserID, "test", w.clock())
	require.NoError(w.t, err)
	seq, err := w.store.Ledger().LastSeq(w.t.Context(), l.UserID)
	require.NoError(w.t, err)
	verdicts, err := w.store.Ledger().Append(w.t.Context(), []domain.LedgerRow{{
		SettleKey: domain.SettleKey{ReqID: l.ID, Attempt: l.Upstream.Attempts, Kind: domain.LedgerCharge},
		UserID:    l.UserID, UserSeq: seq + 1, Epoch: epoch, KeyID: l.KeyID, AdmittedAt: l.CreatedAt.UnixMilli(), SettledAt: w.clock().UnixMilli(),
		Charge: l.Cost, ProviderCost: l.Cost, State: "billed", IsFinal: true,
		LedgerFacts: domain.LedgerFacts{
			ProviderID: l.Upstream.ProviderID, SessionID: l.SessionID, Model: "claude-opus", Usage: l.Usage, IsSuccess: true, CountsForRate: true,
		},
	}})
	require.NoError(w.t, err)
	require.Equal(w.t, []error{nil}, verdicts)
}

func (w *world) as(p person, path string) answer {
	w.t.Helper()
	return w.do(call{method: http.MethodGet, path: path, header: bearer(p.secret)})
}

func TestUsageLogsAsScriptsReadThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.person("ann", nil, nil)
	l := w.request(ann, nil)
	var page struct {
		Items      []map[string]any
		NextCursor *string
	}
	w.admin(http.MethodGet, "/api/v1/usage-logs?limit=5", nil).into(t, http.StatusOK, &page)
	require.Len(t, page.Items, 1)
	require.Nil(t, page.NextCursor)
	row := page.Items[0]
	want := map[string]any{
		"id": strconv.FormatInt(int64(l.ID), 10), "requestId": l.ID.String(), "createdAt": l.CreatedAt.Format(time.RFC3339),
		"userId": float64(ann.userID), "userName": "ann", "keyId": float64(ann.keyID), "keyName": "first", "providerId": 1.0, "providerName": "secret relay",
		"sessionId": "ses-1", "model": "claude-opus", "modelSent": "claude-opus-4", "modelReturned": "claude-opus-4-1",
		"statusCode": 200.0, "outcome": "success", "inputTokens": 100.0, "outputTokens": 20.0, "cacheReadInputTokens": 5.0,
		"cacheCreationInputTokens": 18.0, "cacheCreation5mInputTokens": 7.0, "cacheCreation1hInputTokens": 11.0,
		"costUsd": 0.0125, "durationMs": 1500.0, "ttfbMs": 300.0, "ttftMs": nil, "attempts": 2.0, "endpoint": "/v1/messages",
		"clientFormat": "claude", "stream": true, "costMultiplier": 1.2, "errorCode": nil, "clientIp": "198.51.100.1",
	}
	for name, value := range want {
		require.Equal(t, value, row[name], name)
	}
	for _, id := range []string{l.ID.String(), strconv.FormatInt(int64(l.ID), 10)} {
		var detail struct {
			RequestID     string
			DecisionChain []map[string]any
			CostBreakdown map[string]any
			ErrorDetail   string
		}
		w.admin(http.MethodGet, "/api/v1/usage-logs/"+id, nil).into(t, http.StatusOK, &detail)
		require.Equal(t, l.ID.String(), detail.RequestID)
		require.Len(t, detail.DecisionChain, 3)
		require.Equal(t, "cheap relay", detail.DecisionChain[0]["name"])
		require.Equal(t, "relay.example: 500", detail.ErrorDetail)
		require.Equal(t, map[string]any{
			"state": "billed", "reason": nil, "model": "claude-opus", "priceSource": "manual", "priceId": 3.0,
			"priceNode": "relay", "priceRule": "provider_node",
			"usage": []any{map[string]any{"input": 3472222.0}},
			"terms": map[string]any{
				"serviceTier": "flex", "fast": false, "fastUnpriced": false, "geoUs": false, "swapCacheTtl": false, "reported": false,
			},
			"lines":   []any{map[string]any{"name": "input", "model": nil, "units": 3472222.0, "rate": "0.003", "usd": 0.010416667}},
			"baseUsd": 0.010416667, "providerMultiplier": 1.2, "groupMultiplier": 1.0, "userMultiplier": 1.0,
			"providerCostUsd": 0.0125, "reportedCostUsd": nil, "chargeUsd": 0.0125, "earlier": []any{},
		}, detail.CostBreakdown)
	}
	w.admin(http.MethodGet, "/api/v1/usage-logs/req_0000000000001", nil).refused(t, http.StatusNotFound, "resource.not_found")
	w.admin(http.MethodGet, "/api/v1/usage-logs/nonsense", nil).refused(t, http.StatusBadRequest, "request.validation_failed")
}

func TestUsersSeeTheirOwnRequestsWithoutProviders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, bob := w.person("ann", nil, nil), w.person("bob", nil, nil)
	mine := w.request(ann, func(l *domain.RequestLog) {
		l.Result = domain.ResultRecord{StatusCode: 503, Outcome: domain.OutcomeFailure, ErrorCode: "all_providers_failed", ErrorMessage: "dial relay.example: refused"}
	})
	foreign := w.request(bob, nil)
	w.request(ann, func(l *domain.RequestLog) {
		l.Result = domain.ResultRecord{StatusCode: 402, Outcome: domain.OutcomeBlocked, BlockedBy: domain.BlockedLimit, ErrorMessage: "your limit is reached"}
	})

	list := w.as(ann, "/api/v1/usage-logs")
	require.Contains(t, list.text, mine.ID.String())
	require.NotContains(t, list.text, foreign.ID.String())
	require.Contains(t, list.text, "your limit is reached")
	w.as(ann, fmt.Sprintf("/api/v1/usage-logs?userId=%d", bob.userID)).refused(t, http.StatusNotFound, "resource.not_found")
	require.NotContains(t, w.as(ann, fmt.Sprintf("/api/v1/usage-logs?keyId=%d", bob.keyID)).text, foreign.ID.String())
	w.as(ann, "/api/v1/usage-logs/"+foreign.ID.String()).refused(t, http.StatusNotFound, "resource.not_found")

	require.NotContains(t, w.as(ann, "/api/v1/usage-logs?q=relay").text, mine.ID.String(), "what is hidden is not found")
	require.Contains(t, w.as(ann, "/api/v1/usage-logs?q=limit+is").text, "your limit is reached")
	require.Contains(t, w.as(ann, "/api/v1/usage-logs/stats?q=relay").text, `"requests":0`)
	require.Contains(t, w.as(ann, "/api/v1/usage-logs/histogram?q=relay").text, `"counts":{}`)
	require.Contains(t, w.admin(http.MethodGet, "/api/v1/usage-logs?q=relay", nil).text, mine.ID.String())

	detail := w.as(ann, "/api/v1/usage-logs/"+mine.ID.String())
	require.Equal(t, http.StatusOK, detail.status)
	for _, a := range []answer{list, detail} {
		require.NotContains(t, a.text, "relay", "no provider's name, host or words")
		require.NotContains(t, a.text, "1.2,")
		require.NotContains(t, a.text, "0.5")
		require.NotContains(t, a.text, "0.0104", "nor what its multiplier follows from")
	}
	require.Contains(t, detail.text, `"chargeUsd":0.0125`)
	require.Contains(t, detail.text, `"reason":"retry_failed"`, "what happened is told")
	require.Contains(t, detail.text, `"statusCode":500`)

	require.Equal(t, http.StatusOK, w.admin(http.MethodPatch, "/api/v1/settings", `{"exposeProviderNames":true}`).status)
	require.Contains(t, w.as(ann, "/api/v1/usage-logs").text, "secret relay")
	named := w.as(ann, "/api/v1/usage-logs/"+mine.ID.String()).text
	require.Contains(t, named, "cheap relay")
	require.NotContains(t, named, "X-Own", "what the operator sends along")
	require.Contains(t, w.admin(http.MethodGet, "/api/v1/usage-logs/"+mine.ID.String(), nil).text, "X-Own")
}

func TestUsageLogFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, bob := w.person("ann", nil, nil), w.person("bob", nil, nil)
	w.request(ann, nil)
	failed := w.request(bob, func(l *domain.RequestLog) {
		l.Result = domain.ResultRecord{StatusCode: 503, Outcome: domain.OutcomeFailure, ErrorCode: "all_providers_failed", ErrorMessage: "Everything is Busy"}
		l.SessionID, l.Call.Model, l.Upstream.ProviderID, l.Upstream.Attempts, l.Client.Kind = "other-2", "claude-haiku", 2, 4, "codex"
		l.Upstream.ModelSent = "claude-haiku-4"
		l.Timing.Duration, l.IsDemo = 9*time.Second, true
	})
	blocked := w.request(ann, func(l *domain.RequestLog) {
		l.Result = domain.ResultRecord{StatusCode: 402, Outcome: domain.OutcomeBlocked, BlockedBy: domain.BlockedLimit, BlockedReason: "usd_5h"}
		l.Call.Endpoint = "/v1/messages/count_tokens"
	})
	for query, want := range map[string]int{
		"": 3, "userId=" + strconv.FormatInt(ann.userID, 10): 2, "keyId=" + strconv.FormatInt(bob.keyID, 10): 1, "providerId=2": 1,
		"sessionId=other-2": 1, "sessionId=other": 1, "model=claude-haiku": 1, "statusCode=200": 1, "statusCode=4xx": 1,
		"statusCode=non-200": 2, "errorsOnly=true": 2, "q=is+busy": 1, "outcome=blocked": 1, "blockedBy=limit": 1,
		"endpoint=/v1/messages/count_tokens": 1, "minAttempts=3": 1, "minDurationMs=5000": 1, "client=codex": 1, "demo=true": 1, "demo=false": 2,
		"requestId=" + failed.ID.String():                          1,
		"from=" + blocked.CreatedAt.Format(time.RFC3339):           1,
		"to=" + failed.CreatedAt.Format(time.RFC3339):              1,
		"providerId=2&userId=" + strconv.FormatInt(ann.userID, 10): 0,
	} {
		var page struct{ Items []any }
		w.admin(http.MethodGet, "/api/v1/usage-logs?"+query, nil).into(t, http.StatusOK, &page)
		require.Len(t, page.Items, want, query)
	}
	for _, query := range []string{"statusCode=abc", "requestId=x", "cursor=%21", "outcome=odd", "from=yesterday", "limit=0"} {
		w.admin(http.MethodGet, "/api/v1/usage-logs?"+query, nil).refused(t, http.StatusBadRequest, "request.validation_failed")
	}
}

func TestUsageLogPagesAreStable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.person("ann", nil, nil)
	var want []string
	for range 7 {
		l := w.request(ann, nil)
		want = append([]string{l.ID.String()}, want...)
	}
	var got []string
	cursor := ""
	for {
		var page struct {
			Items      []struct{ RequestID string }
			NextCursor *string
		}
		w.admin(http.MethodGet, "/api/v1/usage-logs?limit=3&cursor="+cursor, nil).into(t, http.StatusOK, &page)
		for _, row := range page.Items {
			got = append(got, row.RequestID)
		}
		if page.NextCursor == nil {
			break
		}
		cursor = *page.NextCursor
		w.request(ann, nil) // new rows come on top and shift nothing
	}
	require.Equal(t, want, got)
}

func TestRunningRequestHasNoStatusYet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.person("ann", nil, nil)
	l := domain.RequestLog{
		ID: 1 << 40, CreatedAt: w.clock(), UserID: domain.UserID(ann.userID), KeyID: domain.KeyID(ann.keyID),
		Call: domain.CallRecord{Endpoint: "/v1/messages", Protocol: domain.ProtocolClaude, Class: domain.CallGenerate},
	}
	require.NoError(t, w.store.RequestLogs().WriteBatch(t.Context(), domain.LogBatch{Started: []*domain.RequestLog{&l}}))
	var row map[string]any
	w.admin(http.MethodGet, "/api/v1/usage-logs/"+l.ID.String(), nil).into(t, http.StatusOK, &row)
	require.Nil(t, row["statusCode"])
	require.Nil(t, row["durationMs"])
	require.Equal(t, []any{}, row["decisionChain"])
}

func TestSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, bob := w.person("ann", nil, nil), w.person("bob", nil, nil)
	w.provider("")
	w.request(ann, func(l *domain.RequestLog) { l.SessionID = "old" })
	w.advance(10 * time.Minute)
	w.request(ann, func(l *domain.RequestLog) { l.Binding = 1 })
	w.request(ann, func(l *domain.RequestLog) { l.SessionSeq = 2 })
	w.request(bob, nil)
	key := domain.SessionKey{KeyID: domain.KeyID(ann.keyID), ID: "ses-1"}
	w.actors.inFlight[key.Hash()] = 2

	list := func(a answer) (ids []string, items []map[string]any) {
		var page struct{ Items []map[string]any }
		a.into(t, http.StatusOK, &page)
		for _, s := range page.Items {
			ids = append(ids, fmt.Sprint(s["userName"], "/", s["sessionId"]))
		}
		return ids, page.Items
	}
	ids, items := list(w.admin(http.MethodGet, "/api/v1/sessions?state=active", nil))
	require.Equal(t, []string{"bob/ses-1", "ann/ses-1"}, ids)
	require.Equal(t, key.Hash(), items[1]["id"])
	require.InDelta(t, 2, items[1]["requests"], 0)
	require.InDelta(t, 2, items[1]["inFlight"], 0)
	require.Nil(t, items[1]["expiresAt"], "does not lapse while requests run")
	require.InDelta(t, 1, items[1]["providerId"], 0)
	require.Equal(t, "one", items[1]["providerName"])
	require.InDelta(t, 200, items[1]["inputTokens"], 0, "out of the ledger")
	require.NotNil(t, items[0]["expiresAt"])
	ids, _ = list(w.admin(http.MethodGet, "/api/v1/sessions?state=recent", nil))
	require.Len(t, ids, 3)
	ids, items = list(w.as(ann, "/api/v1/sessions?state=active"))
	require.Equal(t, []string{"ann/ses-1"}, ids)
	require.Nil(t, items[0]["providerName"])
	w.as(ann, fmt.Sprintf("/api/v1/sessions?userId=%d", bob.userID)).refused(t, http.StatusNotFound, "resource.not_found")

	var page struct {
		Items      []map[string]any
		NextCursor *string
	}
	w.admin(http.MethodGet, "/api/v1/sessions?limit=2", nil).into(t, http.StatusOK, &page)
	w.admin(http.MethodGet, "/api/v1/sessions?limit=2&cursor="+*page.NextCursor, nil).into(t, http.StatusOK, &page)
	require.Len(t, page.Items, 1)
	require.Equal(t, "old", page.Items[0]["sessionId"])

	w.admin(http.MethodGet, "/api/v1/sessions/ses-1", nil).refused(t, http.StatusConflict, "resource.conflict")
	require.Equal(t, http.StatusOK, w.as(ann, "/api/v1/sessions/ses-1").status, "unique among her own")
	require.Equal(t, http.StatusOK, w.admin(http.MethodGet, "/api/v1/sessions/old", nil).status)
}

func TestEndSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, bob := w.person("ann", nil, nil), w.person("bob", nil, nil)
	w.request(ann, nil)
	key := domain.SessionKey{KeyID: domain.KeyID(ann.keyID), ID: "ses-1"}
	end := func(p person) answer {
		return w.do(call{method: http.MethodDelete, path: "/api/v1/sessions/" + key.Hash(), header: bearer(p.secret)})
	}
	end(bob).refused(t, http.StatusNotFound, "resource.not_found")
	require.Empty(t, w.actors.ended)
	w.actors.down = true
	end(ann).refused(t, http.StatusServiceUnavailable, "dependency.unavailable")
	w.actors.down = false
	require.Equal(t, http.StatusNoContent, end(ann).status)
	require.Equal(t, []domain.SessionKey{key}, w.actors.ended)
	var page struct{ Items []any }
	w.admin(http.MethodGet, "/api/v1/sessions?state=active", nil).into(t, http.StatusOK, &page)
	require.Empty(t, page.Items)
}

func TestLimitUsage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.person("ann", nil, nil)
	reset := w.clock().Add(time.Hour)
	w.actors.quota[domain.UserID(ann.userID)] = &protocol.QuotaState{Windows: []protocol.QuotaWindow{
		{Scope: domain.ScopeUser, ID: ann.userID, Limit: domain.Limit5h, Used: 1_500_000_000, Reserved: 500_000_000, Max: 4_000_000_000, ResetAt: reset.UnixMilli()},
		{Scope: domain.ScopeUser, ID: ann.userID, Limit: domain.LimitRPM, Used: 45, Max: 60},
		{Scope: domain.ScopeUser, ID: ann.userID, Limit: domain.LimitTotal, Used: 9_000_000_000},
		{Scope: domain.ScopeKey, ID: ann.keyID, Limit: domain.LimitDaily, Used: 1, Max: 2},
	}}
	type usage struct {
		Scope, Name  string
		ID           int64
		BindingLimit *string
		Windows      []map[string]any
	}
	var got usage
	w.as(ann, fmt.Sprintf("/api/v1/users/%d/limit-usage", ann.userID)).into(t, http.StatusOK, &got)
	require.Equal(t, "user", got.Scope)
	require.Equal(t, "ann", got.Name)
	require.Equal(t, "rpm", *got.BindingLimit)
	require.Len(t, got.Windows, 3)
	require.Equal(t, map[string]any{
		"limitType": "usd_5h", "usedUsd": 1.5, "reserved": 0.5, "limit": 4.0, "percent": 50.0, "resetAt": reset.Format(time.RFC3339),
	}, got.Windows[0])
	require.Equal(t, map[string]any{
		"limitType": "rpm", "used": 45.0, "reserved": 0.0, "limit": 60.0, "percent": 75.0, "resetAt": nil,
	}, got.Windows[1])
	require.Nil(t, got.Windows[2]["limit"])

	var key usage
	w.as(ann, fmt.Sprintf("/api/v1/keys/%d/limit-usage", ann.keyID)).into(t, http.StatusOK, &key)
	require.Equal(t, "key", key.Scope)
	require.Len(t, key.Windows, 1)

	var page struct{ Items []usage }
	w.admin(http.MethodGet, fmt.Sprintf("/api/v1/limit-usage?ids=%d,999", ann.userID), nil).into(t, http.StatusOK, &page)
	require.Len(t, page.Items, 1)
	w.admin(http.MethodGet, fmt.Sprintf("/api/v1/limit-usage?scope=key&ids=%d", ann.keyID), nil).into(t, http.StatusOK, &page)
	require.Equal(t, "first", page.Items[0].Name)
	provider := w.provider("")
	w.admin(http.MethodGet, fmt.Sprintf("/api/v1/providers/%d/limit-usage", provider), nil).into(t, http.StatusOK, &got)
	require.Equal(t, "provider", got.Scope)
	require.InDelta(t, 75, got.Windows[0]["percent"], 1e-9)
	w.admin(http.MethodGet, fmt.Sprintf("/api/v1/limit-usage?scope=provider&ids=%d,999", provider), nil).into(t, http.StatusOK, &page)
	require.Len(t, page.Items, 1)
	var since struct{ CostResetAt *time.Time }
	w.admin(http.MethodPost, fmt.Sprintf("/api/v1/providers/%d/usage/reset", provider), nil).into(t, http.StatusOK, &since)
	require.NotNil(t, since.CostResetAt)
	w.admin(http.MethodGet, "/api/v1/providers/999/limit-usage", nil).refused(t, http.StatusNotFound, "resource.not_found")

	w.actors.down = true
	a := w.as(ann, fmt.Sprintf("/api/v1/users/%d/limit-usage", ann.userID))
	a.refused(t, http.StatusServiceUnavailable, "dependency.unavailable")
	require.NotEmpty(t, a.header.Get("Retry-After"))
}
