package adminapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

type quotaView struct {
	Kind, Label                                  string
	IsCurrent                                    bool
	UsedFraction, Remaining, RemainingUSD, Limit *float64
	Unit, Model                                  *string
	ResetAt, EmptyAt                             *time.Time
}

type accountView struct {
	Setup struct {
		Adapter    string
		InUse      *string
		HasToken   bool
		BaseURL    *string
		USDPerUnit *float64
		Template   *struct {
			Method, Path string
			HeaderNames  []string
		}
	}
	Status         string
	Error          *string
	Headroom       *float64
	WeightFactor   float64
	ExhaustedUntil *time.Time
	FetchedAt      *time.Time
	Quotas         []quotaView
	History        []struct {
		At     time.Time
		Quotas []quotaView
	}
}

// relay adds a provider and returns the path of its account.
func (w *world) relay() (domain.ProviderID, string) {
	w.t.Helper()
	var p struct{ ID int64 }
	w.admin(http.MethodPost, "/api/v1/providers", `{"name":"relay","type":"claude","url":"https://relay.example","key":"upstream-key-0001"}`).
		into(w.t, http.StatusCreated, &p)
	return domain.ProviderID(p.ID), fmt.Sprintf("/api/v1/providers/%d/account", p.ID)
}

func TestAnAccountIsUnknownUntilItIsAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, path := w.relay()
	var got accountView
	a := w.admin(http.MethodGet, path, nil)
	a.into(t, http.StatusOK, &got)
	require.Equal(t, "unconfigured", got.Status)
	require.Equal(t, "auto", got.Setup.Adapter)
	require.Nil(t, got.Setup.InUse)
	require.Nil(t, got.Headroom, "unknown is not zero")
	require.InDelta(t, 1, got.WeightFactor, 0)
	require.Contains(t, a.text, `"quotas":[]`)
	w.admin(http.MethodPost, path+"/refresh", nil).refused(t, http.StatusBadRequest, "request.invalid")
	w.admin(http.MethodGet, "/api/v1/providers/999/account", nil).refused(t, http.StatusNotFound, "resource.not_found")
	w.admin(http.MethodPost, "/api/v1/providers/999/account/refresh", nil).refused(t, http.StatusNotFound, "resource.not_found")
}

func TestAnAccountIsShownWithHistoryAndForecast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, path := w.relay()
	now := w.clock()
	window := domain.ProviderQuota{
		Kind: domain.QuotaWindow, Label: "5h", Used: 0.4, Length: 5 * time.Hour, ResetAt: now.Add(time.Hour), ObservedAt: now, Source: domain.QuotaFromHeader,
	}
	over := window
	over.Label, over.Used, over.ResetAt = "7d", 0.9, now.Add(-time.Minute)
	purse := domain.ProviderQuota{
		Kind: domain.QuotaBalance, Label: "balance", Remaining: 60, Unit: "CNY", USDPerUnit: 0.1, Limit: 100, ObservedAt: now, Source: domain.QuotaFromPoll,
	}
	before := purse
	before.Remaining, before.ObservedAt = 90, now.Add(-10*time.Hour)
	require.NoError(t, w.store.ProviderAccounts().Save(t.Context(), id,
		&domain.AccountState{Status: domain.AccountOK, Quotas: []domain.ProviderQuota{before}}, before.ObservedAt))
	w.actors.reading = &domain.AccountState{
		Status: domain.AccountOK, FetchedAt: now, LastOKAt: now, PollAt: now.Add(10 * time.Minute),
		Quotas:   []domain.ProviderQuota{window, over, purse},
		Outlooks: []domain.QuotaOutlook{{Known: true, Headroom: 0.6, Factor: 1, Until: now.Add(time.Hour)}},
	}
	w.actors.adapter = domain.AdapterDeepSeek

	var got accountView
	w.admin(http.MethodPost, path+"/refresh", nil).into(t, http.StatusOK, &got)
	var again accountView
	w.admin(http.MethodGet, path, nil).into(t, http.StatusOK, &again)
	require.Equal(t, got, again)
	require.Equal(t, "deepseek", *got.Setup.InUse)
	require.InDelta(t, 0.6, *got.Headroom, 1e-9)
	require.Equal(t, now.Add(time.Hour), *got.ExhaustedUntil)
	require.InDelta(t, 0.4, *got.Quotas[0].UsedFraction, 1e-9)
	require.Nil(t, got.Quotas[0].Remaining)
	require.False(t, got.Quotas[1].IsCurrent)
	require.Nil(t, got.Quotas[1].UsedFraction, "past its reset nothing is known")
	require.InDelta(t, 60, *got.Quotas[2].Remaining, 1e-9)
	require.InDelta(t, 6, *got.Quotas[2].RemainingUSD, 1e-9)
	require.Equal(t, now.Add(20*time.Hour), *got.Quotas[2].EmptyAt, "thirty in ten hours")
	require.Len(t, got.History, 1)
	require.InDelta(t, 90, *got.History[0].Quotas[0].Remaining, 1e-9)

	var page struct {
		Items []struct {
			Account accountView
			Health  struct{ Account accountView }
		}
	}
	w.admin(http.MethodGet, "/api/v1/providers", nil).into(t, http.StatusOK, &page)
	require.Equal(t, got.Quotas[:2], page.Items[0].Health.Account.Quotas[:2])
	w.admin(http.MethodGet, "/api/v1/providers/health", nil).into(t, http.StatusOK, &page)
	require.Equal(t, got.Quotas[:2], page.Items[0].Account.Quotas[:2])
	require.Equal(t, got.ExhaustedUntil, page.Items[0].Account.ExhaustedUntil)

	w.actors.down = true
	w.admin(http.MethodPost, path+"/refresh", nil).refused(t, http.StatusServiceUnavailable, "dependency.unavailable")
}

func TestHowAnAccountIsAskedCanBeSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, path := w.relay()
	var got accountView
	a := w.admin(http.MethodPut, path, `{"adapter":"custom","config":{"baseUrl":"https://panel.example/","token":"panel-token-0001",
		"usdPerUnit":0.14,"template":{"path":"/me?x=1","headers":{"X-Token":"hidden-{key}"},"balance":"data.left","unit":"CNY"}}}`)
	a.into(t, http.StatusOK, &got)
	require.NotContains(t, a.text, "panel-token-0001")
	require.NotContains(t, a.text, "hidden-")
	require.True(t, got.Setup.HasToken)
	require.Equal(t, "https://panel.example", *got.Setup.BaseURL)
	require.Equal(t, []string{"X-Token"}, got.Setup.Template.HeaderNames)
	require.Equal(t, "GET", got.Setup.Template.Method)

	// What was left out stays; the node's catalog has it before the answer.
	w.admin(http.MethodPut, path, `{"adapter":"custom","config":{"baseUrl":"https://panel.example","template":{"path":"/me","used":"u","limit":"l"}}}`).
		into(t, http.StatusOK, &got)
	p := w.catalog.Current().Provider(id)
	require.EqualValues(t, "panel-token-0001", p.Account.Config.Token)
	require.EqualValues(t, "hidden-{key}", p.Account.Config.Template.Headers["X-Token"])
	require.Zero(t, p.Account.Config.USDPerUnit)

	w.admin(http.MethodPut, path, `{"adapter":"new-api","config":{"token":null}}`).into(t, http.StatusOK, &got)
	require.False(t, got.Setup.HasToken)
	require.Nil(t, got.Setup.Template)
}

func TestAnAccountsSetupIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, path := w.relay()
	for _, test := range []struct{ body, path, code string }{
		{`{}`, "adapter", "required"},
		{`{"adapter":"guess"}`, "adapter", "invalid_choice"},
		{`{"adapter":"sub2api","config":{"baseUrl":"https://other.example"}}`, "config.token", "required"},
		{`{"adapter":"sub2api","config":{"baseUrl":"https://u:p@relay.example"}}`, "config.baseUrl", "invalid_format"},
		{`{"adapter":"custom"}`, "config.template", "required"},
		{`{"adapter":"custom","config":{"template":{"path":"/x"}}}`, "config.template.balance", "required"},
		{`{"adapter":"custom","config":{"template":{"path":"//other.example/x","balance":"b"}}}`, "config.template.path", "invalid_format"},
		{`{"adapter":"custom","config":{"template":{"path":"x","balance":"b"}}}`, "config.template.path", "invalid_format"},
		{`{"adapter":"custom","config":{"template":{"path":"/x","balance":"b","headers":{"Host":"h"}}}}`, "config.template.headers.Host", "invalid_format"},
		{`{"adapter":"auto","config":{"token":"a\nb"}}`, "config.token", "invalid_format"},
	} {
		a := w.admin(http.MethodPut, path, test.body)
		require.Equal(t, test.code, faultAt(a.refused(t, http.StatusBadRequest, "request.validation_failed"), test.path), "%s: %s", test.body, a.text)
	}
	// A stored token does not go along to another host.
	require.Equal(t, http.StatusOK, w.admin(http.MethodPut, path, `{"adapter":"sub2api","config":{"baseUrl":"https://panel.example","token":"t-0001"}}`).status)
	a := w.admin(http.MethodPut, path, `{"adapter":"sub2api","config":{"baseUrl":"https://evil.example"}}`)
	require.Equal(t, "required", faultAt(a.refused(t, http.StatusBadRequest, "request.validation_failed"), "config.token"), a.text)
	require.Equal(t, http.StatusNotFound, w.admin(http.MethodPut, "/api/v1/providers/999/account", `{"adapter":"auto"}`).status)
}

// faultAt is what is wrong with a field, "" if nothing.
func faultAt(p problemBody, path string) string {
	for _, param := range p.InvalidParams {
		if joined(param.Path) == path {
			return param.Code
		}
	}
	return ""
}

func joined(path []any) string {
	parts := make([]string, len(path))
	for i := range path {
		parts[i] = fmt.Sprint(path[i])
	}
	return strings.Join(parts, ".")
}

func TestBalanceSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var got struct{ BalanceTargetUSD, BalanceFloorUSD float64 }
	w.admin(http.MethodPatch, "/api/v1/settings", `{"balanceTargetUsd":20,"balanceFloorUsd":0.5}`).into(t, http.StatusOK, &got)
	require.InDelta(t, 20, got.BalanceTargetUSD, 0)
	require.Equal(t, domain.MoneyFromUSD(0.5), w.catalog.Current().Settings().BalanceFloor)
	w.admin(http.MethodPatch, "/api/v1/settings", `{"balanceTargetUsd":null}`).into(t, http.StatusOK, &got)
	require.InDelta(t, 5, got.BalanceTargetUSD, 0)
	w.admin(http.MethodPatch, "/api/v1/settings", `{"balanceTargetUsd":0}`).refused(t, http.StatusBadRequest, "request.validation_failed")
}
