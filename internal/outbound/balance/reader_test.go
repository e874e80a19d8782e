package balance_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/outbound"
	"github.com/claude-code-hub/cch/internal/outbound/balance"
	"github.com/claude-code-hub/cch/internal/secrets"
)

var now = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

const key = "upstream-key-000042"

func reader() *balance.Reader {
	return balance.New(balance.Options{
		Policy: outbound.Policy{AllowPrivate: true}, Timeout: 10 * time.Second,
		Now: func() time.Time { return now }, Redact: secrets.Redact,
	})
}

// host is an upstream that knows some paths and keeps what it was asked.
type host struct {
	*httptest.Server

	mu    sync.Mutex
	asked []*http.Request
	body  string
}

// answers are by "METHOD path?query".
func newHost(t *testing.T, answers map[string]string) *host {
	t.Helper()
	h := &host{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		h.asked, h.body = append(h.asked, r), string(body)
		h.mu.Unlock()
		answer, ok := answers[r.Method+" "+r.RequestURI]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *host) provider(kind domain.ProviderType, path string, setup domain.AccountSetup) *domain.Provider {
	return &domain.Provider{ID: 7, Type: kind, URL: h.URL + path, Key: key, Account: setup}
}

func window(label string, used float64, length time.Duration, reset time.Time) domain.ProviderQuota {
	return domain.ProviderQuota{
		Kind: domain.QuotaWindow, Label: label, Used: used, Length: length, ResetAt: reset,
		ObservedAt: now, Source: domain.QuotaFromPoll,
	}
}

func purse(left, limit float64, unit string) domain.ProviderQuota {
	return domain.ProviderQuota{
		Kind: domain.QuotaBalance, Label: "balance", Remaining: left, Limit: limit, Unit: unit, ObservedAt: now, Source: domain.QuotaFromPoll,
	}
}

func of(q domain.ProviderQuota, edit func(*domain.ProviderQuota)) domain.ProviderQuota {
	edit(&q)
	return q
}

const (
	hours5 = 5 * time.Hour
	days7  = 7 * 24 * time.Hour
)

func TestConnectors(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_796_000_000, 0).UTC()
	token := "h." + base64.RawURLEncoding.EncodeToString([]byte(`{"https://api.openai.com/auth":{"chatgpt_account_id":"acc-1"}}`)) + ".s"
	for _, test := range []struct {
		name    string
		kind    domain.ProviderType
		path    string // of the provider's base URL
		setup   domain.AccountSetup
		answers map[string]string
		header  map[string]string // that the last call must have
		body    string
		want    []domain.ProviderQuota
	}{
		{
			"a Claude subscription", domain.TypeClaudeAuth, "",
			domain.AccountSetup{Adapter: domain.AdapterAnthropicOAuth},
			map[string]string{"GET /api/oauth/usage": `{"five_hour":{"utilization":37.0,"resets_at":"2026-11-29T14:00:00.000000+00:00"},
				"seven_day":{"utilization":91,"resets_at":"2026-12-02T00:00:00Z"},"seven_day_opus":{"utilization":0,"resets_at":null},
				"seven_day_sonnet":null,"extra_usage":{"is_enabled":false}}`},
			map[string]string{"Authorization": "Bearer " + key, "Anthropic-Beta": "oauth-2025-04-20"},
			"",
			[]domain.ProviderQuota{
				window("5h", 0.37, hours5, now.Add(2*time.Hour)),
				window("7d", 0.91, days7, time.Date(2026, 12, 2, 0, 0, 0, 0, time.UTC)),
				of(window("7d_opus", 0, days7, time.Time{}), func(q *domain.ProviderQuota) { q.Model = "opus" }),
			},
		},
		{
			"a ChatGPT account, its windows swapped", domain.TypeCodex, "/backend-api/codex",
			domain.AccountSetup{Adapter: domain.AdapterCodex, Config: domain.AccountConfig{Token: domain.Secret(token)}},
			map[string]string{"GET /backend-api/wham/usage": `{"plan_type":"pro","rate_limit":{
				"primary_window":{"used_percent":40,"limit_window_seconds":604800,"reset_at":1796000000},
				"secondary_window":{"used_percent":100,"limit_window_seconds":18000,"reset_at":1796000000}},
				"credits":{"has_credits":true,"unlimited":false,"balance":"12.5"}}`},
			map[string]string{"Authorization": "Bearer " + token, "Chatgpt-Account-Id": "acc-1"},
			"",
			[]domain.ProviderQuota{
				window("7d", 0.4, days7, at),
				of(window("5h", 1, hours5, at), func(q *domain.ProviderQuota) { q.Status = domain.QuotaWarning }),
				of(purse(12.5, 0, "credits"), func(q *domain.ProviderQuota) { q.Label = "credits" }),
			},
		},
		{
			"Gemini Code Assist", domain.TypeGeminiCLI, "",
			domain.AccountSetup{
				Adapter: domain.AdapterCodeAssist, Config: domain.AccountConfig{Project: "my-project"},
			},
			map[string]string{"POST /v1internal:retrieveUserQuota": `{"buckets":[
				{"modelId":"gemini-2.5-pro","remainingFraction":0.25,"remainingAmount":"25","resetTime":"2026-11-30T08:00:00Z"},
				{"modelId":"gemini-2.5-flash"}]}`},
			map[string]string{"Authorization": "Bearer " + key, "Content-Type": "application/json"},
			`{"project":"my-project"}`,
			[]domain.ProviderQuota{of(window("gemini-2.5-pro", 0.75, 0, time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)), func(q *domain.ProviderQuota) {
				q.Model, q.Limit, q.Unit = "gemini-2.5-pro", 100, "requests"
			})},
		},
		{
			"a key of new-api", domain.TypeOpenAICompatible, "/v1",
			domain.AccountSetup{Adapter: domain.AdapterNewAPI},
			map[string]string{
				"GET /v1/dashboard/billing/subscription":                                    `{"object":"billing_subscription","hard_limit_usd":20,"access_until":0}`,
				"GET /v1/dashboard/billing/usage?start_date=2026-08-22&end_date=2026-11-30": `{"object":"list","total_usage":1250}`,
			},
			map[string]string{"Authorization": "Bearer " + key},
			"",
			[]domain.ProviderQuota{purse(7.5, 20, "USD")},
		},
		{
			"a key of new-api without a limit", domain.TypeClaude, "",
			domain.AccountSetup{Adapter: domain.AdapterNewAPI},
			map[string]string{"GET /v1/dashboard/billing/subscription": `{"hard_limit_usd":100000000}`},
			nil, "",
			[]domain.ProviderQuota{of(purse(0, 0, "USD"), func(q *domain.ProviderQuota) { q.Unlimited = true })},
		},
		{
			"a user of new-api, below a path", domain.TypeClaude, "/relay/v1",
			domain.AccountSetup{
				Adapter: domain.AdapterNewAPI, Config: domain.AccountConfig{Token: "user-token-1", AccountID: "12"},
			},
			map[string]string{"GET /relay/api/user/self": `{"success":true,"message":"","data":{"quota":2500000,"used_quota":5}}`},
			map[string]string{"Authorization": "Bearer user-token-1", "New-Api-User": "12"},
			"",
			[]domain.ProviderQuota{purse(5, 0, "USD")},
		},
		{
			"sub2api", domain.TypeClaude, "",
			domain.AccountSetup{Adapter: domain.AdapterSub2API},
			map[string]string{"GET /v1/usage": `{"isValid":true,"remaining":12.5,"unit":"USD"}`},
			nil, "",
			[]domain.ProviderQuota{purse(12.5, 0, "USD")},
		},
		{
			"DeepSeek", domain.TypeClaude, "/anthropic",
			domain.AccountSetup{Adapter: domain.AdapterDeepSeek, Config: domain.AccountConfig{USDPerUnit: 0.14}},
			map[string]string{"GET /user/balance": `{"is_available":true,"balance_infos":[
				{"currency":"USD","total_balance":"0.00"},{"currency":"CNY","total_balance":"110.00","granted_balance":"10.00"}]}`},
			nil, "",
			[]domain.ProviderQuota{of(purse(110, 0, "CNY"), func(q *domain.ProviderQuota) { q.USDPerUnit = 0.14 })},
		},
		{
			"DeepSeek without money", domain.TypeOpenAICompatible, "",
			domain.AccountSetup{Adapter: domain.AdapterDeepSeek},
			map[string]string{"GET /user/balance": `{"is_available":false,"balance_infos":[{"currency":"USD","total_balance":"0.01"}]}`},
			nil, "",
			[]domain.ProviderQuota{of(purse(0.01, 0, "USD"), func(q *domain.ProviderQuota) { q.Status = domain.QuotaRejected })},
		},
		{
			"OpenRouter", domain.TypeOpenAICompatible, "/api/v1",
			domain.AccountSetup{Adapter: domain.AdapterOpenRouter},
			map[string]string{"GET /api/v1/credits": `{"data":{"total_credits":20,"total_usage":7.5}}`},
			nil, "",
			[]domain.ProviderQuota{purse(12.5, 20, "USD")},
		},
		{
			"SiliconFlow", domain.TypeOpenAICompatible, "/v1",
			domain.AccountSetup{Adapter: domain.AdapterSiliconFlow},
			map[string]string{"GET /v1/user/info": `{"code":20000,"status":true,"data":{"balance":"0.88","totalBalance":"88.88"}}`},
			nil, "",
			[]domain.ProviderQuota{purse(88.88, 0, "CNY")},
		},
		{
			"Moonshot", domain.TypeOpenAICompatible, "/v1",
			domain.AccountSetup{Adapter: domain.AdapterMoonshot},
			map[string]string{"GET /v1/users/me/balance": `{"code":0,"data":{"available_balance":49.58894,"voucher_balance":46.5},"status":true}`},
			nil, "",
			[]domain.ProviderQuota{purse(49.58894, 0, "CNY")},
		},
		{
			"a template with a balance", domain.TypeOpenAICompatible, "/v1",
			domain.AccountSetup{Adapter: domain.AdapterCustom, Config: domain.AccountConfig{
				Template: domain.AccountTemplate{
					Method: "POST", Path: "/me?fields=credit", Headers: map[string]domain.Secret{"X-Token": "t {key}"}, Body: `{"a":1}`,
					Balance: "data.0.credit", Unit: "EUR", Factor: 0.01,
				},
			}},
			map[string]string{"POST /me?fields=credit": `{"data":[{"credit":"1234"}]}`},
			map[string]string{"X-Token": "t " + key, "Authorization": "Bearer " + key},
			`{"a":1}`,
			[]domain.ProviderQuota{purse(12.34, 0, "EUR")},
		},
		{
			"a template with a limit and a reset", domain.TypeOpenAICompatible, "",
			domain.AccountSetup{Adapter: domain.AdapterCustom, Config: domain.AccountConfig{
				Template: domain.AccountTemplate{Path: "/q", Used: "used", Limit: "max", Reset: "reset", Unit: "requests"},
			}},
			map[string]string{"GET /q": `{"used":30,"max":120,"reset":"1796000000000"}`},
			nil, "",
			[]domain.ProviderQuota{of(window("quota", 0.25, 0, at), func(q *domain.ProviderQuota) { q.Limit, q.Unit = 120, "requests" })},
		},
		{
			"a template with a share", domain.TypeOpenAICompatible, "",
			domain.AccountSetup{Adapter: domain.AdapterCustom, Config: domain.AccountConfig{
				Template: domain.AccountTemplate{Path: "/q", Used: "percent", Factor: 0.01},
			}},
			map[string]string{"GET /q": `{"percent":64}`},
			nil, "",
			[]domain.ProviderQuota{window("quota", 0.64, 0, time.Time{})},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, test.answers)
			got := reader().Read(t.Context(), h.provider(test.kind, test.path, test.setup))
			require.Empty(t, got.Error)
			require.Equal(t, test.setup.Adapter, got.Adapter)
			require.Equal(t, now, got.At)
			require.Empty(t, cmp.Diff(test.want, got.Quotas))
			last := h.asked[len(h.asked)-1]
			for name, value := range test.header {
				require.Equal(t, value, last.Header.Get(name), name)
			}
			require.Equal(t, test.body, h.body)
			require.Empty(t, last.Header.Get("Cookie"))
		})
	}
}

func TestWhatGoesWrongIsSaidWithoutSecrets(t *testing.T) {
	t.Parallel()
	answer := func(status int, header, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if header != "" {
				w.Header().Set("Retry-After", header)
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for _, test := range []struct {
		name       string
		adapter    domain.AccountAdapter
		handler    http.HandlerFunc
		status     int
		retryAfter time.Duration
		text       string
	}{
		{"refused", domain.AdapterOpenRouter, answer(401, "", "no such key "+key), 401, 0, "401 Unauthorized"},
		{"not there", domain.AdapterSub2API, answer(404, "", ""), 404, 0, "404 Not Found"},
		{"too often", domain.AdapterDeepSeek, answer(429, "120", ""), 429, 2 * time.Minute, "429 Too Many Requests"},
		{"no JSON", domain.AdapterMoonshot, answer(200, "", "<html>"), 200, 0, "the answer is not JSON, or is nested too deeply"},
		{"a tower", domain.AdapterMoonshot, answer(200, "", tower(500_000)), 200, 0, "the answer is not JSON, or is nested too deeply"},
		{"more of it than is read", domain.AdapterMoonshot, answer(200, "", tower(1_000_000)), 200, 0, "the answer is not JSON, or is nested too deeply"},
		{"another document", domain.AdapterNewAPI, answer(200, "", `{}`), 200, 0, "the answer has no hard_limit_usd"},
		{"a refusal in disguise", domain.AdapterSiliconFlow, answer(200, "", `{"code":30001,"message":"bad `+key+`"}`), 200, 0, "the account refuses: bad ***"},
		{"a key that is not valid", domain.AdapterSub2API, answer(200, "", `{"isValid":false}`), 401, 0, "the account says that the key is not valid"},
		{"windows of another kind", domain.AdapterCodex, answer(200, "", `{"rate_limit":null}`), 200, 0, "the answer has no windows"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(test.handler)
			t.Cleanup(server.Close)
			got := reader().Read(t.Context(), &domain.Provider{URL: server.URL, Key: key, Account: domain.AccountSetup{Adapter: test.adapter}})
			require.Equal(t, test.text, got.Error)
			require.Equal(t, test.status, got.Status)
			require.Equal(t, test.retryAfter, got.RetryAfter)
			require.Empty(t, got.Quotas)
		})
	}
}

// tower is a document of so many arrays, one in the other.
func tower(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

func TestATokenWithATowerNamesNoAccount(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		depth int
		want  string
	}{{10, "acc-1"}, {300_000, ""}} {
		h := newHost(t, nil)
		claims := `{"https://api.openai.com/auth":{"chatgpt_account_id":"acc-1"},"deep":` + tower(test.depth) + `}`
		p := h.provider(domain.TypeCodex, "", domain.AccountSetup{Adapter: domain.AdapterCodex, Config: domain.AccountConfig{
			Token: domain.Secret("a." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c"),
		}})
		reader().Read(t.Context(), p)
		require.Len(t, h.asked, 1)
		require.Equal(t, test.want, h.asked[0].Header.Get("ChatGPT-Account-Id"))
	}
}

func TestAHostThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	p := &domain.Provider{URL: server.URL, Key: key, Account: domain.AccountSetup{
		Adapter: domain.AdapterCustom, Config: domain.AccountConfig{Template: domain.AccountTemplate{Path: "/x?key=hidden-0001", Balance: "b"}},
	}}
	got := reader().Read(t.Context(), p)
	require.Zero(t, got.Status)
	require.NotEmpty(t, got.Error)
	require.NotContains(t, got.Error, "hidden-0001")
}

// A provider's key goes to no other host than the provider's.
func TestAnotherHostNeedsItsOwnToken(t *testing.T) {
	t.Parallel()
	other := newHost(t, map[string]string{"GET /v1/usage": `{"remaining":1}`})
	home := newHost(t, nil)
	p := home.provider(domain.TypeClaude, "", domain.AccountSetup{Adapter: domain.AdapterSub2API, Config: domain.AccountConfig{BaseURL: other.URL}})
	p.Transport.CustomHeaders = map[string]domain.Secret{"X-Extra": "mine"}
	got := reader().Read(t.Context(), p)
	require.Contains(t, got.Error, "token")
	require.Empty(t, other.asked)

	p.Account.Config.Token = "its-own-token"
	got = reader().Read(t.Context(), p)
	require.Empty(t, got.Error)
	require.Equal(t, "Bearer its-own-token", other.asked[0].Header.Get("Authorization"))
	require.Empty(t, other.asked[0].Header.Get("X-Extra"))
	require.Empty(t, home.asked)
}

func TestAccountsAreAskedThroughTheProvidersProxy(t *testing.T) {
	t.Parallel()
	proxy := newHost(t, map[string]string{"GET http://upstream.invalid/v1/usage": `{"remaining":3}`})
	p := &domain.Provider{URL: "http://upstream.invalid", Key: key, Account: domain.AccountSetup{Adapter: domain.AdapterSub2API}}
	p.Transport.ProxyURL = domain.Secret(proxy.URL)
	got := reader().Read(t.Context(), p)
	require.Empty(t, got.Error)
	require.Len(t, got.Quotas, 1)

	direct := newHost(t, map[string]string{"GET /v1/usage": `{"remaining":4}`})
	proxy.Close()
	p.URL, p.Transport.ProxyFallbackToDirect = direct.URL, true
	got = reader().Read(t.Context(), p)
	require.Empty(t, got.Error)
	require.InDelta(t, 4, got.Quotas[0].Remaining, 0)
}

func TestAdaptersAreFoundByTypeAndHost(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind domain.ProviderType
		url  string
		key  string
		set  domain.AccountAdapter
		want domain.AccountAdapter
	}{
		{domain.TypeClaudeAuth, "https://api.anthropic.com", "x", "", domain.AdapterAnthropicOAuth},
		{domain.TypeClaude, "https://API.anthropic.com", "sk-ant-oat01-x", domain.AdapterAuto, domain.AdapterAnthropicOAuth},
		{domain.TypeClaude, "https://api.anthropic.com", "sk-ant-api03-x", "", ""},
		{domain.TypeCodex, "https://chatgpt.com/backend-api/codex", "x", "", domain.AdapterCodex},
		{domain.TypeGeminiCLI, "https://cloudcode-pa.googleapis.com", "x", "", domain.AdapterCodeAssist},
		{domain.TypeClaude, "https://api.deepseek.com/anthropic", "x", "", domain.AdapterDeepSeek},
		{domain.TypeOpenAICompatible, "https://openrouter.ai/api/v1", "x", "", domain.AdapterOpenRouter},
		{domain.TypeOpenAICompatible, "https://api.siliconflow.cn/v1", "x", "", domain.AdapterSiliconFlow},
		{domain.TypeOpenAICompatible, "https://api.moonshot.ai/v1", "x", "", domain.AdapterMoonshot},
		{domain.TypeClaude, "https://relay.example", "x", "", ""},
		{domain.TypeClaude, "https://relay.example", "x", domain.AdapterNewAPI, domain.AdapterNewAPI},
		{domain.TypeClaude, "https://api.deepseek.com", "x", domain.AdapterNone, ""},
	} {
		t.Run(fmt.Sprint(test.kind, " ", test.url, " ", strings.ToUpper(string(test.set))), func(t *testing.T) {
			t.Parallel()
			p := &domain.Provider{Type: test.kind, URL: test.url, Key: domain.Secret(test.key), Account: domain.AccountSetup{Adapter: test.set}}
			require.Equal(t, test.want, reader().Adapter(p))
		})
	}
}

func TestNobodyIsAskedWithoutAnAdapter(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	got := reader().Read(t.Context(), h.provider(domain.TypeClaude, "", domain.AccountSetup{}))
	require.Equal(t, domain.AccountReading{At: now}, got)
	require.Empty(t, h.asked)
}
