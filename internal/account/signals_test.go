package account_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/account"
	"github.com/claude-code-hub/cch/internal/domain"
)

var now = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// headers makes canonical headers out of names and values.
func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

func window(label string, used float64, length time.Duration, reset time.Time, status domain.QuotaStatus) domain.ProviderQuota {
	return domain.ProviderQuota{
		Kind: domain.QuotaWindow, Label: label, Used: used, Length: length, ResetAt: reset, Status: status,
		ObservedAt: now, Source: domain.QuotaFromHeader,
	}
}

func bucket(label, unit string, used, limit float64, reset time.Time) domain.ProviderQuota {
	q := window(label, used, 0, reset, "")
	q.Unit, q.Limit, q.Refills = unit, limit, true
	return q
}

func with(q domain.ProviderQuota, model string) domain.ProviderQuota {
	q.Model = model
	return q
}

const (
	hours5 = 5 * time.Hour
	days7  = 7 * 24 * time.Hour
)

func TestFromHeaders(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_796_000_000, 0).UTC()
	for _, test := range []struct {
		name   string
		header http.Header
		want   []domain.ProviderQuota
	}{
		{"nothing", headers("content-type", "application/json", "request-id", "req_1"), nil},
		{
			"a Claude subscription",
			headers(
				"anthropic-ratelimit-unified-status", "allowed_warning", "anthropic-ratelimit-unified-reset", "1796000000",
				"anthropic-ratelimit-unified-5h-status", "allowed", "anthropic-ratelimit-unified-5h-utilization", "0.37",
				"anthropic-ratelimit-unified-5h-reset", "1796000000",
				"anthropic-ratelimit-unified-7d-status", "allowed_warning", "anthropic-ratelimit-unified-7d-utilization", "0.91",
				"anthropic-ratelimit-unified-7d-reset", "1796000000",
				"anthropic-ratelimit-unified-7d_opus-utilization", "0.5", "anthropic-ratelimit-unified-7d_opus-reset", "1796000000",
				"anthropic-ratelimit-unified-representative-claim", "seven_day", "anthropic-ratelimit-unified-fallback-percentage", "0.5",
				"anthropic-ratelimit-unified-overage-status", "rejected",
			),
			[]domain.ProviderQuota{
				window("5h", 0.37, hours5, at, domain.QuotaAllowed),
				window("7d", 0.91, days7, at, domain.QuotaWarning),
				with(window("7d_opus", 0.5, days7, at, domain.QuotaWarning), "opus"),
			},
		},
		{
			"a subscription whose window is used up",
			headers(
				"anthropic-ratelimit-unified-status", "rejected", "anthropic-ratelimit-unified-reset", "1796000000",
				"anthropic-ratelimit-unified-5h-status", "rejected", "anthropic-ratelimit-unified-5h-utilization", "1.01",
				"anthropic-ratelimit-unified-5h-reset", "1796000000",
				"anthropic-ratelimit-unified-7d-status", "allowed", "anthropic-ratelimit-unified-7d-utilization", "0.4",
				"anthropic-ratelimit-unified-7d-reset", "1796000000",
			),
			[]domain.ProviderQuota{
				window("5h", 1.01, hours5, at, domain.QuotaRejected), window("7d", 0.4, days7, at, domain.QuotaAllowed),
			},
		},
		{
			"a refusal that names only the claim",
			headers("anthropic-ratelimit-unified-status", "rejected", "anthropic-ratelimit-unified-reset", "1796000000",
				"anthropic-ratelimit-unified-representative-claim", "seven_day_opus"),
			[]domain.ProviderQuota{with(window("7d_opus", 1, days7, at, domain.QuotaRejected), "opus")},
		},
		{
			"used up, yet served as extra usage",
			headers("anthropic-ratelimit-unified-status", "allowed", "anthropic-ratelimit-unified-5h-status", "rejected",
				"anthropic-ratelimit-unified-5h-utilization", "1", "anthropic-ratelimit-unified-5h-reset", "1796000000"),
			[]domain.ProviderQuota{window("5h", 1, hours5, at, domain.QuotaWarning)},
		},
		{
			"a Claude API key",
			headers(
				"anthropic-ratelimit-requests-limit", "50", "anthropic-ratelimit-requests-remaining", "49",
				"anthropic-ratelimit-requests-reset", "2026-11-29T12:00:01Z",
				"anthropic-ratelimit-input-tokens-limit", "40000", "anthropic-ratelimit-input-tokens-remaining", "10000",
				"anthropic-ratelimit-input-tokens-reset", "2026-11-29T12:00:45Z",
			),
			[]domain.ProviderQuota{
				bucket("requests", "requests", 0.02, 50, now.Add(time.Second)),
				bucket("input_tokens", "tokens", 0.75, 40000, now.Add(45*time.Second)),
			},
		},
		{
			"an OpenAI key",
			headers(
				"x-ratelimit-limit-requests", "500", "x-ratelimit-remaining-requests", "0", "x-ratelimit-reset-requests", "6m0s",
				"x-ratelimit-limit-tokens", "30000", "x-ratelimit-remaining-tokens", "15000", "x-ratelimit-reset-tokens", "30ms",
			),
			[]domain.ProviderQuota{
				bucket("requests", "requests", 1, 500, now.Add(6*time.Minute)),
				bucket("tokens", "tokens", 0.5, 30000, now.Add(30*time.Millisecond)),
			},
		},
		{
			"Codex, primary and secondary swapped, one absent family and one named",
			headers(
				"x-codex-primary-used-percent", "40", "x-codex-primary-window-minutes", "10080", "x-codex-primary-reset-at", "1796000000",
				"x-codex-secondary-used-percent", "12.5", "x-codex-secondary-window-minutes", "300",
				"x-codex-secondary-reset-after-seconds", "600",
				"x-codex-bengalfox-primary-used-percent", "3", "x-codex-bengalfox-primary-window-minutes", "300",
				"x-codex-bengalfox-primary-reset-at", "1796000000", "x-codex-bengalfox-limit-name", "GPT-5.3-Codex-Spark",
				"x-codex-other-primary-used-percent", "0", "x-codex-other-primary-window-minutes", "0",
				"x-codex-plan-type", "pro",
			),
			[]domain.ProviderQuota{
				window("5h", 0.125, hours5, now.Add(10*time.Minute), ""),
				window("7d", 0.4, days7, at, ""),
				with(window("bengalfox 5h", 0.03, hours5, at, ""), "gpt-5.3-codex-spark"),
			},
		},
		{
			"Codex that goes on with credits",
			headers(
				"x-codex-primary-used-percent", "100", "x-codex-primary-window-minutes", "300", "x-codex-primary-reset-at", "1796000000",
				"x-codex-credits-has-credits", "true", "x-codex-credits-unlimited", "false", "x-codex-credits-balance", "12.5",
			),
			[]domain.ProviderQuota{
				window("5h", 1, hours5, at, domain.QuotaWarning),
				{
					Kind: domain.QuotaBalance, Label: "credits", Unit: "credits", Remaining: 12.5,
					ObservedAt: now, Source: domain.QuotaFromHeader,
				},
			},
		},
		{"figures that are none", headers("x-ratelimit-limit-requests", "many", "x-ratelimit-remaining-requests", "NaN"), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, cmp.Diff(test.want, account.FromHeaders(test.header, now), cmpopts.EquateEmpty()))
		})
	}
}

func TestHeadersThatTellNothingCostNothing(t *testing.T) {
	h := headers("content-type", "text/event-stream", "cache-control", "no-cache", "request-id", "req_1", "server", "x")
	require.Zero(t, testing.AllocsPerRun(100, func() { account.FromHeaders(h, now) }))
}

func TestFromRefusal(t *testing.T) {
	t.Parallel()
	refused := domain.ProviderQuota{
		Kind: domain.QuotaBalance, Label: account.LabelRefused, Status: domain.QuotaRejected,
		ObservedAt: now, Source: domain.QuotaFromError,
	}
	fromError := func(q domain.ProviderQuota) domain.ProviderQuota {
		q.Source = domain.QuotaFromError
		return q
	}
	google := `{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[` +
		`{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[` +
		`{"quotaId":"GenerateRequestsPerMinutePerProjectPerModel","quotaDimensions":{"model":"gemini-2.5-pro"}},` +
		`{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier","quotaDimensions":{"model":"gemini-2.5-pro"}}]},` +
		`{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"7200s"}]}}`
	perDay := with(fromError(window("GenerateRequestsPerDayPerProjectPerModel-FreeTier", 1, 24*time.Hour,
		now.Add(2*time.Hour), domain.QuotaRejected)), "gemini-2.5-pro")
	for _, test := range []struct {
		name   string
		status int
		body   string
		want   []domain.ProviderQuota
	}{
		{"Codex, a week", 429, `{"error":{"type":"usage_limit_reached","message":"x","resets_at":1796400000}}`, []domain.ProviderQuota{
			fromError(window("7d", 1, days7, time.Unix(1_796_400_000, 0).UTC(), domain.QuotaRejected)),
		}},
		{"Codex, some hours", 429, `{"error":{"type":"usage_limit_reached","resets_in_seconds":7200}}`, []domain.ProviderQuota{
			fromError(window("5h", 1, hours5, now.Add(2*time.Hour), domain.QuotaRejected)),
		}},
		{"Codex, it does not say", 429, `{"error":{"type":"usage_limit_reached"}}`, []domain.ProviderQuota{
			fromError(window(account.LabelRefused, 1, 0, time.Time{}, domain.QuotaRejected)),
		}},
		{"Gemini, the day", 429, google, []domain.ProviderQuota{perDay}},
		{"Gemini, streaming", 429, "[" + google + "]", []domain.ProviderQuota{perDay}},
		{"Gemini, the minute", 429, `{"error":{"details":[{"violations":[{"quotaId":"RequestsPerMinute"}]},{"retryDelay":"21s"}]}}`, nil},
		{"payment required", 402, `{"error":"Insufficient Balance"}`, []domain.ProviderQuota{refused}},
		{"Anthropic", 400, `{"type":"error","error":{"message":"Your credit balance is too low to access the API"}}`, []domain.ProviderQuota{refused}},
		{"OpenAI", 429, `{"error":{"code":"insufficient_quota"}}`, []domain.ProviderQuota{refused}},
		{"new-api", 403, `{"error":{"code":"insufficient_user_quota"}}`, []domain.ProviderQuota{refused}},
		{"a mere rate limit", 429, `{"error":{"type":"rate_limit_error"}}`, nil},
		{"a bad request", 400, `{"error":{"message":"max_tokens is too large"}}`, nil},
		{"not JSON", 429, `<html>`, nil},
		{"a server's error that talks of money", 500, `insufficient balance`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, cmp.Diff(test.want, account.FromRefusal(test.status, []byte(test.body), now)))
		})
	}
}

// A header that says when the window resets outranks the text of the refusal.
func TestFromErrorBelievesHeadersFirst(t *testing.T) {
	t.Parallel()
	h := headers("x-codex-primary-used-percent", "100", "x-codex-primary-window-minutes", "10080", "x-codex-primary-reset-at", "1796000000")
	got := account.FromError(429, h, []byte(`{"error":{"type":"usage_limit_reached","resets_in_seconds":60}}`), now)
	require.Len(t, got, 1)
	require.Equal(t, account.Label7d, got[0].Label)

	h.Set("X-Codex-Primary-Used-Percent", "50")
	got = account.FromError(429, h, []byte(`{"error":{"type":"usage_limit_reached","resets_in_seconds":60}}`), now)
	require.Len(t, got, 2)
}
