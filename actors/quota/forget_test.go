package quota

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

// Rows that were deleted from the ledger are counted no more; what is in flight
// stays, and all agrees with the ledger afterwards.
func TestMoneyIsCountedAnewAfterADeletion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ledger, kept := storetest.NewMemoryLedger(), &drawer{}
		x := &till{ledger: ledger, drawer: kept}
		x.boot()
		defer func() { require.NoError(t, x.sys.Shutdown(context.Background())) }()
		b := newBench(t, fixture{})
		settle := func(n int) {
			b.now = time.Now()
			grant, err := kit.Ask[*protocol.QuotaGrant](t.Context(), x.ref, b.message(n, costing(cent, 2*cent)))
			require.NoError(t, err)
			require.True(t, grant.OK)
			done, err := kit.Ask[*protocol.QuotaSettled](t.Context(), x.ref, &protocol.QuotaSettle{
				SettleKey: domain.SettleKey{ReqID: domain.RequestID(n), Attempt: 1, Kind: domain.LedgerCharge}, LeaseID: lease(n),
				UserID: 1, KeyID: 11, Charge: cent, State: "billed", IsFinal: true, T: b.now.UnixMilli(),
			})
			require.NoError(t, err)
			require.False(t, done.Duplicate)
		}
		used := func() (total, held int64) {
			state, err := kit.Ask[*protocol.QuotaState](t.Context(), x.ref, &protocol.QuotaRead{UserID: 1, T: time.Now().UnixMilli()})
			require.NoError(t, err)
			for _, w := range state.Windows {
				if w.Scope == domain.ScopeUser && w.Limit == domain.LimitTotal {
					return w.Used, w.Reserved
				}
			}
			return -1, -1
		}
		settle(1)
		settle(2)
		border := time.Now()
		time.Sleep(time.Second)
		settle(3)
		b.now = time.Now()
		_, err := kit.Ask[*protocol.QuotaGrant](t.Context(), x.ref, b.message(4, costing(cent, cent)))
		require.NoError(t, err)
		total, held := used()
		require.EqualValues(t, 3*cent, total)
		require.Positive(t, held)

		ledger.Delete(border)
		_, err = kit.Ask[*protocol.QuotaForgotten](t.Context(), x.ref, &protocol.QuotaForget{UserID: 1})
		require.NoError(t, err)
		total, stays := used()
		require.EqualValues(t, cent, total)
		require.Equal(t, held, stays, "what is in flight")
		differences, err := Audit(t.Context(), Options{Catalog: shown{fixture{}.catalog()}, Ledger: ledger, SessionTTL: sessionTTL}, *kept.kept, time.Now())
		require.NoError(t, err)
		require.Empty(t, differences)
		settle(5)
		total, _ = used()
		require.EqualValues(t, 2*cent, total, "it goes on")
	})
}
