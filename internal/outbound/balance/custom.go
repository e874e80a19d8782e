package balance

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/domain"
)

const keyPlace = "{key}"

// custom asks as the operator's template says. With a balance, or a limit and
// what is used of it, it finds a purse; if there is also a reset, or nothing but
// a share that is used, a window.
func custom(ctx context.Context, c *caller) ([]domain.ProviderQuota, error) {
	t := &c.config.Template
	u, err := c.templateURL(t.Path)
	if err != nil {
		return nil, err
	}
	h := c.bearer()
	for name, value := range t.Headers {
		h.Set(name, strings.ReplaceAll(value.Reveal(), keyPlace, c.key))
	}
	method, body := http.MethodGet, []byte(nil)
	if t.Method == http.MethodPost {
		method, body = t.Method, []byte(t.Body)
	}
	said, err := c.do(ctx, method, u, h, body)
	if err != nil {
		return nil, err
	}
	return figures(t, said)
}

func (c *caller) templateURL(path string) (*url.URL, error) {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" {
		return nil, &failure{text: "the template's path is not a path"}
	}
	target := c.origin(u.Path)
	target.RawQuery = u.RawQuery
	return target, nil
}

// figures takes out of an answer what a template says is there.
func figures(t *domain.AccountTemplate, said gjson.Result) ([]domain.ProviderQuota, error) {
	factor, unit := t.Factor, t.Unit
	if factor == 0 {
		factor = 1
	}
	if unit == "" {
		unit = usd
	}
	figure := func(path string) (float64, bool) {
		if path == "" {
			return 0, false
		}
		n, ok := number(said.Get(path))
		return n * factor, ok
	}
	left, okLeft := figure(t.Balance)
	used, okUsed := figure(t.Used)
	limit, okLimit := figure(t.Limit)
	switch {
	case okLeft:
	case okLimit && okUsed:
		left = limit - used
	case okUsed:
		return []domain.ProviderQuota{window(used, t, said)}, nil
	default:
		return nil, unclear("figure where the template says")
	}
	if t.Reset != "" && okLimit && limit > 0 {
		q := window(1-left/limit, t, said)
		q.Limit, q.Unit = limit, unit
		return []domain.ProviderQuota{q}, nil
	}
	q := purse(left, unit)
	q[0].Limit = limit
	return q, nil
}

func window(used float64, t *domain.AccountTemplate, said gjson.Result) domain.ProviderQuota {
	q := domain.ProviderQuota{Kind: domain.QuotaWindow, Label: "quota", Used: used}
	if t.Reset != "" {
		q.ResetAt = instant(said.Get(t.Reset))
	}
	return q
}
