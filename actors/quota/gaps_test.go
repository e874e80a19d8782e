package quota

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// booked has a row counted and, if the ledger has it, put there.
func (b *bench) booked(l *shelf, at time.Time, amount domain.Money, kept bool) *entry {
	n := domain.RequestID(b.s.book.seq + 1)
	e, _ := b.s.settle(&protocol.QuotaSettle{
		SettleKey: domain.SettleKey{ReqID: n, Attempt: 1, Kind: domain.LedgerCharge}, UserID: 1, KeyID: 11,
		Charge: amount, T: at.UnixMilli(), IsFinal: true,
	}, b.now)
	if kept {
		row := e.row
		b.s.verdict(row.UserSeq, l.put(&row), b.now)
	}
	return e
}

func (b *bench) used(limit domain.LimitType, key domain.KeyID) domain.Money {
	for _, w := range b.s.usage(b.catalog(), b.now).Windows {
		if w.Limit == limit && (key == 0) == (w.Scope == domain.ScopeUser) {
			return domain.Money(w.Used)
		}
	}
	return -1
}

// A week that begins at another time is counted anew from the ledger, with what
// was charged while it was asked.
func TestALedgerTellsWhatAMovedWindowHolds(t *testing.T) {
	t.Parallel()
	b, l := newBench(t, fixture{}), &shelf{}
	sunday := time.Date(2026, 11, 1, 15, 30, 0, 0, time.UTC) // Monday in Tokyo
	b.now = sunday.Add(-time.Hour)
	b.booked(l, b.now, 3, true)
	b.now = sunday
	b.booked(l, b.now, 5, true)
	b.now = sunday.AddDate(0, 0, 4)
	b.booked(l, b.now, 7, true)
	require.EqualValues(t, 7, b.used(domain.LimitWeekly, 0))
	open := b.booked(l, b.now, 11, false)

	b.zone = "Asia/Tokyo"
	require.EqualValues(t, 18, b.used(domain.LimitWeekly, 0), "as before, until the ledger was asked")
	q := b.s.question()
	require.NotNil(t, q)
	require.Nil(t, b.s.question(), "one at a time")
	require.EqualValues(t, 3, q.upto)
	b.booked(l, b.now, 13, true) // meanwhile
	row := open.row
	b.s.verdict(row.UserSeq, l.put(&row), b.now)
	var answer told
	for i, g := range q.of {
		sum, err := l.Sum(t.Context(), 1, g.key, q.after[i], q.upto)
		require.NoError(t, err)
		answer.sums = append(answer.sums, sum)
	}
	b.s.told(answer)
	require.EqualValues(t, 5+7+11+13, b.used(domain.LimitWeekly, 0))
	require.EqualValues(t, 5+7+11+13, b.used(domain.LimitWeekly, 11))
	require.Empty(t, b.s.gaps.known)
}

func TestALedgerThatDoesNotAnswerIsAskedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{})
	b.s.gap(11, []domain.LimitType{domain.LimitTotal})
	require.NotNil(t, b.s.question())
	b.s.told(told{err: domain.ErrLedgerRefused})
	require.Equal(t, []gap{{11, domain.LimitTotal}}, b.s.question().of)
}

// A key for which a snapshot had no room is counted from the ledger.
func TestAKeyLeftOutOfASnapshotIsCountedFromTheLedger(t *testing.T) {
	t.Parallel()
	b, l := newBench(t, fixture{}), &shelf{}
	b.booked(l, start.AddDate(0, -2, 0), 100, true)
	b.booked(l, start.Add(-time.Hour), 7, true)
	b.booked(l, start, 2, false)
	data, err := b.s.snapshot(b.now)
	require.NoError(t, err)
	saved, err := decode(1, data)
	require.NoError(t, err)
	saved.Keys[0].Spend, saved.Keys[0].Left = nil, true
	m := memory{saved: saved}
	m.spends, err = m.windows(t.Context(), &Options{Catalog: shown{b.catalog()}, Ledger: l}, 1, b.now)
	require.NoError(t, err)
	require.NoError(t, b.s.restore(&m, b.now))
	require.EqualValues(t, 107, b.used(domain.LimitTotal, 11), "the row that never arrived is taken back")
	require.EqualValues(t, 7, b.used(domain.Limit5h, 11))
	require.EqualValues(t, 107, b.used(domain.LimitTotal, 0))
}
