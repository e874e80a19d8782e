package problem_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func noon() time.Time { return time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC) }

func meta() problem.Meta {
	return problem.Meta{RequestID: "req_0000000000001", Now: noon()}
}

func protocols() []domain.Protocol {
	return []domain.Protocol{domain.ProtocolClaude, domain.ProtocolChat, domain.ProtocolResponses, domain.ProtocolGemini}
}

func limit(t domain.LimitType, reset time.Duration) *domain.Fault {
	kind, current, bound := domain.KindRateLimited, 60.0, 60.0
	if t.Money() {
		kind, current, bound = domain.KindQuotaExceeded, 10.25, 10
	}
	l := &domain.LimitFault{Type: t, Scope: domain.ScopeUser, Current: current, Limit: bound}
	if reset > 0 {
		l.ResetAt = noon().Add(reset)
	}
	f := domain.NewFault(kind, domain.Code(t), "limit "+string(t)+" reached")
	f.Limit = l
	return f
}

// held is a budget that requests in flight hold.
func held() *domain.Fault {
	f := limit(domain.LimitDaily, 0)
	f.Kind, f.Code, f.RetryAfter = domain.KindRateLimited, domain.CodeBudgetReserved, 2*time.Second
	f.Limit.Reserved = true
	f.Detail = f.Limit.Text("en")
	return f
}

// faults is every code a client of the data plane can meet.
func faults() []*domain.Fault {
	plain := func(k domain.Kind, codes ...domain.Code) (out []*domain.Fault) {
		for _, c := range codes {
			out = append(out, domain.NewFault(k, c, "detail of "+string(c)))
		}
		return out
	}
	cooling := domain.NewFault(domain.KindUpstreamRateLimited, domain.CodeUpstreamRateLimited, "all providers are rate limited")
	cooling.RetryAfter = 16400 * time.Millisecond
	return slices.Concat(
		plain(domain.KindUnauthenticated, domain.CodeAuthMissing, domain.CodeAuthConflict, domain.CodeInvalidAPIKey,
			domain.CodeKeyDisabled, domain.CodeKeyExpired, domain.CodeUserDisabled, domain.CodeUserExpired),
		plain(domain.KindRateLimited, domain.CodeTooManyAuthFailures),
		plain(domain.KindForbidden, domain.CodeClientNotAllowed, domain.CodeClientBlocked, domain.CodeModelNotAllowed),
		plain(domain.KindInvalid, domain.CodeUserAgentRequired, domain.CodeModelRequired, domain.CodeBadJSON,
			domain.CodeBadEncoding, domain.CodeUnconvertible),
		plain(domain.KindTooLarge, domain.CodeBodyTooLarge),
		plain(domain.KindUnsupportedEncoding, domain.CodeUnsupportedEncoding),
		plain(domain.KindNotFound, domain.CodeUnknownEndpoint, domain.CodeResourceProviderMissing),
		[]*domain.Fault{
			limit(domain.LimitRPM, 17*time.Second), limit(domain.LimitConcurrentSessions, 5*time.Second),
			limit(domain.LimitConcurrentRequests, 0), limit(domain.Limit5h, 90*time.Minute), limit(domain.LimitDaily, 12*time.Hour),
			limit(domain.LimitWeekly, 72*time.Hour), limit(domain.LimitMonthly, 600*time.Hour), limit(domain.LimitTotal, 0),
			cooling,
		},
		[]*domain.Fault{held()},
		plain(domain.KindNoProvider, domain.CodeGroupEmpty, domain.CodeNoAvailableProviders, domain.CodeAllRateLimited,
			domain.CodeAllCircuitsOpen, domain.CodeMixedUnavailable, domain.CodeQuotaUnavailable),
		plain(domain.KindOverloaded, domain.CodeOverloaded, domain.CodeServerShutdown),
		plain(domain.KindAllFailed, domain.CodeAllProvidersFailed),
		plain(domain.KindUpstreamTimeout, domain.CodeUpstreamTimeout, domain.CodeStreamIdleTimeout),
		plain(domain.KindUpstreamRefused, domain.CodeUpstreamError, domain.CodeStreamAborted),
		plain(domain.KindInternal, domain.CodeInternalError),
	)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o750))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Fatalf("%s differs (-want +got):\n%s", path, diff)
	}
}

// show writes a response as text: status, headers in order, body.
func show(res *httptest.ResponseRecorder) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", res.Code)
	names := make([]string, 0, len(res.Header()))
	for name := range res.Header() {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "%s: %s\n", name, res.Header().Get(name))
	}
	return b.String() + "\n" + res.Body.String() + "\n"
}

func TestWriteEveryCodeInEveryProtocol(t *testing.T) {
	t.Parallel()
	for _, p := range protocols() {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, f := range faults() {
				res := httptest.NewRecorder()
				status := problem.Write(res, p, f, meta())
				require.Equal(t, status, res.Code)
				require.Equal(t, status, problem.Status(f))
				require.True(t, json.Valid(res.Body.Bytes()))
				fmt.Fprintf(&b, "-- %s --\n%s\n", f.Code, show(res))
			}
			golden(t, "write_"+string(p)+".golden", b.String())
		})
	}
}

func TestFrameEveryProtocol(t *testing.T) {
	t.Parallel()
	st := problem.Stream{RequestID: "req_0000000000001", Sequence: 7, ResponseID: "resp_1"}
	for _, p := range protocols() {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, f := range faults() {
				fmt.Fprintf(&b, "-- %s --\n%s", f.Code, problem.Frame(p, f, st))
			}
			golden(t, "frame_"+string(p)+".golden", b.String())
		})
	}
}

func TestGeminiCLISharesGeminiShape(t *testing.T) {
	t.Parallel()
	f := limit(domain.LimitRPM, time.Second)
	a, b := httptest.NewRecorder(), httptest.NewRecorder()
	problem.Write(a, domain.ProtocolGemini, f, meta())
	problem.Write(b, domain.ProtocolGeminiCLI, f, meta())
	require.Equal(t, show(a), show(b))
}

func TestEvery429And503CarriesRetryAfter(t *testing.T) {
	t.Parallel()
	for _, p := range protocols() {
		for _, f := range faults() {
			res := httptest.NewRecorder()
			status := problem.Write(res, p, f, meta())
			if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
				require.Regexp(t, `^[1-9]\d*$`, res.Header().Get("Retry-After"), "%s %s", p, f.Code)
			}
		}
	}
}

func TestCodexStopsOnMoneyLimits(t *testing.T) {
	t.Parallel()
	m := meta()
	m.Codex = true

	res := httptest.NewRecorder()
	require.Equal(t, 429, problem.Write(res, domain.ProtocolResponses, limit(domain.LimitWeekly, time.Hour), m))
	require.Equal(t, "false", res.Header().Get("X-Should-Retry"))
	require.Equal(t, "3600", res.Header().Get("Retry-After"))
	require.JSONEq(t, `{"error":{"type":"usage_limit_reached","message":"limit usd_weekly reached","param":null,"code":"usd_weekly",
		"resets_at":1793883600,"resets_in_seconds":3600,"limit_type":"usd_weekly","scope":"user","current":10.25,"limit":10,
		"reset_time":"2026-11-05T13:00:00Z","retry_after":3600}}`, res.Body.String())

	total := httptest.NewRecorder()
	problem.Write(total, domain.ProtocolResponses, limit(domain.LimitTotal, 0), m)
	require.Equal(t, "3600", total.Header().Get("Retry-After"))
	require.Contains(t, total.Body.String(), `"resets_at":null,"resets_in_seconds":null`)

	rpm := httptest.NewRecorder()
	problem.Write(rpm, domain.ProtocolResponses, limit(domain.LimitRPM, time.Second), m)
	require.NotContains(t, rpm.Body.String(), "usage_limit_reached")
}

func TestUpstreamRefusalPassesAsItCame(t *testing.T) {
	t.Parallel()
	f := domain.NewFault(domain.KindUpstreamRefused, domain.CodeUpstreamError, "refused")
	f.Upstream = &domain.UpstreamFault{
		Status: 529, ContentType: "application/json; charset=utf-8", Body: []byte(`{ "odd" : "spacing" }`), RequestID: "up-1",
	}
	res := httptest.NewRecorder()
	require.Equal(t, 529, problem.Write(res, domain.ProtocolClaude, f, meta()))
	require.Equal(t, string(f.Upstream.Body), res.Body.String())
	require.Equal(t, "application/json; charset=utf-8", res.Header().Get("Content-Type"))
	require.Equal(t, "up-1", res.Header().Get("X-Upstream-Request-Id"))

	f.Upstream.Status = 429
	res = httptest.NewRecorder()
	problem.Write(res, domain.ProtocolClaude, f, meta())
	require.Equal(t, "5", res.Header().Get("Retry-After"))
}

func TestUpstreamCredentialsTroubleNeverReachesTheClient(t *testing.T) {
	t.Parallel()
	for _, status := range []int{401, 402, 403} {
		f := domain.NewFault(domain.KindUpstreamRefused, domain.CodeUpstreamError, "the provider refused the call")
		f.Upstream = &domain.UpstreamFault{Status: status, Body: []byte("our key is bad")}
		res := httptest.NewRecorder()
		require.Equal(t, 502, problem.Write(res, domain.ProtocolClaude, f, meta()))
		require.NotContains(t, res.Body.String(), "our key")
	}
}

func TestCausesStayHidden(t *testing.T) {
	t.Parallel()
	f := domain.AsFault(fmt.Errorf("dial 10.0.0.7: %w", http.ErrServerClosed))
	for _, p := range protocols() {
		res := httptest.NewRecorder()
		require.Equal(t, 500, problem.Write(res, p, f, meta()))
		require.NotContains(t, res.Body.String()+string(problem.Frame(p, f, problem.Stream{})), "10.0.0.7")
	}
}

func TestFaultWithoutCodeIsShownByItsKind(t *testing.T) {
	t.Parallel()
	want := map[domain.Kind]int{
		domain.KindInternal: 500, domain.KindInvalid: 400, domain.KindUnauthenticated: 401, domain.KindForbidden: 403,
		domain.KindNotFound: 404, domain.KindTooLarge: 413, domain.KindUnsupportedEncoding: 415, domain.KindQuotaExceeded: 402,
		domain.KindRateLimited: 429, domain.KindConcurrencyLimited: 429, domain.KindUpstreamRefused: 502,
		domain.KindUpstreamTimeout: 504, domain.KindUpstreamRateLimited: 429, domain.KindNoProvider: 503,
		domain.KindAllFailed: 503, domain.KindOverloaded: 503, domain.KindClientGone: 499,
	}
	for kind, status := range want {
		require.Equal(t, status, problem.Status(domain.NewFault(kind, "", "x")), "%s", kind)
	}
}

func TestWhatWeSayIsInTheClientsLanguage(t *testing.T) {
	t.Parallel()
	for _, f := range faults() {
		w := httptest.NewRecorder()
		m := meta()
		m.Language = "zh-CN"
		problem.Write(w, domain.ProtocolClaude, f, m)
		var doc struct {
			Error struct {
				Message string `json:"message"`
			} `json:"error"`
		}
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &doc))
		switch f.Code {
		case domain.CodeUserAgentRequired, domain.CodeBadJSON, domain.CodeBadEncoding, domain.CodeUnconvertible,
			domain.CodeUnknownEndpoint, domain.CodeResourceProviderMissing, domain.CodeAllProvidersFailed,
			domain.CodeUpstreamRateLimited, domain.CodeUpstreamTimeout, domain.CodeUpstreamError, domain.CodeClientGone:
			require.Equal(t, f.Detail, doc.Error.Message, "it says more than its code")
		default:
			require.Regexp(t, `\p{Han}`, doc.Error.Message, f.Code)
		}
	}
	upstream := domain.NewFault(domain.KindAllFailed, domain.CodeAllProvidersFailed, "the upstream's own words")
	w := httptest.NewRecorder()
	problem.Write(w, domain.ProtocolChat, upstream, problem.Meta{Language: "zh-CN"})
	require.Contains(t, w.Body.String(), "the upstream's own words")
	frame := problem.Frame(domain.ProtocolClaude, domain.NewFault(domain.KindUpstreamRefused, domain.CodeStreamAborted, "broke off"),
		problem.Stream{Language: "zh-CN"})
	require.Contains(t, string(frame), "供应商中断了响应")
}
