package system_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/actors/quota"
	"github.com/claude-code-hub/cch/actors/recorder"
	"github.com/claude-code-hub/cch/internal/domain"
	disk "github.com/claude-code-hub/cch/persistence/journal"
	"github.com/claude-code-hub/cch/persistence/store"
)

// till is the ledger of the store with the recorder in front.
type till struct {
	quota.LedgerReader
	*recorder.Recorder
}

// BenchmarkSettle is the whole way of a settlement: journal, quota actor,
// ledger with its roll-ups, acknowledgement.
func BenchmarkSettle(b *testing.B) {
	const users = 9
	s, err := store.Open(b.Context(), store.Options{DataDir: b.TempDir(), AutoMigrate: true})
	require.NoError(b, err)
	records, err := disk.Open(disk.Options{Dir: b.TempDir()})
	require.NoError(b, err)
	sys := kit.NewSystem(kit.Options{})
	var quotas *kit.Directory
	rec := recorder.New(recorder.Options{
		Journal: records, Store: s.RequestLogs(), Ledger: s.Ledger(), System: sys, Now: time.Now,
		Quota: func(user domain.UserID) kit.Ref { return quotas.Ref(string(rune('0' + user))) },
	})
	quotas = sys.Directory(quota.New(quota.Options{
		Catalog:   fixed{domain.NewCatalog(domain.Configuration{})},
		Snapshots: &shelf{m: map[string]domain.Snapshot{}}, Ledger: till{s.Ledger(), rec}, SessionTTL: time.Minute,
	}))
	require.NoError(b, rec.Recover(b.Context()))
	var journaled sync.WaitGroup
	b.ReportAllocs()
	n, begin := 0, time.Now()
	for b.Loop() {
		n++
		journaled.Add(1)
		rec.Finish(settled(n, domain.UserID(n%users+1)), func(error) { journaled.Done() })
	}
	journaled.Wait()
	require.NoError(b, rec.Close(context.Background())) // all of them are in the ledger
	b.ReportMetric(float64(n)/time.Since(begin).Seconds(), "rows/s")
	require.NoError(b, sys.Shutdown(context.Background()))
	require.NoError(b, records.Close())
	require.NoError(b, s.Close())
}

func settled(n int, user domain.UserID) *protocol.LogRecord {
	now := time.Now()
	id := domain.RequestID(now.UnixMilli()<<22 + int64(n))
	return &protocol.LogRecord{
		Log: domain.RequestLog{
			ID: id, CreatedAt: now, UserID: user, KeyID: domain.KeyID(user),
			Result: domain.ResultRecord{StatusCode: 200, Outcome: domain.OutcomeSuccess},
		},
		Detail: domain.RequestDetail{RequestID: id},
		Settles: []protocol.QuotaSettle{{
			SettleKey: domain.SettleKey{ReqID: id, Attempt: 1, Kind: domain.LedgerCharge}, UserID: user, KeyID: domain.KeyID(user),
			Charge: 12_345, ProviderCost: 12_345, State: "billed", T: now.UnixMilli(), IsFinal: true,
			Row: domain.LedgerFacts{ProviderID: 1, Model: "m", IsSuccess: true, CountsForRate: true, Duration: time.Second},
		}},
	}
}
