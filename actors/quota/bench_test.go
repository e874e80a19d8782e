package quota

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// everyLimit bounds everything, so widely that nothing is refused.
func everyLimit() domain.Limits {
	const much = 1 << 60
	return domain.Limits{
		USD5h: much, USDDaily: much, USDWeekly: much, USDMonthly: much, USDTotal: much,
		RPM: 1 << 30, ConcurrentRequests: 1 << 20, ConcurrentSessions: 100,
	}
}

// An admission of a user and a key with all five windows, its reservation and
// its settlement; a request that is refused costs less.
func BenchmarkAdmissionWithMoney(b *testing.B) {
	s := newBench(b, fixture{user: everyLimit(), key: everyLimit()})
	catalog := s.catalog()
	for n := range 1000 { // a day of an agent
		s.now = start.Add(time.Duration(n) * time.Minute)
		s.cost(cent)
	}
	for n := range 20 {
		s.got(1000+n, costing(cent, 40*cent))
	}
	m := s.message(1, costing(cent, 40*cent))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		m.LeaseID = domain.NewLeaseID(s.now)
		m.ReqID = domain.RequestID(n)
		s.now = s.now.Add(time.Second)
		m.T = s.now.UnixMilli()
		s.s.elapse(s.now)
		if g, _ := s.s.reserve(m, catalog, s.now).(*protocol.QuotaGrant); g == nil || !g.OK {
			b.Fatal(g)
		}
		s.s.release([]domain.LeaseID{m.LeaseID}, s.now)
		s.s.promote(catalog, s.now)
	}
}

// crowd makes the states of users with one key, five windows and ten charges in
// the rolling ones, as they are between requests.
func crowd(users int) []*state {
	f := fixture{user: everyLimit(), key: everyLimit()}
	catalog := f.catalog()
	all := make([]*state, users)
	for i := range all {
		s := newState(1, Options{SessionTTL: sessionTTL})
		for n := range 10 {
			now := start.Add(time.Duration(n) * time.Minute)
			m := &protocol.QuotaReserve{
				LeaseID: lease(n), ReqID: domain.RequestID(n), KeyID: 11, SessionID: "s", T: now.UnixMilli(),
				Class: domain.CallGenerate, Low: cent, Upper: 40 * cent, Model: "model", TTLMs: 30_000, Node: "n1",
			}
			s.reserve(m, catalog, now)
			row := &domain.LedgerRow{KeyID: 11, AdmittedAt: m.T, Charge: cent}
			row.Kind, row.Model = domain.LedgerCharge, "model"
			s.apply(row, now)
			s.release([]domain.LeaseID{m.LeaseID}, now)
		}
		s.open.Trim(start.Add(time.Hour))
		all[i] = s
	}
	return all
}

func TestAHundredThousandUsersFitIntoMemory(t *testing.T) {
	const users = 20_000 // a fifth of them, for a fifth of the memory
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	all := crowd(users)
	each := float64(heap()-before) / users
	runtime.KeepAlive(all)
	t.Logf("%.0f bytes for each user, %.0f MB for 100,000", each, each/10)
	require.Less(t, each, 4000.0)
}

// Days on which clocks change, in three zones, asked of the actor's state a
// second before and at every border.
func TestDaysOnWhichClocksChange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, reset, spent, end string }{
		{"America/New_York", "02:30", "2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z"}, // the hour that is left out
		{"America/New_York", "02:30", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"},
		{"America/New_York", "01:30", "2026-11-01T05:00:00Z", "2026-11-01T05:30:00Z"}, // the hour that comes twice
		{"America/New_York", "01:30", "2026-11-01T06:00:00Z", "2026-11-02T06:30:00Z"},
		{"Europe/Berlin", "00:00", "2026-03-29T10:00:00Z", "2026-03-29T22:00:00Z"},       // 23 hours
		{"Europe/Berlin", "00:00", "2026-10-25T10:00:00Z", "2026-10-25T23:00:00Z"},       // 25
		{"Australia/Lord_Howe", "02:15", "2026-10-03T14:00:00Z", "2026-10-03T15:30:00Z"}, // half an hour is left out
		{"Australia/Lord_Howe", "02:15", "2026-10-03T16:00:00Z", "2026-10-04T15:15:00Z"},
	} {
		t.Run(fmt.Sprint(c.zone, " ", c.spent), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, fixture{user: domain.Limits{USDDaily: cent, DailyResetTime: c.reset}, zone: c.zone})
			parse := func(s string) time.Time {
				at, err := time.Parse(time.RFC3339, s)
				require.NoError(t, err)
				return at
			}
			b.now = parse(c.spent)
			b.paid(b.now, cent)
			end := parse(c.end)
			require.Equal(t, end.UnixMilli(), b.refused(domain.LimitDaily, domain.ScopeUser, 1).ResetAt)
			b = b.reborn(nil)
			b.now = end.Add(-time.Second)
			b.refused(domain.LimitDaily, domain.ScopeUser, 1)
			b.now = end
			b.got(1)
		})
	}
}
