package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func testProviderAccounts(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	accounts := s.ProviderAccounts()
	created, v1, err := s.Providers().Create(ctx, provider("relay"))
	require.NoError(t, err)
	require.Zero(t, created.Account)
	bare, _, err := s.Providers().Create(ctx, provider("bare"))
	require.NoError(t, err)

	setup := domain.AccountSetup{Adapter: domain.AdapterCustom, Config: domain.AccountConfig{
		BaseURL: "https://panel.example", Token: "account-token-0001", AccountID: "12", Project: "p", USDPerUnit: 0.14,
		Template: domain.AccountTemplate{
			Method: "POST", Path: "/balance", Headers: map[string]domain.Secret{"x-token": "{key}"}, Body: "{}",
			Balance: "data.left", Used: "u", Limit: "l", Reset: "r", Unit: "CNY", Factor: 0.01,
		},
	}}
	v2, err := accounts.Configure(ctx, created.ID, setup)
	require.NoError(t, err)
	require.Greater(t, v2, v1)
	got, err := s.Providers().Get(ctx, created.ID)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(setup, got.Account))
	require.NoError(t, accounts.Save(ctx, bare.ID, &domain.AccountState{Status: domain.AccountOK}, time.Now()))
	bare, err = s.Providers().Get(ctx, bare.ID)
	require.NoError(t, err)
	require.Zero(t, bare.Account, "what is learnt configures nothing")
	_, err = accounts.Configure(ctx, 999, setup)
	requireFault(t, err, domain.KindNotFound)

	at := time.UnixMilli(1_796_000_000_000).UTC()
	reset := at.Add(time.Hour)
	window := domain.ProviderQuota{
		Kind: domain.QuotaWindow, Label: "5h", Model: "opus", Used: 0.25, Length: 5 * time.Hour, ResetAt: reset,
		Status: domain.QuotaAllowed, ObservedAt: at, Source: domain.QuotaFromHeader,
	}
	balance := domain.ProviderQuota{
		Kind: domain.QuotaBalance, Label: "balance", Remaining: 7, Limit: 20, Unit: "CNY", USDPerUnit: 0.14, ObservedAt: at, Source: domain.QuotaFromPoll,
	}
	minute := domain.ProviderQuota{Kind: domain.QuotaWindow, Label: "requests", Refills: true, ObservedAt: at}
	state := &domain.AccountState{
		Status: domain.AccountOK, FetchedAt: at, LastOKAt: at, Quotas: []domain.ProviderQuota{window, balance, minute},
	}
	require.NoError(t, accounts.Save(ctx, created.ID, state, at))
	later := *state
	later.Quotas = []domain.ProviderQuota{window}
	later.Quotas[0].Used = 0.5
	require.NoError(t, accounts.Save(ctx, created.ID, &later, at.Add(time.Hour)))
	require.NoError(t, accounts.Save(ctx, created.ID, &later, at.Add(time.Hour+time.Minute)), "the same hour again")

	hour := at.Truncate(time.Hour)
	window.Used = 0.25
	want := []domain.AccountPoint{
		{Hour: hour, Quotas: []domain.ProviderQuota{window, balance}}, {Hour: hour.Add(time.Hour), Quotas: later.Quotas},
	}
	history, err := accounts.History(ctx, created.ID, at)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, history))
	require.NoError(t, accounts.Prune(ctx, hour.Add(time.Hour)))
	history, err = accounts.History(ctx, created.ID, at)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want[1:], history))

	got, err = s.Providers().Get(ctx, created.ID)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(setup, got.Account), "what is learnt changes no configuration")
	_, err = s.Providers().Delete(ctx, created.ID, 0)
	require.NoError(t, err)
	require.NoError(t, accounts.Save(ctx, created.ID, state, at), "news of a deleted provider")
	history, err = accounts.History(ctx, created.ID, hour)
	require.NoError(t, err)
	require.Len(t, history, 1)
}
