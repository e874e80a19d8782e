package limits_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

const ttl = 30 * time.Second

var start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func lease(n byte) domain.LeaseID { return domain.LeaseID{15: n} }

func TestALeaseEndsByItself(t *testing.T) {
	t.Parallel()
	table := limits.NewLeaseTable[string](ttl)
	table.Hold(lease(1), "a", start, 0)
	table.Hold(lease(2), "b", start, time.Minute)
	require.Equal(t, start.Add(ttl), table.NextExpiry())
	require.Empty(t, table.Expire(start.Add(ttl-time.Nanosecond)))
	gone := table.Expire(start.Add(ttl))
	require.Len(t, gone, 1)
	require.Equal(t, "a", gone[0].Value)
	require.Equal(t, start.Add(time.Minute), table.NextExpiry())
	require.Equal(t, 1, table.Len())
	require.False(t, table.Renew(lease(1), start.Add(ttl), ttl), "an expired lease has to be acquired again")
	require.NotNil(t, table.Hold(lease(1), "again", start.Add(ttl), ttl))
}

func TestHoldingAgainExtendsAndKeepsTheValue(t *testing.T) {
	t.Parallel()
	table := limits.NewLeaseTable[string](ttl)
	first := table.Hold(lease(1), "first", start, ttl)
	again := table.Hold(lease(1), "second", start.Add(time.Second), ttl)
	require.Same(t, first, again)
	require.Equal(t, "first", again.Value)
	require.Equal(t, start.Add(31*time.Second), again.ExpiresAt)
	require.Equal(t, 1, table.Len())
	table.Hold(lease(1), "", start.Add(2*time.Second), time.Second)
	require.Equal(t, start.Add(31*time.Second), again.ExpiresAt, "a shorter wish takes nothing away")
}

func TestAReleasedLeaseStaysReleased(t *testing.T) {
	t.Parallel()
	table := limits.NewLeaseTable[string](ttl)
	table.Hold(lease(1), "a", start, ttl)
	v, held := table.Release(lease(1), start)
	require.True(t, held)
	require.Equal(t, "a", v)
	_, held = table.Release(lease(1), start)
	require.False(t, held, "a second release is accepted and does nothing")
	_, held = table.Release(lease(2), start)
	require.False(t, held)

	last := start.Add(2*ttl - time.Nanosecond)
	for _, id := range []domain.LeaseID{lease(1), lease(2)} {
		require.Nil(t, table.Hold(id, "late", last, ttl))
		require.True(t, table.Renew(id, last, ttl), "a renewal that crossed the release is not told to come again")
	}
	require.Zero(t, table.Len())
	require.NotNil(t, table.Hold(lease(1), "later", start.Add(2*ttl), ttl))
}

func TestRestoredLeasesAreUnconfirmedUntilHeardOf(t *testing.T) {
	t.Parallel()
	table := limits.NewLeaseTable[string](ttl)
	table.Restore(lease(1), "a", start.Add(5*time.Second))
	table.Restore(lease(2), "b", start.Add(5*time.Second))
	require.Equal(t, 2, table.Len())
	require.True(t, table.Get(lease(1)).Unconfirmed)
	require.True(t, table.Renew(lease(1), start, ttl))
	require.False(t, table.Get(lease(1)).Unconfirmed)
	gone := table.Expire(start.Add(5 * time.Second))
	require.Len(t, gone, 1)
	require.Equal(t, lease(2), gone[0].ID)
}

func TestAnIdleTableGivesItsMemoryBack(t *testing.T) {
	t.Parallel()
	table := limits.NewLeaseTable[string](ttl)
	require.Zero(t, table.TrimAt())
	table.Hold(lease(1), "a", start, ttl)
	table.Hold(lease(2), "b", start, ttl)
	table.Release(lease(1), start)
	require.Zero(t, table.TrimAt(), "in use")
	table.Release(lease(2), start.Add(time.Second))
	require.True(t, table.TrimAt().Equal(start.Add(time.Second+2*ttl)))
	table.Trim(start.Add(2 * ttl))
	require.True(t, table.Released(lease(2), start.Add(2*ttl)), "not before its time")
	table.Trim(table.TrimAt())
	require.Zero(t, table.TrimAt())
	require.NotNil(t, table.Hold(lease(1), "again", start.Add(time.Hour), ttl))
	require.Equal(t, 1, table.Len())
}

// modelLease is what the model knows of one id.
type modelLease struct {
	expires  time.Time // zero = not held
	released time.Time // zero = never
}

// leaseModel repeats the rules of a lease table in the plainest way there is.
type leaseModel struct {
	table   *limits.LeaseTable[int]
	limit   int
	now     time.Time
	leases  map[domain.LeaseID]modelLease
	renewed time.Time
}

func (m *leaseModel) held() (n int) {
	for _, l := range m.leases {
		if m.now.Before(l.expires) {
			n++
		}
	}
	return n
}

func (m *leaseModel) isReleased(id domain.LeaseID) bool {
	l := m.leases[id]
	return !l.released.IsZero() && m.now.Before(l.released.Add(2*ttl))
}

func (m *leaseModel) acquire(t *rapid.T, id domain.LeaseID, reclaim bool) {
	m.table.Expire(m.now)
	l := m.leases[id]
	isHeld := m.now.Before(l.expires)
	if !isHeld && !reclaim && m.table.Len() >= m.limit {
		return // whoever grants refuses
	}
	got := m.table.Hold(id, 0, m.now, ttl)
	require.Equal(t, !isHeld && m.isReleased(id), got == nil)
	if got == nil {
		return
	}
	l.expires = m.now.Add(ttl)
	l.released = time.Time{}
	m.leases[id] = l
	m.renewed = m.now
}

func (m *leaseModel) renew(t *rapid.T, id domain.LeaseID) {
	m.table.Expire(m.now)
	l := m.leases[id]
	isHeld := m.now.Before(l.expires)
	require.Equal(t, isHeld || m.isReleased(id), m.table.Renew(id, m.now, ttl))
	if isHeld {
		l.expires = m.now.Add(ttl)
		m.leases[id] = l
		m.renewed = m.now
	}
}

func (m *leaseModel) release(t *rapid.T, id domain.LeaseID) {
	m.table.Expire(m.now)
	isHeld := m.now.Before(m.leases[id].expires)
	_, got := m.table.Release(id, m.now)
	require.Equal(t, isHeld, got)
	m.leases[id] = modelLease{released: m.now}
}

// restart rebuilds the table as from a snapshot; released ids are not in it.
func (m *leaseModel) restart() {
	m.table.Expire(m.now)
	fresh := limits.NewLeaseTable[int](ttl)
	for l := range m.table.All() {
		fresh.Restore(l.ID, l.Value, l.ExpiresAt)
	}
	m.table = fresh
	for id, l := range m.leases {
		l.released = time.Time{}
		m.leases[id] = l
	}
}

func TestLeaseTableAgreesWithItsModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &leaseModel{
			table:  limits.NewLeaseTable[int](ttl),
			limit:  rapid.IntRange(1, 5).Draw(t, "limit"),
			now:    start,
			leases: map[domain.LeaseID]modelLease{},
		}
		ids := rapid.Custom(func(t *rapid.T) domain.LeaseID { return lease(rapid.ByteRange(0, 9).Draw(t, "id")) })
		reclaimed := false
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				m.table.Expire(m.now)
				require.Equal(t, m.held(), m.table.Len())
				if !reclaimed {
					require.LessOrEqual(t, m.table.Len(), m.limit)
				}
				if m.table.Len() > 0 {
					require.True(t, m.table.NextExpiry().After(m.now))
				}
			},
			"acquire": func(t *rapid.T) { m.acquire(t, ids.Draw(t, "lease"), false) },
			"reclaim": func(t *rapid.T) { reclaimed = true; m.acquire(t, ids.Draw(t, "lease"), true) },
			"renew":   func(t *rapid.T) { m.renew(t, ids.Draw(t, "lease")) },
			"release": func(t *rapid.T) { m.release(t, ids.Draw(t, "lease")) },
			"restart": func(*rapid.T) { m.restart() },
			"wait": func(t *rapid.T) {
				m.now = m.now.Add(time.Duration(rapid.IntRange(0, 40_000).Draw(t, "ms")) * time.Millisecond)
			},
		})
		m.table.Expire(m.renewed.Add(ttl))
		require.Zero(t, m.table.Len(), "nothing outlives its TTL")
	})
}

func BenchmarkLeaseHoldAndRelease(b *testing.B) {
	table := limits.NewLeaseTable[int](ttl)
	now := start
	for i := range 1000 {
		table.Hold(domain.LeaseID{0: 1, 14: byte(i >> 8), 15: byte(i)}, 0, now, time.Hour)
	}
	b.ReportAllocs()
	i := uint64(0)
	for b.Loop() {
		i++
		now = now.Add(time.Millisecond)
		id := domain.LeaseID{8: byte(i >> 56), 9: byte(i >> 48), 10: byte(i >> 40), 11: byte(i >> 32), 12: byte(i >> 24), 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)}
		table.Expire(now)
		table.Hold(id, 0, now, ttl)
		table.Release(id, now)
	}
}
