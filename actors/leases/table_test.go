package leases_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/actors/leases"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

var start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func id(n int) domain.LeaseID { return domain.LeaseID{byte(n >> 8), byte(n)} }

func track(n int, kind protocol.LeaseKind, key string, req domain.RequestID) *protocol.LeaseTrack {
	return &protocol.LeaseTrack{ID: id(n), Kind: kind, Key: key, ReqID: req}
}

func TestDropReleasesWhatIsLeft(t *testing.T) {
	t.Parallel()
	table := leases.NewTable(func(leases.Holder, int) {})
	require.True(t, table.Track(track(1, protocol.LeaseQuota, "7", 100), start))
	require.True(t, table.Track(track(2, protocol.LeaseSession, "s", 100), start))
	require.True(t, table.Track(track(3, protocol.LeaseProvider, "1", 100), start))
	require.True(t, table.Track(track(4, protocol.LeaseProvider, "1", 101), start))
	table.Close([]domain.LeaseID{id(3), id(99)})

	require.Equal(t, leases.Grouped{
		{Kind: protocol.LeaseQuota, Key: "7"}:   {id(1)},
		{Kind: protocol.LeaseSession, Key: "s"}: {id(2)},
	}, table.Drop(100))
	require.Empty(t, table.Drop(100), "once")
	require.Equal(t, 1, table.Len())
}

func TestTrackAfterDropIsRefusedForAWhile(t *testing.T) {
	t.Parallel()
	table := leases.NewTable(func(leases.Holder, int) {})
	table.Drop(100)
	require.False(t, table.Track(track(1, protocol.LeaseQuota, "7", 100), start))
	table.Age()
	require.False(t, table.Track(track(1, protocol.LeaseQuota, "7", 100), start))
	table.Age()
	require.True(t, table.Track(track(1, protocol.LeaseQuota, "7", 100), start), "forgotten after two ages")
}

func TestRenewalsSkipTheYoungAndMarkTheBegun(t *testing.T) {
	t.Parallel()
	table := leases.NewTable(func(leases.Holder, int) {})
	table.Track(track(1, protocol.LeaseQuota, "7", 100), start)
	table.Track(track(2, protocol.LeaseQuota, "7", 101), start)
	table.Track(track(3, protocol.LeaseQuota, "7", 102), start.Add(8*time.Second))
	table.Begin(101)
	table.Begin(999)
	require.Equal(t, map[leases.Holder]leases.Renewal{
		{Kind: protocol.LeaseQuota, Key: "7"}: {IDs: []domain.LeaseID{id(2), id(1)}, Begun: 1},
	}, table.Renewals(start.Add(10*time.Second), 5*time.Second))
	require.Empty(t, table.Renewals(start.Add(time.Second), 5*time.Second))
}

func TestReclaimAsksAsTrackedLast(t *testing.T) {
	t.Parallel()
	table := leases.NewTable(func(leases.Holder, int) {})
	ask := func(acquire any) any {
		m := track(1, protocol.LeaseQuota, "7", 100)
		m.Acquire = acquire
		require.True(t, table.Track(m, start))
		return table.Reclaim(id(1))
	}
	reserve := &protocol.QuotaReserve{LeaseID: id(1), Low: 5}
	require.Equal(t, &protocol.QuotaReserve{LeaseID: id(1), Low: 5, Reclaim: true}, ask(reserve))
	require.False(t, reserve.Reclaim, "the original may still be on its way")
	require.Equal(t, &protocol.QuotaReserve{LeaseID: id(1), Estimate: 3, Reclaim: true},
		ask(&protocol.QuotaReserve{LeaseID: id(1), Estimate: 3}))
	require.Equal(t, &protocol.SessionResolve{Node: "n", Reclaim: true}, ask(&protocol.SessionResolve{Node: "n"}))
	require.Equal(t, &protocol.SlotAcquire{Probe: true, Reclaim: true}, ask(&protocol.SlotAcquire{Probe: true}))
	require.Nil(t, ask("no acquire"))
	require.Nil(t, table.Reclaim(id(2)))
	require.Equal(t, 1, table.Len())
}

// The table against the plainest model there is: a list.
func TestTableAgainstModel(t *testing.T) {
	t.Parallel()
	type held struct {
		id     domain.LeaseID
		holder leases.Holder
		req    domain.RequestID
		begun  bool
	}
	rapid.Check(t, func(rt *rapid.T) {
		counts := make(map[leases.Holder]int)
		table := leases.NewTable(func(h leases.Holder, by int) {
			if counts[h] += by; counts[h] == 0 {
				delete(counts, h)
			}
		})
		var model []held
		dropped := make(map[domain.RequestID]bool)
		leaseIDs, reqs := rapid.IntRange(1, 30), rapid.Int64Range(1, 8)
		holders := rapid.SampledFrom([]leases.Holder{
			{Kind: protocol.LeaseQuota, Key: "1"},
			{Kind: protocol.LeaseProvider, Key: "1"},
			{Kind: protocol.LeaseProvider, Key: "2"},
			{Kind: protocol.LeaseSession, Key: "a"},
		})
		rt.Repeat(map[string]func(*rapid.T){
			"track": func(rt *rapid.T) {
				n, h, req := leaseIDs.Draw(rt, "id"), holders.Draw(rt, "holder"), domain.RequestID(reqs.Draw(rt, "req"))
				known := slices.ContainsFunc(model, func(l held) bool { return l.id == id(n) })
				begun := slices.ContainsFunc(model, func(l held) bool { return l.req == req && l.begun })
				if got := table.Track(track(n, h.Kind, h.Key, req), start); got != (known || !dropped[req]) {
					rt.Fatalf("track: %t", got)
				}
				if !known && !dropped[req] {
					model = append(model, held{id(n), h, req, begun})
				}
			},
			"close": func(rt *rapid.T) {
				n := leaseIDs.Draw(rt, "id")
				table.Close([]domain.LeaseID{id(n)})
				model = slices.DeleteFunc(model, func(l held) bool { return l.id == id(n) })
			},
			"begin": func(rt *rapid.T) {
				req := domain.RequestID(reqs.Draw(rt, "req"))
				table.Begin(req)
				for i := range model {
					model[i].begun = model[i].begun || model[i].req == req
				}
			},
			"drop": func(rt *rapid.T) {
				req := domain.RequestID(reqs.Draw(rt, "req"))
				want := make(map[domain.LeaseID]leases.Holder)
				for _, l := range model {
					if l.req == req {
						want[l.id] = l.holder
					}
				}
				got := make(map[domain.LeaseID]leases.Holder)
				for h, ids := range table.Drop(req) {
					for _, id := range ids {
						got[id] = h
					}
				}
				if d := cmp.Diff(want, got); d != "" {
					rt.Fatal(d)
				}
				model = slices.DeleteFunc(model, func(l held) bool { return l.req == req })
				dropped[req] = true
			},
			"age": func(*rapid.T) {
				table.Age()
				table.Age()
				clear(dropped)
			},
			"": func(rt *rapid.T) {
				wantIDs, gotIDs := make(map[domain.LeaseID]bool), make(map[domain.LeaseID]bool)
				wantCounts := make(map[leases.Holder]int)
				for _, l := range model {
					wantIDs[l.id] = l.begun
					wantCounts[l.holder]++
				}
				for _, r := range table.Renewals(start, 0) {
					for i, id := range r.IDs {
						gotIDs[id] = i < r.Begun
					}
				}
				if d := cmp.Diff(wantIDs, gotIDs) + cmp.Diff(wantCounts, counts); d != "" {
					rt.Fatal(d)
				}
			},
		})
		for req := range domain.RequestID(9) {
			table.Drop(req)
		}
		if table.Len() != 0 || len(counts) != 0 {
			rt.Fatalf("left: %d, %v", table.Len(), counts)
		}
	})
}

// A request of the usual kind, among a thousand others.
func BenchmarkTable(b *testing.B) {
	table := leases.NewTable(func(leases.Holder, int) {})
	kinds := []protocol.LeaseKind{protocol.LeaseQuota, protocol.LeaseSession, protocol.LeaseProvider, protocol.LeaseEndpoint}
	track := protocol.LeaseTrack{}
	request := func(n int) {
		for i, kind := range kinds {
			track.ReqID, track.ID, track.Kind = domain.RequestID(n), domain.LeaseID{byte(n), byte(n >> 8), byte(n >> 16), byte(i)}, kind
			if track.Key = keys[0]; kind == protocol.LeaseSession {
				track.Key = keys[n%len(keys)]
			}
			table.Track(&track, start)
		}
	}
	n := 0
	for ; n < 1000; n++ {
		request(n)
	}
	b.ReportAllocs()
	for b.Loop() {
		request(n)
		gone := n - 1000
		for i := range kinds {
			table.Close([]domain.LeaseID{{byte(gone), byte(gone >> 8), byte(gone >> 16), byte(i)}})
		}
		table.Drop(domain.RequestID(gone))
		if n++; n%10_000 == 0 {
			table.Age()
		}
	}
}

// keys name as many sessions as there are at a time.
var keys = func() (keys [2000]string) {
	for i := range keys {
		keys[i] = domain.RequestID(i).String()
	}
	return keys
}()
