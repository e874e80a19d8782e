package balance

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/account"
	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	usd = "USD"
	cny = "CNY"

	// unlimited is the limit, in dollars, that one-api shows for keys without one.
	unlimited = 100_000_000
	// unitsPerUSD is what one-api counts accounts in.
	unitsPerUSD = 500_000
	// usageDays is how far back one-api is asked for usage: it knows no "ever".
	usageDays = 99
)

// purse is an account that has one balance.
func purse(remaining float64, unit string) []domain.ProviderQuota {
	return []domain.ProviderQuota{{
		Kind: domain.QuotaBalance, Label: account.LabelBalance, Remaining: remaining, Unit: unit,
	}}
}

// number is a figure that some write as a text.
func number(v gjson.Result) (float64, bool) {
	switch v.Type {
	case gjson.Number:
		return v.Num, true
	case gjson.String:
		n := gjson.Parse(strings.TrimSpace(v.Str))
		return n.Num, n.Type == gjson.Number
	case gjson.Null, gjson.False, gjson.True, gjson.JSON:
	}
	return 0, false
}

// newAPI asks one-api, new-api and their descendants what a key has left, or
// with a token of its own the account:
//
//	GET /v1/dashboard/billing/subscription {"hard_limit_usd":20}
//	GET /v1/dashboard/billing/usage        {"total_usage":1250}   cents
func newAPI(ctx context.Context, c *caller) ([]domain.ProviderQuota, error) {
	if c.config.Token != "" {
		return newAPIUser(ctx, c)
	}
	said, err := c.get(ctx, c.under("/v1/dashboard/billing/subscription"))
	if err != nil {
		return nil, err
	}
	limit, ok := number(said.Get("hard_limit_usd"))
	if !ok {
		return nil, unclear("hard_limit_usd")
	}
	if limit >= unlimited {
		q := purse(0, usd)
		q[0].Unlimited = true
		return q, nil
	}
	u, today := c.under("/v1/dashboard/billing/usage"), c.now().UTC()
	u.RawQuery = "start_date=" + today.AddDate(0, 0, -usageDays).Format(time.DateOnly) +
		"&end_date=" + today.AddDate(0, 0, 1).Format(time.DateOnly)
	if said, err = c.get(ctx, u); err != nil {
		return nil, err
	}
	cents, ok := number(said.Get("total_usage"))
	if !ok {
		return nil, unclear("total_usage")
	}
	q := purse(limit-cents/100, usd)
	q[0].Limit = limit
	return q, nil
}

// newAPIUser reads {"success":true,"data":{"quota":2500000,"used_quota":0}}.
func newAPIUser(ctx context.Context, c *caller) ([]domain.ProviderQuota, error) {
	h := c.bearer()
	if c.config.AccountID != "" {
		h.Set("New-Api-User", c.config.AccountID)
	}
	said, err := c.do(ctx, http.MethodGet, c.under("/api/user/self"), h, nil)
	if err != nil {
		return nil, err
	}
	quota, ok := number(said.Get("data.quota"))
	if !ok || !said.Get("success").Bool() {
		return nil, refusedBy(said.Get("message").String(), "data.quota")
	}
	return purse(quota/unitsPerUSD, usd), nil
}

// refusedBy is an answer of success that carries a refusal.
func refusedBy(message, missing string) error {
	if message == "" {
		return unclear(missing)
	}
	return &failure{status: http.StatusOK, text: "the account refuses: " + message}
}

// sub2API reads {"isValid":true,"remaining":12.5,"unit":"USD"}.
func sub2API(ctx context.Context, c *caller) ([]domain.ProviderQuota, error) {
	said, err := c.get(ctx, c.under("/v1/usage"))
	if err != nil {
		return nil, err
	}
	if valid := said.Get("isValid"); valid.Exists() && !valid.Bool() {
		return nil, &failure{status: http.StatusUnauthorized, text: "the account says that the key is not valid"}
	}
	left, ok := number(said.Get("remaining"))
	if !ok {
		return nil, unclear("remaining")
	}
	unit := said.Get("unit").String()
	if unit == "" {
		unit = usd
	}
	return purse(left, unit), nil
}

// deepSeek reads {"is_available":true,"balance_infos":[{"currency":"CNY","total_balance":"110.00"}]}.
// Of several purses the first with anything in it is shown, dollars before others.
func deepSeek(ctx context.Context, c *caller) ([]domain.ProviderQuota, error) {
	said, err := c.get(ctx, c.origin("/user/balance"))
	if err != nil {
		return nil, err
	}
	var best []domain.ProviderQuota
	for _, info := range said.Get("balance_infos").Array() {
		left, ok := number(info.Get("total_balance"))
		if !ok {
			continue
		}
		q := purse(left, info.Get("currency").String())
		if best == nil || left > 0 && (best[0].Remaining <= 0 || q[0].Unit == usd) {
			best = q
		}
	}
	if best == nil {
		return nil, unclear("balance_infos")
	}
	if available := said.Get("is_available"); available.Exists() && !available.Bool() {
		best[0].Status = domain.QuotaRejected
	}
	return best, nil
}

// openRouter reads {"data":{"total_credits":20,"total_usage":7.5}}.
func openRouter(ctx context.Context, c *caller) ([]domain.ProviderQuota, error) {
	said, err := c.get(ctx, c.origin("/api/v1/credits"))
	if err != nil {
		return nil, err
	}
	credits, ok := number(said.Get("data.total_credits"))
	used, okUsed := number(said.Get("data.total_usage"))
	if !ok || !okUsed {
		return nil, unclear("credits")
	}
	q := purse(credits-used, usd)
	q[0].Limit = credits
	return q, nil
}

// siliconFlow reads {"code":20000,"data":{"totalBalance":"88.00"}}.
func siliconFlow(ctx context.Context, c *caller) ([]domain.ProviderQuota, error) {
	said, err := c.get(ctx, c.origin("/v1/user/info"))
	if err != nil {
		return nil, err
	}
	left, ok := number(said.Get("data.totalBalance"))
	if !ok || said.Get("code").Int() != 20000 {
		return nil, refusedBy(said.Get("message").String(), "data.totalBalance")
	}
	return purse(left, cny), nil
}

// moonshot reads {"code":0,"data":{"available_balance":49.58},"status":true}. Its
// Chinese house counts in yuan, the other in dollars.
func moonshot(ctx context.Context, c *caller) ([]domain.ProviderQuota, error) {
	said, err := c.get(ctx, c.origin("/v1/users/me/balance"))
	if err != nil {
		return nil, err
	}
	left, ok := number(said.Get("data.available_balance"))
	if !ok || said.Get("code").Int() != 0 {
		return nil, refusedBy(said.Get("message").String(), "data.available_balance")
	}
	if strings.HasSuffix(c.base.Hostname(), ".ai") {
		return purse(left, usd), nil
	}
	return purse(left, cny), nil
}
