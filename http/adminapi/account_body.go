package adminapi

import (
	"maps"
	"slices"
	"time"

	"github.com/claude-code-hub/cch/internal/account"
	"github.com/claude-code-hub/cch/internal/domain"
)

type accountBody struct {
	ProviderID int64            `json:"providerId"`
	Setup      accountSetupBody `json:"setup"`
	AccountSummary
	History []accountPointBody `json:"history" doc:"by the hour, oldest first"`
}

// AccountSummary is what lists of providers show of an account.
type AccountSummary struct {
	Status         string      `json:"status"         enum:"unconfigured,ok,failed,unsupported"`
	Error          *string     `json:"error"`
	Headroom       *float64    `json:"headroom"       doc:"share left of what is scarcest, 0 to 1; null = unknown"`
	WeightFactor   float64     `json:"weightFactor"   doc:"of the provider's weight, because of the headroom"`
	ExhaustedUntil *time.Time  `json:"exhaustedUntil" doc:"the provider is not used before; null = it is"`
	FetchedAt      *time.Time  `json:"fetchedAt"      doc:"when the account was last asked"`
	LastOKAt       *time.Time  `json:"lastOkAt"       doc:"when it was last asked with success"`
	NextFetchAt    *time.Time  `json:"nextFetchAt"`
	Quotas         []quotaBody `json:"quotas"`
}

type quotaBody struct {
	Kind         string     `json:"kind"         enum:"window,balance"`
	Label        string     `json:"label"`
	Model        *string    `json:"model"        doc:"part of the names of the models it is for; null = all"`
	IsCurrent    bool       `json:"isCurrent"    doc:"false: too old, or past its reset, so that nothing is known"`
	UsedFraction *float64   `json:"usedFraction" doc:"windows, 0 to 1 and beyond; null = unknown"`
	Remaining    *float64   `json:"remaining"    doc:"balances, in unit; null = unknown"`
	RemainingUSD *float64   `json:"remainingUsd" doc:"null = unknown, or without a rate"`
	Limit        *float64   `json:"limit"        doc:"the whole, in unit"`
	Unit         *string    `json:"unit"`
	IsUnlimited  bool       `json:"isUnlimited"`
	IsRateLimit  bool       `json:"isRateLimit"  doc:"comes back by itself within minutes"`
	ResetAt      *time.Time `json:"resetAt"`
	Status       *string    `json:"status"       enum:"allowed,warning,rejected" doc:"the upstream's own word"`
	ObservedAt   time.Time  `json:"observedAt"`
	Source       string     `json:"source"       enum:"header,poll,error"`
	EmptyAt      *time.Time `json:"emptyAt"      doc:"if it goes on like in the last 24 hours; null = not before the reset, or unknown"`
}

type accountPointBody struct {
	At     time.Time    `json:"at"`
	Quotas []pointQuota `json:"quotas"`
}

type pointQuota struct {
	Label        string   `json:"label"`
	UsedFraction *float64 `json:"usedFraction"`
	Remaining    *float64 `json:"remaining"`
	Unit         *string  `json:"unit"`
}

// showAccount shows what is known; a nil state knows nothing.
func showAccount(s *domain.AccountState, now time.Time) AccountSummary {
	if s == nil {
		return AccountSummary{Status: string(domain.AccountUnconfigured), WeightFactor: 1, Quotas: []quotaBody{}}
	}
	outlook := s.Outlook("")
	b := AccountSummary{
		Status: string(s.Status), Error: optional(s.Error), WeightFactor: outlook.Factor,
		FetchedAt: instant(s.FetchedAt), LastOKAt: instant(s.LastOKAt), NextFetchAt: instant(s.PollAt),
		Quotas: make([]quotaBody, len(s.Quotas)),
	}
	if outlook.Known {
		b.Headroom = &outlook.Headroom
	}
	if outlook.Exhausted(now) {
		b.ExhaustedUntil = instant(outlook.Until)
	}
	for i := range s.Quotas {
		b.Quotas[i] = showQuota(&s.Quotas[i], now)
	}
	return b
}

func showQuota(q *domain.ProviderQuota, now time.Time) quotaBody {
	b := quotaBody{
		Kind: string(q.Kind), Label: q.Label, Model: optional(q.Model), IsCurrent: account.Known(q, now),
		Limit: optional(q.Limit), Unit: optional(q.Unit), IsUnlimited: q.Unlimited, IsRateLimit: q.Refills, ResetAt: instant(q.ResetAt),
		Status: optional(string(q.Status)), ObservedAt: q.ObservedAt.UTC(), Source: string(q.Source),
	}
	switch {
	case !b.IsCurrent || q.Unlimited || q.Label == account.LabelRefused:
	case q.Kind == domain.QuotaBalance:
		b.Remaining, b.RemainingUSD = &q.Remaining, inUSD(q)
	default:
		b.UsedFraction = &q.Used
	}
	return b
}

func inUSD(q *domain.ProviderQuota) *float64 {
	switch {
	case q.Unit == "USD":
		return &q.Remaining
	case q.USDPerUnit > 0:
		return new(q.Remaining * q.USDPerUnit)
	}
	return nil
}

// forecast adds when quotas will be used up.
func forecast(shown []quotaBody, s *domain.AccountState, points []domain.AccountPoint, now time.Time) {
	for i := range shown {
		if shown[i].IsCurrent {
			shown[i].EmptyAt = instant(account.EmptyAt(&s.Quotas[i], points, now))
		}
	}
}

func showHistory(points []domain.AccountPoint) []accountPointBody {
	out := make([]accountPointBody, len(points))
	for i := range points {
		out[i] = accountPointBody{At: points[i].Hour, Quotas: []pointQuota{}}
		for j := range points[i].Quotas {
			q := &points[i].Quotas[j]
			shown := pointQuota{Label: q.Label, Unit: optional(q.Unit)}
			if q.Kind == domain.QuotaBalance {
				shown.Remaining = &q.Remaining
			} else {
				shown.UsedFraction = &q.Used
			}
			out[i].Quotas = append(out[i].Quotas, shown)
		}
	}
	return out
}

type accountSetupBody struct {
	Adapter    string               `json:"adapter"    enum:"none,auto,anthropic-oauth,codex,code-assist,new-api,sub2api,deepseek,openrouter,siliconflow,moonshot,custom"`
	InUse      *string              `json:"inUse"      doc:"the adapter that auto found; null = there is none"`
	HasToken   bool                 `json:"hasToken"`
	BaseURL    *string              `json:"baseUrl"    doc:"null = the provider's own host"`
	AccountID  *string              `json:"accountId"`
	Project    *string              `json:"project"`
	USDPerUnit *float64             `json:"usdPerUnit"`
	Template   *accountTemplateBody `json:"template"`
}

type accountTemplateBody struct {
	Method      string   `json:"method"      enum:"GET,POST"`
	Path        string   `json:"path"`
	HeaderNames []string `json:"headerNames" doc:"their values are not shown"`
	Body        *string  `json:"body"`
	Balance     *string  `json:"balance"`
	Used        *string  `json:"used"`
	Limit       *string  `json:"limit"`
	Reset       *string  `json:"reset"`
	Unit        *string  `json:"unit"`
	Factor      *float64 `json:"factor"`
}

func showAccountSetup(s *domain.AccountSetup, inUse domain.AccountAdapter) accountSetupBody {
	c := &s.Config
	b := accountSetupBody{
		Adapter: string(s.Adapter), InUse: optional(string(inUse)), HasToken: c.Token != "", BaseURL: optional(c.BaseURL),
		AccountID: optional(c.AccountID), Project: optional(c.Project), USDPerUnit: optional(c.USDPerUnit),
	}
	if b.Adapter == "" {
		b.Adapter = string(domain.AdapterAuto)
	}
	if t := &c.Template; t.Path != "" {
		b.Template = &accountTemplateBody{
			Method: t.Method, Path: t.Path, HeaderNames: list(slices.Sorted(maps.Keys(t.Headers))), Body: optional(t.Body),
			Balance: optional(t.Balance), Used: optional(t.Used), Limit: optional(t.Limit), Reset: optional(t.Reset),
			Unit: optional(t.Unit), Factor: optional(t.Factor),
		}
	}
	return b
}
