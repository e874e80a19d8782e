package store

import (
	"encoding/json"

	"github.com/claude-code-hub/cch/internal/domain"
)

// accountConfig is what is sealed in config_enc.
type accountConfig struct {
	BaseURL    string           `json:"baseUrl,omitempty"`
	Token      string           `json:"token,omitempty"`
	AccountID  string           `json:"accountId,omitempty"`
	Project    string           `json:"project,omitempty"`
	USDPerUnit float64          `json:"usdPerUnit,omitempty"`
	Template   *accountTemplate `json:"template,omitempty"`
}

type accountTemplate struct {
	Method  string            `json:"method,omitempty"`
	Path    string            `json:"path"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
	Balance string            `json:"balance,omitempty"`
	Used    string            `json:"used,omitempty"`
	Limit   string            `json:"limit,omitempty"`
	Reset   string            `json:"reset,omitempty"`
	Unit    string            `json:"unit,omitempty"`
	Factor  float64           `json:"factor,omitempty"`
}

func toAccountConfig(c *domain.AccountConfig) accountConfig {
	out := accountConfig{
		BaseURL: c.BaseURL, Token: c.Token.Reveal(), AccountID: c.AccountID, Project: c.Project, USDPerUnit: c.USDPerUnit,
	}
	if t := &c.Template; t.Path != "" {
		out.Template = &accountTemplate{
			Method: t.Method, Path: t.Path, Body: t.Body, Balance: t.Balance, Used: t.Used, Limit: t.Limit,
			Reset: t.Reset, Unit: t.Unit, Factor: t.Factor,
		}
		for name, value := range t.Headers {
			if out.Template.Headers == nil {
				out.Template.Headers = make(map[string]string, len(t.Headers))
			}
			out.Template.Headers[name] = value.Reveal()
		}
	}
	return out
}

func (c *accountConfig) domain() domain.AccountConfig {
	out := domain.AccountConfig{
		BaseURL: c.BaseURL, Token: domain.Secret(c.Token), AccountID: c.AccountID, Project: c.Project, USDPerUnit: c.USDPerUnit,
	}
	if t := c.Template; t != nil {
		out.Template = domain.AccountTemplate{
			Method: t.Method, Path: t.Path, Body: t.Body, Balance: t.Balance, Used: t.Used, Limit: t.Limit,
			Reset: t.Reset, Unit: t.Unit, Factor: t.Factor,
		}
		for name, value := range t.Headers {
			if out.Template.Headers == nil {
				out.Template.Headers = make(map[string]domain.Secret, len(t.Headers))
			}
			out.Template.Headers[name] = domain.Secret(value)
		}
	}
	return out
}

// quotaJSON is a quota in a windows column. Times are Unix ms.
type quotaJSON struct {
	Kind       string  `json:"kind"`
	Label      string  `json:"label"`
	Model      string  `json:"model,omitempty"`
	Used       float64 `json:"usedFraction"`
	LengthMs   int64   `json:"lengthMs,omitempty"`
	Remaining  float64 `json:"remaining,omitempty"`
	Limit      float64 `json:"limit,omitempty"`
	Unit       string  `json:"unit,omitempty"`
	USDPerUnit float64 `json:"usdPerUnit,omitempty"`
	Unlimited  bool    `json:"unlimited,omitempty"`
	ResetAt    int64   `json:"resetAt,omitempty"`
	Status     string  `json:"status,omitempty"`
	ObservedAt int64   `json:"observedAt"`
	Source     string  `json:"source"`
}

// encodeQuotas leaves out rate limits that are over within minutes.
func encodeQuotas(quotas []domain.ProviderQuota) (string, error) {
	list := make([]quotaJSON, 0, len(quotas))
	for i := range quotas {
		q := &quotas[i]
		if q.Refills {
			continue
		}
		list = append(list, quotaJSON{
			Kind: string(q.Kind), Label: q.Label, Model: q.Model, Used: q.Used, LengthMs: q.Length.Milliseconds(),
			Remaining: q.Remaining, Limit: q.Limit, Unit: q.Unit, USDPerUnit: q.USDPerUnit, Unlimited: q.Unlimited,
			ResetAt: toMillis(q.ResetAt), Status: string(q.Status), ObservedAt: toMillis(q.ObservedAt), Source: string(q.Source),
		})
	}
	text, err := json.Marshal(list)
	return string(text), err
}

func decodeQuotas(text string) ([]domain.ProviderQuota, error) {
	var list []quotaJSON
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, err
	}
	quotas := make([]domain.ProviderQuota, len(list))
	for i := range list {
		q := &list[i]
		quotas[i] = domain.ProviderQuota{
			Kind: domain.QuotaKind(q.Kind), Label: q.Label, Model: q.Model, Used: q.Used, Length: millis(q.LengthMs),
			Remaining: q.Remaining, Limit: q.Limit, Unit: q.Unit, USDPerUnit: q.USDPerUnit, Unlimited: q.Unlimited,
			ResetAt: fromMillis(q.ResetAt), Status: domain.QuotaStatus(q.Status), ObservedAt: fromMillis(q.ObservedAt),
			Source: domain.QuotaSource(q.Source),
		}
	}
	return quotas, nil
}
