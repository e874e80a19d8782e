package quota

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

// reborn is a fresh state with the snapshot of the old one.
func (b *bench) reborn(lives func(string) bool) *bench {
	b.Helper()
	data, err := b.s.snapshot(b.now)
	require.NoError(b, err)
	next := newBench(b.TB, b.fixture)
	next.now = b.now
	next.s = newState(1, Options{SessionTTL: sessionTTL, NodeLives: lives})
	saved, err := decode(1, data)
	require.NoError(b, err)
	m := &memory{epoch: b.s.book.epoch + 1, saved: saved}
	m.spends, err = m.windows(b.Context(), &Options{Catalog: shown{b.catalog()}, Ledger: storetest.NewMemoryLedger()}, 1, b.now)
	require.NoError(b, err)
	require.NoError(b, next.s.restore(m, b.now))
	return next
}

func TestSnapshotKeepsWhatCounts(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{
		user: domain.Limits{RPM: 4, ConcurrentSessions: 2, ConcurrentRequests: 2},
		key:  domain.Limits{RPM: 3},
	})
	b.got(1, inSession("idle"))
	b.settle(1)
	b.got(2, inSession("busy"))
	next := b.reborn(nil)
	require.True(t, next.s.open.Get(lease(2)).Unconfirmed)
	require.Equal(t, b.s.open.Get(lease(2)).Value, next.s.open.Get(lease(2)).Value)
	require.True(t, next.settle(1))
	next.refused(domain.LimitConcurrentSessions, domain.ScopeKey, 3, inSession("new"))
	next.got(4, inSession("idle"))
	next.refused(domain.LimitConcurrentRequests, domain.ScopeUser, 5, inSession("idle"))
	next.settle(4)
	next.refused(domain.LimitRPM, domain.ScopeKey, 6, inSession("idle"))
	next.wait(30 * time.Second)
	next.s.elapse(next.now)
	require.Zero(t, next.s.open.Len(), "never confirmed, it expires at its old deadline")
	require.Zero(t, next.s.meter(11).inFlight)
}

func TestLeasesOfDeadNodesAreDropped(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{})
	b.got(1)
	b.got(2, func(m *protocol.QuotaReserve) { m.Node = "n2" })
	next := b.reborn(func(node string) bool { return node == "n2" })
	require.Nil(t, next.s.open.Get(lease(1)))
	require.NotNil(t, next.s.open.Get(lease(2)))
	require.Equal(t, 1, next.s.sessions.Len(next.now), "its session counts on")
}

func TestSnapshotStaysSmall(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{})
	for n := range 6000 {
		b.got(n, inSession(fmt.Sprintf("%s-%d", strings.Repeat("x", 100), n)))
		if n%2 == 0 {
			b.settle(n)
		}
		b.wait(time.Millisecond)
	}
	for range 30_000 {
		b.wait(time.Millisecond)
		b.s.rate.Add(b.now)
		b.s.meter(11).rate.Add(b.now)
	}
	data, err := b.s.snapshot(b.now)
	require.NoError(t, err)
	require.Less(t, len(data), 1<<20)
	_, err = decode(1, data[:100])
	require.Error(t, err)
}

// What requests cost lately is read from the newest rows of the ledger where no
// snapshot tells.
func TestEstimatesSurviveTheLossOfTheSnapshot(t *testing.T) {
	t.Parallel()
	ledger := storetest.NewMemoryLedger()
	epoch, err := ledger.Claim(t.Context(), 1, "n1", start)
	require.NoError(t, err)
	rows := make([]domain.LedgerRow, 3*ledgerPage/2)
	var appended sync.WaitGroup
	for i := range rows {
		rows[i] = domain.LedgerRow{
			SettleKey: domain.SettleKey{ReqID: domain.RequestID(i + 1), Attempt: 1, Kind: domain.LedgerCharge},
			UserID:    1, UserSeq: int64(i + 1), Epoch: epoch, KeyID: 11, Charge: 2 * cent, IsFinal: true,
			AdmittedAt: start.UnixMilli(), SettledAt: start.UnixMilli(), LedgerFacts: domain.LedgerFacts{Model: "m"},
		}
		if i < len(rows)-ledgerPage {
			rows[i].Model = "old"
		}
		appended.Add(1)
		ledger.Append(&rows[i], func(err error) {
			defer appended.Done()
			assert.NoError(t, err)
		})
	}
	appended.Wait()
	o := Options{Catalog: shown{fixture{}.catalog()}, Snapshots: &drawer{}, Ledger: ledger, SessionTTL: sessionTTL}
	m := recall(t.Context(), &o, 1, start)
	require.NoError(t, m.err)
	require.Len(t, m.lately, ledgerPage, "no more than that")
	s := newState(1, o)
	require.NoError(t, s.restore(&m, start))
	require.Equal(t, 2*cent, s.costs.expected(costKey{11, "m"}, cent, 900*cent))
	require.NotEqual(t, 2*cent, s.costs.expected(costKey{11, "old"}, cent, 900*cent))
}
