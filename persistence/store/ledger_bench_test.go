package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/store"
)

// BenchmarkLedgerAppend is the cost of a row with its roll-ups, by the size of
// the group it is committed with.
func BenchmarkLedgerAppend(b *testing.B) {
	const users = 16
	for _, group := range []int{10, 30, 150, 500} {
		b.Run(fmt.Sprintf("%d", group), func(b *testing.B) {
			onEachEngine(b, func(b *testing.B, s *store.Store) {
				b.Helper()
				var epochs [users]int64
				for u := range epochs {
					epoch, err := s.Ledger().Claim(b.Context(), domain.UserID(u+1), "node", time.Now())
					require.NoError(b, err)
					epochs[u] = epoch
				}
				var seq int64
				rows := make([]domain.LedgerRow, group)
				b.ReportAllocs()
				for b.Loop() {
					for i := range rows {
						seq++
						rows[i] = ledgerRow(seq, users, epochs[seq%users])
					}
					results, err := s.Ledger().Append(b.Context(), rows)
					if err != nil || results[0] != nil {
						b.Fatal(err, results[0])
					}
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(seq), "µs/row")
			})
		})
	}
}

// ledgerRow is the n-th row of a busy hub.
func ledgerRow(n, users, epoch int64) domain.LedgerRow {
	user, now := n%users+1, time.Now().UnixMilli()
	return domain.LedgerRow{
		SettleKey: domain.SettleKey{ReqID: domain.RequestID(now<<22 + n), Attempt: 1, Kind: domain.LedgerCharge},
		UserID:    domain.UserID(user), UserSeq: n, Epoch: epoch, KeyID: domain.KeyID(user),
		AdmittedAt: now - 1000, SettledAt: now, Charge: 12_345_678, ProviderCost: 12_345_678, State: "billed", IsFinal: true,
		LedgerFacts: domain.LedgerFacts{
			ProviderID: 1, SessionID: fmt.Sprintf("session-%d", n%500), PriceID: 7, Model: "claude-sonnet-4-5",
			Usage: domain.Usage{Input: 1200, Output: 340, CacheRead: 20_000}, IsSuccess: true, CountsForRate: true,
			Duration: time.Second, TTFB: 300 * time.Millisecond, TTFT: 320 * time.Millisecond,
		},
	}
}
