package balance

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/rawjson"
	"github.com/claude-code-hub/cch/internal/account"
	"github.com/claude-code-hub/cch/internal/domain"
)

// anthropic asks a Claude subscription:
//
//	{"five_hour":{"utilization":37.0,"resets_at":"2026-…"},"seven_day":{…},"seven_day_opus":null}
func anthropic(ctx context.Context, c *caller) ([]domain.ProviderQuota, error) {
	h := c.bearer()
	h.Set("Anthropic-Beta", "oauth-2025-04-20")
	said, err := c.do(ctx, http.MethodGet, c.origin("/api/oauth/usage"), h, nil)
	if err != nil {
		return nil, err
	}
	var quotas []domain.ProviderQuota
	said.ForEach(func(name, window gjson.Result) bool {
		used := window.Get("utilization")
		label, length, model := claudeClaim(name.String())
		if label != "" && used.Type == gjson.Number {
			quotas = append(quotas, domain.ProviderQuota{
				Kind: domain.QuotaWindow, Label: label, Model: model, Used: used.Float() / 100, Length: length,
				ResetAt: instant(window.Get("resets_at")),
			})
		}
		return true
	})
	if len(quotas) == 0 {
		return nil, unclear("windows")
	}
	return quotas, nil
}

// claudeClaim is the label that headers give a window of this name.
func claudeClaim(name string) (label string, length time.Duration, model string) {
	if name == "five_hour" {
		return account.Label5h, 5 * time.Hour, ""
	}
	rest, ok := strings.CutPrefix(name, "seven_day")
	if !ok {
		return "", 0, ""
	}
	return account.Label7d + rest, 7 * 24 * time.Hour, strings.TrimPrefix(rest, "_")
}

// codex asks a ChatGPT account:
//
//	{"plan_type":"pro","rate_limit":{"primary_window":{"used_percent":12,"limit_window_seconds":18000,"reset_at":1765000000},
//	 "secondary_window":{…}},"credits":{"has_credits":true,"unlimited":false,"balance":"12.5"}}
func codex(ctx context.Context, c *caller) ([]domain.ProviderQuota, error) {
	h := c.bearer()
	if id := c.accountID(); id != "" {
		h.Set("ChatGPT-Account-Id", id)
	}
	said, err := c.do(ctx, http.MethodGet, c.origin("/backend-api/wham/usage"), h, nil)
	if err != nil {
		return nil, err
	}
	var quotas []domain.ProviderQuota
	for _, place := range [...]string{"rate_limit.primary_window", "rate_limit.secondary_window"} {
		w := said.Get(place)
		length := time.Duration(w.Get("limit_window_seconds").Float() * float64(time.Second))
		if used := w.Get("used_percent"); used.Type == gjson.Number && length > 0 {
			quotas = append(quotas, account.CodexWindow(used.Float(), length, instant(w.Get("reset_at"))))
		}
	}
	if len(quotas) == 0 {
		return nil, unclear("windows")
	}
	if credits := said.Get("credits"); credits.Get("has_credits").Bool() {
		quotas = account.WithCredits(quotas, account.CodexCredits(credits.Get("balance").Float(), credits.Get("unlimited").Bool()))
	}
	return quotas, nil
}

// accountID is the ChatGPT account: as configured, else as the access token says.
func (c *caller) accountID() string {
	if c.config.AccountID != "" {
		return c.config.AccountID
	}
	parts := strings.Split(c.key, ".")
	if len(parts) != 3 {
		return ""
	}
	claims, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil || !rawjson.ValidBytes(claims) {
		return ""
	}
	return gjson.GetBytes(claims, `https://api\.openai\.com/auth.chatgpt_account_id`).String()
}

// codeAssist asks a Gemini Code Assist account, whose quotas are by model:
//
//	{"buckets":[{"modelId":"gemini-2.5-pro","remainingFraction":0.7,"remainingAmount":"70","resetTime":"2026-…"}]}
func codeAssist(ctx context.Context, c *caller) ([]domain.ProviderQuota, error) {
	body, err := json.Marshal(map[string]string{"project": c.config.Project})
	if err != nil {
		return nil, err
	}
	said, err := c.do(ctx, http.MethodPost, c.origin("/v1internal:retrieveUserQuota"), c.bearer(), body)
	if err != nil {
		return nil, err
	}
	var quotas []domain.ProviderQuota
	for _, b := range said.Get("buckets").Array() {
		model, left := b.Get("modelId").String(), b.Get("remainingFraction")
		if model == "" || left.Type != gjson.Number {
			continue
		}
		q := domain.ProviderQuota{
			Kind: domain.QuotaWindow, Label: model, Model: strings.ToLower(model), Used: 1 - left.Float(),
			ResetAt: instant(b.Get("resetTime")),
		}
		if amount := b.Get("remainingAmount").Float(); amount > 0 && left.Float() > 0 {
			q.Limit, q.Unit = amount/left.Float(), account.LabelRequests
		}
		quotas = append(quotas, q)
	}
	if len(quotas) == 0 {
		return nil, unclear("buckets")
	}
	return quotas, nil
}

// instant reads Unix seconds or milliseconds, as a number or a text, or RFC 3339.
func instant(v gjson.Result) time.Time {
	if at, err := time.Parse(time.RFC3339, v.String()); err == nil {
		return at.UTC()
	}
	if n := v.Float(); n > 0 && n < 1e14 {
		return account.Unix(n)
	}
	return time.Time{}
}
