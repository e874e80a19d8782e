package adminapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/domain"
)

// routed writes a request with a chain and reads its route.
func (w *world) routed(p person, chain []domain.ChainEntry, special []domain.SpecialSetting, change func(*domain.RequestLog)) (path string) {
	w.t.Helper()
	return w.traced(p, chain, special, nil, change)
}

func (w *world) traced(p person, chain []domain.ChainEntry, special []domain.SpecialSetting, trace *domain.RouteTrace, change func(*domain.RequestLog)) (path string) {
	w.t.Helper()
	l := w.request(p, change)
	l.ID++
	for i := range chain {
		chain[i].Timestamp += l.CreatedAt.UnixMilli()
	}
	encoded, err := json.Marshal(chain)
	require.NoError(w.t, err)
	require.NoError(w.t, w.store.RequestLogs().WriteBatch(w.t.Context(), domain.LogBatch{
		Started:  []*domain.RequestLog{&l},
		Finished: []domain.FinishedLog{{Log: &l, Detail: &domain.RequestDetail{RequestID: l.ID, Chain: string(encoded), Special: string(domain.AppendSpecial(nil, special, trace))}}},
	}))
	return "/api/v1/usage-logs/" + l.ID.String() + "/route"
}

func TestRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.person("ann", nil, nil)
	bob := w.person("bob", nil, nil)
	context := &domain.DecisionContext{
		TotalProviders: 4, EnabledProviders: 3, AfterGroupFilter: 3, AfterModelFilter: 2, BeforeHealthCheck: 2, AfterHealthCheck: 1, UserGroup: "team",
		Filtered:   []domain.FilteredProvider{{ID: 3, Name: "hidden relay", Reason: "circuit_open"}},
		Candidates: []domain.Candidate{{ID: 2, Name: "cheap relay", Weight: 3, Probability: 1}}, SelectedPriority: 5,
		SessionSource: domain.SessionFromClient, SessionAgeMs: 9000,
	}
	later := &domain.DecisionContext{TotalProviders: 4, Candidates: []domain.Candidate{{ID: 1, Name: "secret relay"}}}
	path := w.routed(ann, []domain.ChainEntry{
		{ProviderID: 2, Name: "cheap relay", Reason: domain.ReasonInitialSelection, SelectionMethod: domain.MethodWeightedRandom, Timestamp: 5, Context: context},
		{ProviderID: 2, Name: "cheap relay", Reason: domain.ReasonRetryFailed, AttemptNumber: 1, StatusCode: 500, DurationMs: 100, TTFBMs: 90, Timestamp: 110, ErrorMessage: "relay.example is down"},
		{ProviderID: 2, Name: "cheap relay", Reason: domain.ReasonHedgeTriggered, AttemptNumber: 2, Timestamp: 300},
		{ProviderID: 1, Name: "secret relay", Reason: domain.ReasonHedgeLaunched, AttemptNumber: 3, Timestamp: 310, Context: later},
		{ProviderID: 2, Name: "cheap relay", Reason: domain.ReasonHedgeLoserBilled, AttemptNumber: 2, DurationMs: 500, Timestamp: 700},
		{ProviderID: 1, Name: "secret relay", Reason: domain.ReasonHedgeWinner, AttemptNumber: 3, StatusCode: 200, DurationMs: 400, Timestamp: 710},
		{ProviderID: 1, Reason: domain.ReasonBindingChanged, Detail: "race_winner", Timestamp: 711},
	}, []domain.SpecialSetting{{Type: domain.SpecialBillingHeader, Attempt: 3, Trigger: domain.TriggerRemembered}}, func(l *domain.RequestLog) {
		l.Timing.Queue = 3 * time.Millisecond
	})
	a := w.admin(http.MethodGet, path, nil)
	require.Equal(t, http.StatusOK, a.status, a.text)
	at := func(p string) gjson.Result { return gjson.Get(a.text, p) }
	require.Equal(t, "team", at("request.groups.0").Str)
	require.Equal(t, "ann", at("request.user").Str)
	require.JSONEq(t, `{"name":"queue","atMs":0,"tookMs":3,"result":"pass","detail":null}`, at("guards.0").Raw)
	require.Equal(t, int64(2), at("selections.#").Int(), a.text)
	require.JSONEq(t, `{"total":4,"enabled":3,"groupOk":3,"modelOk":2,"beforeHealth":2,"healthy":1}`, at("selections.0.pool").Raw)
	require.Equal(t, "circuit_open", at("selections.0.rejected.0.reason").Str)
	require.Equal(t, int64(2), at("selections.0.picked").Int())
	require.Equal(t, "hedge_launched", at("selections.1.reason").Str)
	require.JSONEq(t, `["primary","retry","hedge"]`, at("attempts.#.role").Raw)
	require.JSONEq(t, `{"start":10,"dns":null,"connect":null,"tls":null,"firstByte":100,"firstToken":null,"end":110}`, at("attempts.0.t").Raw)
	require.Equal(t, "relay.example is down", at("attempts.0.error.message").Str)
	require.Equal(t, "billing_header_rectifier", at("attempts.2.changes.0.type").Str)
	require.JSONEq(t, `{"providerId":1,"changed":true,"reason":"race_winner","atMs":711}`, at("binding").Raw)
	require.JSONEq(t, `{"triggeredAtMs":300,"launched":true,"winner":1,"losers":[2],"loserBilled":true}`, at("details.hedge").Raw)
	require.Equal(t, "mixed", at("details.cacheTtlApplied").Str)
	require.Equal(t, "client", at("details.sessionIdentity").Str)
	require.Equal(t, int64(200), at("result.status").Int())

	a = w.as(ann, path)
	require.Equal(t, http.StatusOK, a.status, a.text)
	for _, hidden := range []string{"relay", "Weight"} {
		require.NotContains(t, a.text, hidden, "who providers are is not for users")
	}
	w.as(bob, path).refused(t, http.StatusNotFound, "resource.not_found")
}

func TestRoutesThatEndEarly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.person("ann", nil, nil)
	a := w.admin(http.MethodGet, w.routed(ann, nil, nil, func(l *domain.RequestLog) {
		l.Result = domain.ResultRecord{StatusCode: 402, Outcome: domain.OutcomeBlocked, BlockedBy: domain.BlockedLimit, BlockedReason: "daily"}
		l.Timing = domain.TimingRecord{Duration: 4 * time.Millisecond}
	}), nil)
	require.JSONEq(t, `[{"name":"limit","atMs":4,"tookMs":0,"result":"block","detail":"daily"}]`, gjson.Get(a.text, "guards").Raw)
	require.Equal(t, "[]", gjson.Get(a.text, "attempts").Raw)

	a = w.admin(http.MethodGet, w.routed(ann, []domain.ChainEntry{{Reason: domain.ReasonReplayed, Detail: "req_1"}}, nil, nil), nil)
	require.Equal(t, "req_1", gjson.Get(a.text, "details.replayOf").Str)

	many := make([]domain.ChainEntry, 600)
	for i := range many {
		many[i] = domain.ChainEntry{ProviderID: 1, Reason: domain.ReasonRetryFailed, AttemptNumber: i + 1}
	}
	a = w.admin(http.MethodGet, w.routed(ann, many, nil, nil), nil)
	require.Equal(t, int64(512), gjson.Get(a.text, "attempts.#").Int())
	require.Equal(t, int64(88), gjson.Get(a.text, "omitted").Int())
}

// Where time went besides waiting for answers is shown with the steps and the
// attempts it belongs to, to users too, and apart from what was done to the calls.
func TestRoutesWithATrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.person("ann", nil, nil)
	trace := &domain.RouteTrace{
		Guards: []domain.GuardTime{{Name: domain.StepBody, AtMs: 1, TookMs: 30}, {Name: domain.StepFilters, AtMs: 31, TookMs: 4}},
		Dials:  []domain.DialTime{{Attempt: 1, DNSMs: new(int64(41))}, {Attempt: 2, DNSMs: new(int64(61)), ConnectMs: new(int64(70)), TLSMs: new(int64(90))}},
	}
	path := w.traced(ann, []domain.ChainEntry{
		{ProviderID: 2, Reason: domain.ReasonSystemError, AttemptNumber: 1, DurationMs: 10, Timestamp: 50},
		{ProviderID: 1, Reason: domain.ReasonRetrySuccess, AttemptNumber: 2, StatusCode: 200, DurationMs: 440, TTFBMs: 240, Timestamp: 500},
	}, []domain.SpecialSetting{{Type: domain.SpecialStreamUsage, Attempt: 2}}, trace, func(l *domain.RequestLog) {
		l.Timing.Queue, l.Timing.TTFT = 3*time.Millisecond, 320*time.Millisecond
	})
	a := w.as(ann, path)
	require.JSONEq(t, `[{"name":"body","atMs":1,"tookMs":30,"result":"pass","detail":null},{"name":"filters","atMs":31,"tookMs":4,"result":"pass","detail":null},`+
		`{"name":"queue","atMs":35,"tookMs":3,"result":"pass","detail":null}]`, gjson.Get(a.text, "guards").Raw)
	require.JSONEq(t, `{"start":40,"dns":41,"connect":null,"tls":null,"firstByte":null,"firstToken":null,"end":50}`, gjson.Get(a.text, "attempts.0.t").Raw)
	require.JSONEq(t, `{"start":60,"dns":61,"connect":70,"tls":90,"firstByte":300,"firstToken":320,"end":500}`, gjson.Get(a.text, "attempts.1.t").Raw)

	a = w.as(ann, strings.TrimSuffix(path, "/route"))
	require.JSONEq(t, `{"guards":[{"name":"body","atMs":1,"tookMs":30},{"name":"filters","atMs":31,"tookMs":4}],`+
		`"dials":[{"attempt":1,"dnsMs":41},{"attempt":2,"dnsMs":61,"connectMs":70,"tlsMs":90}]}`, gjson.Get(a.text, "routeTrace").Raw)
	require.JSONEq(t, `["stream_usage_injection"]`, gjson.Get(a.text, "specialSettings.#.type").Raw)

	a = w.admin(http.MethodGet, w.routed(ann, nil, nil, nil), nil)
	require.Equal(t, "[]", gjson.Get(a.text, "guards").Raw)
	a = w.admin(http.MethodGet, strings.TrimSuffix(w.routed(ann, nil, nil, nil), "/route"), nil)
	require.Equal(t, "null", gjson.Get(a.text, "routeTrace").Raw)

	a = w.admin(http.MethodGet, w.traced(ann, nil, nil, trace, func(l *domain.RequestLog) {
		l.Result = domain.ResultRecord{StatusCode: 400, Outcome: domain.OutcomeBlocked, BlockedBy: domain.BlockedRequest, BlockedReason: "bad_json"}
		l.Timing = domain.TimingRecord{Duration: 31 * time.Millisecond}
	}), nil)
	require.JSONEq(t, `[{"name":"filters","atMs":31,"tookMs":4,"result":"pass","detail":null},{"name":"request","atMs":1,"tookMs":30,"result":"block","detail":"bad_json"}]`,
		gjson.Get(a.text, "guards").Raw, "the step that refused is told once")
}
