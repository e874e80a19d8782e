package provider_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

func (w *world) AccountChanged(_ domain.ProviderID, s *domain.AccountState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kept = append(w.kept, s)
}

func (w *world) AccountNotice(n domain.AccountNotice) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.notices = append(w.notices, n.Level)
}

// news are what an operator heard.
func (w *world) news() []domain.AccountNoticeLevel {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]domain.AccountNoticeLevel(nil), w.notices...)
}

func (w *world) keptStates() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.kept)
}

// told is what an attempt's answer says of the account.
func (h *hub) told(n int, g *protocol.SlotGrant, class domain.AttemptClass, status int, q ...domain.ProviderQuota) {
	h.ref.Tell(&protocol.SlotReport{
		LeaseID: lease(n), ProviderID: 7, ReqID: domain.RequestID(n), Class: class, Failure: domain.FailStatus, Status: status,
		Call: domain.CallGenerate, GivenUp: true, Generation: g.Generation, Quotas: q,
	})
}

func (h *hub) observe(r domain.AccountReading) *domain.AccountState {
	h.t.Helper()
	done, err := kit.Ask[*protocol.AccountDone](context.Background(), h.ref, &protocol.AccountObserved{ProviderID: 7, Reading: r})
	require.NoError(h.t, err)
	return done.State
}

func fiveHours(used float64, resetIn time.Duration, status domain.QuotaStatus) domain.ProviderQuota {
	now := time.Now()
	return domain.ProviderQuota{
		Kind: domain.QuotaWindow, Label: "5h", Used: used, Length: 5 * time.Hour, ResetAt: now.Add(resetIn), Status: status,
		ObservedAt: now, Source: domain.QuotaFromHeader,
	}
}

func money(usd float64) domain.ProviderQuota {
	return domain.ProviderQuota{
		Kind: domain.QuotaBalance, Label: "balance", Remaining: usd, Unit: "USD", ObservedAt: time.Now(), Source: domain.QuotaFromPoll,
	}
}

// An account that is used up is left alone until its reset, which is no failure
// of the provider; then it is asked again without anybody's doing.
func TestAUsedUpAccountWaitsForItsReset(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seven())
		h := w.start(t, nil)
		defer h.stop()
		for n := range 5 { // more than the breaker's threshold
			g := h.acquire(n)
			if n == 0 {
				require.True(t, g.OK)
			}
			h.told(n, g, domain.ClassProviderError, 429, fiveHours(1, 3*time.Hour, domain.QuotaRejected))
		}
		g := h.acquire(10)
		require.Equal(t, protocol.DeniedQuotaExhausted, g.DeniedBy)
		require.InDelta(t, (3 * time.Hour).Milliseconds(), g.RetryAfterMs, 1000)
		health := h.read()
		require.Equal(t, domain.BreakerClosed, health.Breaker)
		require.Zero(t, health.Failures)
		require.Zero(t, health.CoolingUntil, "the account's own exclusion stands for it")
		synctest.Wait()
		told := w.told()
		last := told[len(told)-1].Account.Outlook("any")
		require.True(t, last.Exhausted(time.Now()))
		require.Equal(t, []domain.AccountNoticeLevel{domain.NoticeEmpty}, w.news())

		time.Sleep(3*time.Hour + time.Second)
		synctest.Wait()
		told = w.told()
		last = told[len(told)-1].Account.Outlook("any")
		require.False(t, last.Exhausted(time.Now()))
		require.False(t, last.Known)
		require.True(t, h.acquire(11).OK)
		h.told(11, g, domain.ClassOK, 200, fiveHours(0.01, 5*time.Hour, domain.QuotaAllowed))
		h.read()
		synctest.Wait()
		require.Equal(t, []domain.AccountNoticeLevel{domain.NoticeEmpty, domain.NoticeRecovered}, w.news())
	})
}

// A quota of one family of models leaves the others alone, and so does the pause
// that the upstream asked for with it.
func TestAFamilysQuotaLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seven())
		h := w.start(t, nil)
		defer h.stop()
		opus := fiveHours(1, 50*time.Hour, domain.QuotaRejected)
		opus.Label, opus.Model = "7d_opus", "opus"
		h.ref.Tell(&protocol.SlotReport{
			LeaseID: lease(1), Class: domain.ClassProviderError, Failure: domain.FailStatus, Status: 429, Call: domain.CallGenerate,
			RetryAfterMs: (50 * time.Hour).Milliseconds(), Quotas: []domain.ProviderQuota{opus},
		})
		request := ask(2)
		request.Model = "claude-opus-4-6"
		g, err := kit.Ask[*protocol.SlotGrant](t.Context(), h.ref, request)
		require.NoError(t, err)
		require.Equal(t, protocol.DeniedQuotaExhausted, g.DeniedBy)
		request.Model = "claude-sonnet-4-6"
		g, err = kit.Ask[*protocol.SlotGrant](t.Context(), h.ref, request)
		require.NoError(t, err)
		require.True(t, g.OK, g.DeniedBy)
	})
}

func TestAnAccountsStateOutlivesARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seven())
		h := w.start(t, nil)
		h.observe(domain.AccountReading{Quotas: []domain.ProviderQuota{money(0)}, At: time.Now()})
		require.Equal(t, protocol.DeniedQuotaExhausted, h.acquire(1).DeniedBy)
		h.stop()
		h = w.start(t, nil)
		defer h.stop()
		require.Equal(t, protocol.DeniedQuotaExhausted, h.acquire(2).DeniedBy)
		s := h.read().Account
		require.Equal(t, domain.AccountOK, s.Status)
		require.WithinRange(t, s.PollAt, time.Now().Add(8*time.Minute-time.Second), time.Now().Add(12*time.Minute))
		require.Equal(t, []domain.AccountNoticeLevel{domain.NoticeEmpty}, w.news(), "old news is no news")

		h.observe(domain.AccountReading{Quotas: []domain.ProviderQuota{money(20)}, At: time.Now().Add(time.Millisecond)})
		require.True(t, h.acquire(3).OK)
	})
}

func TestARefusedCallHasTheAccountAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seven())
		h := w.start(t, nil)
		defer h.stop()
		later := h.observe(domain.AccountReading{Quotas: []domain.ProviderQuota{money(3)}, At: time.Now()}).PollAt
		time.Sleep(2 * time.Minute)
		h.told(1, h.acquire(1), domain.ClassProviderError, 429)
		soon := h.read().Account.PollAt
		require.True(t, soon.Before(later))
		require.WithinRange(t, soon, time.Now(), time.Now().Add(10*time.Second))
	})
}

// A failed poll says nothing about balances: what was known stays, for a while.
func TestAFailedPollIsNotAnEmptyAccount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seven())
		h := w.start(t, nil)
		defer h.stop()
		h.observe(domain.AccountReading{Quotas: []domain.ProviderQuota{money(1)}, At: time.Now()})
		s := h.observe(domain.AccountReading{Error: "unauthorized", Status: 401, At: time.Now()})
		require.Equal(t, domain.AccountFailed, s.Status)
		require.True(t, s.Outlook("").Known)
		require.True(t, h.acquire(1).OK)
		time.Sleep(31 * time.Minute)
		synctest.Wait()
		told := w.told()
		require.False(t, told[len(told)-1].Account.Outlook("").Known, "unknown is never shown as zero")
	})
}

func TestAResetMakesAnAccountUsable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seven())
		h := w.start(t, nil)
		defer h.stop()
		h.observe(domain.AccountReading{Quotas: []domain.ProviderQuota{money(-1)}, At: time.Now()})
		require.Equal(t, protocol.DeniedQuotaExhausted, h.acquire(1).DeniedBy)
		_, err := kit.Ask[*protocol.BreakerDone](t.Context(), h.ref, &protocol.BreakerSet{ProviderID: 7, Action: protocol.BreakerReset})
		require.NoError(t, err)
		require.True(t, h.acquire(2).OK)
	})
}

// With another key it is another account; with the adapter none nothing is learnt.
func TestAnotherAccountStartsAfresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seven())
		h := w.start(t, nil)
		defer h.stop()
		h.observe(domain.AccountReading{Quotas: []domain.ProviderQuota{money(0)}, At: time.Now()})
		p := seven()
		p.Key = "another"
		w.configure(p)
		require.True(t, h.acquire(1).OK)
		require.Nil(t, h.read().Account)
		p.Account.Adapter = domain.AdapterNone
		w.configure(p)
		h.told(1, h.acquire(2), domain.ClassProviderError, 429, fiveHours(1, time.Hour, domain.QuotaRejected))
		require.Nil(t, h.read().Account)
	})
}

// Accounts speak with every answer; what is kept of it is bounded.
func TestWhatIsKnownIsKeptOnceAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seven())
		h := w.start(t, nil)
		defer h.stop()
		for n := range 300 { // five minutes
			h.told(n, h.acquire(n), domain.ClassOK, 200, fiveHours(0.1+float64(n)/1000, time.Hour, domain.QuotaAllowed))
			time.Sleep(time.Second)
		}
		synctest.Wait()
		require.InDelta(t, 6, w.keptStates(), 1)
	})
}

// Between two polls a balance shrinks by what is spent; when it seems gone the
// account is asked.
func TestOwnSpendIsTakenOffTheBalance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seven())
		h := w.start(t, nil)
		defer h.stop()
		later := h.observe(domain.AccountReading{Quotas: []domain.ProviderQuota{money(2)}, At: time.Now()}).PollAt
		spend := func(n int, usd float64) {
			time.Sleep(2 * time.Minute)
			h.acquire(n)
			h.ref.Tell(&protocol.SlotReport{
				LeaseID: lease(n), Class: domain.ClassOK, Status: 200, Call: domain.CallGenerate, ProviderCost: domain.MoneyFromUSD(usd),
			})
		}
		spend(1, 0.5)
		s := h.read().Account
		require.InDelta(t, 1.5, s.Quotas[0].Remaining, 1e-9)
		require.Equal(t, later, s.PollAt)
		spend(2, 1.6)
		require.Equal(t, protocol.DeniedQuotaExhausted, h.acquire(3).DeniedBy)
		require.True(t, h.read().Account.PollAt.Before(later))
		h.observe(domain.AccountReading{Quotas: []domain.ProviderQuota{money(0.4)}, At: time.Now()})
		require.True(t, h.acquire(4).OK, "the account knows better")
	})
}
