package account_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/account"
	"github.com/claude-code-hub/cch/internal/domain"
)

func TestPollingSpreadsAndBacksOff(t *testing.T) {
	t.Parallel()
	ok := func(at time.Time) *domain.AccountReading { return &domain.AccountReading{At: at} }
	failed := func(at time.Time, status int) *domain.AccountReading {
		return &domain.AccountReading{At: at, Status: status, Error: "no"}
	}
	var p account.Polling
	require.True(t, p.At.IsZero(), "due")
	require.Equal(t, now.Add(8*time.Minute), p.After(ok(now), 0).At)
	require.Equal(t, now.Add(12*time.Minute), p.After(ok(now), 1).At)

	waits := []time.Duration{10, 20, 40, 80, 160, 320, 360, 360}
	at := now
	for _, want := range waits {
		p = p.After(failed(at, 401), 0.5)
		require.Equal(t, want*time.Minute, p.At.Sub(at))
		require.Equal(t, domain.AccountFailed, p.Status)
		require.Equal(t, p, p.Hurry(at), "an account that refuses is not hurried")
		at = p.At
	}
	p = p.After(ok(at), 0.5)
	require.Equal(t, at.Add(10*time.Minute), p.At)
	require.Equal(t, domain.AccountOK, p.Status)
	require.Equal(t, domain.AccountUnsupported, p.After(failed(at, 404), 0.5).Status)
	require.Equal(t, at.Add(10*time.Minute), p.After(failed(at, 0), 0.5).At, "a network error is no refusal")
	wait := failed(at, 429)
	wait.RetryAfter = time.Hour
	require.Equal(t, at.Add(time.Hour), p.After(wait, 0.5).At)
}

func TestARefusedCallHurriesThePoll(t *testing.T) {
	t.Parallel()
	p := account.Polling{FetchedAt: now.Add(-5 * time.Minute), At: now.Add(5 * time.Minute)}
	require.Equal(t, now.Add(account.PollSoon), p.Hurry(now).At)
	p.FetchedAt = now.Add(-10 * time.Second)
	require.Equal(t, now.Add(50*time.Second), p.Hurry(now).At, "but not more often than once a minute")
}

func TestLevelsAndNews(t *testing.T) {
	t.Parallel()
	level := func(used float64) account.Level {
		l, _, _, ok := observed(window("5h", used, hours5, now.Add(time.Hour), "")).Level(rules, now)
		require.True(t, ok)
		return l
	}
	require.Equal(t, account.Fine, level(0.79))
	require.Equal(t, account.Low, level(0.85))
	require.Equal(t, account.Critical, level(0.96))
	require.Equal(t, account.Empty, level(1))
	_, _, _, ok := observed(bucket("requests", "requests", 1, 9, now.Add(time.Minute))).Level(rules, now)
	require.False(t, ok, "a rate limit is no news")

	require.Equal(t, domain.NoticeLow, account.News(account.Fine, account.Low))
	require.Equal(t, domain.NoticeCritical, account.News(account.Fine, account.Critical))
	require.Equal(t, domain.NoticeEmpty, account.News(account.Low, account.Empty))
	require.Empty(t, account.News(account.Empty, account.Critical))
	require.Empty(t, account.News(account.Fine, account.Fine))
	require.Equal(t, domain.NoticeRecovered, account.News(account.Critical, account.Fine))
	require.Equal(t, account.Low, account.Settle(account.Low, account.Fine, 0.21))
	require.Equal(t, account.Fine, account.Settle(account.Low, account.Fine, 0.3))
}

func TestForecast(t *testing.T) {
	t.Parallel()
	point := func(hoursAgo int, q domain.ProviderQuota) domain.AccountPoint {
		q.ObservedAt = now.Add(-time.Duration(hoursAgo) * time.Hour)
		return domain.AccountPoint{Hour: q.ObservedAt, Quotas: []domain.ProviderQuota{q}}
	}
	usd := func(v float64) domain.ProviderQuota { return balance(v, now) }
	at := func(q domain.ProviderQuota, points ...domain.AccountPoint) time.Time {
		return account.EmptyAt(&q, points, now)
	}

	require.Equal(t, now.Add(20*time.Hour), at(usd(10), point(10, usd(15))))
	require.Equal(t, now.Add(20*time.Hour), at(usd(8), point(48, usd(99)), point(10, usd(5)), point(5, usd(10)), point(4, usd(12))),
		"four dollars in ten hours: what was paid in, and what is older than a day, does not count")
	require.Zero(t, at(usd(10)), "no history")
	require.Zero(t, at(usd(10), point(10, usd(5))), "it only grew")
	used := func(v float64, reset time.Duration) domain.ProviderQuota {
		return window("5h", v, hours5, now.Add(reset), "")
	}
	require.Equal(t, now.Add(time.Hour), at(used(0.5, 3*time.Hour), point(1, used(0, 3*time.Hour))))
	require.Zero(t, at(used(0.5, 30*time.Minute), point(1, used(0, 30*time.Minute))), "it resets before")
}
