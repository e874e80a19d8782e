package storetest

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/store"
)

// Usage of any range, group and bucket is what adding up the ledger gives,
// wherever the ends lie and whichever table answers.
func testUsage(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	epoch := claim(t, s)
	kolkata, err := time.LoadLocation("Asia/Kolkata") // half an hour off
	require.NoError(t, err)
	newYork, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	begin := time.Date(2026, 3, 6, 0, 0, 0, 0, kolkata) // clocks change in New York on the 8th
	r := rand.New(rand.NewPCG(1, 2))
	ledger := randomLedger(t, s, epoch, begin, r)
	_, err = s.Rollups().CloseDays(ctx, kolkata, begin.AddDate(0, 0, 4))
	require.NoError(t, err)

	for i := range 300 {
		from := begin.Add(time.Duration(r.Int64N(6*24*3600_000))*time.Millisecond - 12*time.Hour)
		if i%3 == 0 {
			from = begin.AddDate(0, 0, r.IntN(4))
		}
		q := domain.UsageQuery{
			From: from, To: from.Add(time.Duration(r.Int64N(5*24*3600_000)) * time.Millisecond),
			Zone:    []*time.Location{kolkata, newYork, time.UTC}[r.IntN(3)],
			By:      []domain.UsageBy{"", domain.ByUser, domain.ByKey, domain.ByProvider, domain.ByModel}[r.IntN(5)],
			Bucket:  []domain.UsageBucket{"", domain.HourBucket, domain.DayBucket}[r.IntN(3)],
			Latency: r.IntN(2) == 0,
		}
		if q.By != domain.ByModel {
			q.Split = []domain.UsageBy{"", domain.ByModel, domain.ByProvider}[r.IntN(3)]
		} else if r.IntN(2) == 0 {
			q.Split = domain.ByProvider
		}
		switch r.IntN(7) {
		case 0:
			q.Key = domain.KeyID(1 + r.IntN(4))
		case 1:
			q.Provider = domain.ProviderID(1 + r.IntN(3))
		case 2:
			q.Model = []string{"a", "b"}[r.IntN(2)]
		case 3:
			q.User = 7
		case 4:
			q.Users, q.Providers = []domain.UserID{7, 8}, []domain.ProviderID{0, 2}
		case 5:
			q.Users = []domain.UserID{8}
		}
		got, err := s.Rollups().Usage(ctx, q)
		require.NoError(t, err)
		require.Equal(t, addUp(ledger, q), got, "%+v", q)
	}
}

// randomLedger appends rows of some five days; the last of them are not closed.
func randomLedger(t *testing.T, s *store.Store, epoch int64, begin time.Time, r *rand.Rand) []domain.LedgerRow {
	t.Helper()
	var rows []domain.LedgerRow
	for n := range 600 {
		row := LedgerRow(n+1, epoch)
		row.AdmittedAt = begin.Add(time.Duration(r.Int64N(int64(5 * 24 * time.Hour)))).UnixMilli()
		row.KeyID = domain.KeyID(1 + r.IntN(4))
		row.ProviderID = domain.ProviderID(r.IntN(4)) // 0 = none
		row.Model = []string{"a", "b", "c"}[r.IntN(3)]
		row.Charge, row.ProviderCost = domain.Money(r.Int64N(1e9)), domain.Money(r.Int64N(1e9))
		row.Duration, row.TTFT = time.Duration(r.IntN(400_000))*time.Millisecond, time.Duration(r.IntN(2)*r.IntN(400_000))*time.Millisecond
		row.IsSuccess, row.CountsForRate, row.IsFinal = r.IntN(2) == 0, r.IntN(3) > 0, r.IntN(5) > 0
		rows = append(rows, row)
	}
	for page := range slices.Chunk(rows, 100) {
		for _, err := range appendRows(t, s, page...) {
			require.NoError(t, err)
		}
	}
	return rows
}

// addUp is the plain answer.
func addUp(rows []domain.LedgerRow, q domain.UsageQuery) []domain.UsageGroup {
	groups := []domain.UsageGroup{}
	for _, row := range rows {
		at := time.UnixMilli(row.AdmittedAt)
		if at.Before(q.From) || !at.Before(q.To) || q.Key != 0 && q.Key != row.KeyID || q.User != 0 && q.User != row.UserID ||
			q.Provider != 0 && q.Provider != row.ProviderID || len(q.Users) > 0 && !slices.Contains(q.Users, row.UserID) ||
			len(q.Providers) > 0 && !slices.Contains(q.Providers, row.ProviderID) || q.Model != "" && q.Model != row.Model {
			continue
		}
		g := groupOf(row, at, q)
		i := slices.IndexFunc(groups, func(o domain.UsageGroup) bool {
			return o.ID == g.ID && o.Model == g.Model && o.Provider == g.Provider && o.At.Equal(g.At)
		})
		if i < 0 {
			groups, i = append(groups, g), len(groups)
		}
		figures := figuresOf(row)
		if !q.Latency {
			figures.Latency = [domain.LatencyBuckets]int64{}
		}
		groups[i].Add(&figures)
	}
	slices.SortFunc(groups, func(a, b domain.UsageGroup) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Model, b.Model), cmp.Compare(a.Provider, b.Provider))
	})
	return groups
}

func groupOf(row domain.LedgerRow, at time.Time, q domain.UsageQuery) (g domain.UsageGroup) {
	switch q.By {
	case domain.ByUser:
		g.ID = int64(row.UserID)
	case domain.ByKey:
		g.ID = int64(row.KeyID)
	case domain.ByProvider:
		g.ID = int64(row.ProviderID)
	case domain.ByModel:
		g.Model = row.Model
	}
	switch q.Split {
	case domain.ByModel:
		g.Model = row.Model
	case domain.ByProvider:
		g.Provider = row.ProviderID
	case domain.ByUser, domain.ByKey: // nobody asks
	}
	switch q.Bucket {
	case domain.HourBucket:
		g.At = at.UTC().Truncate(time.Hour)
	case domain.DayBucket:
		y, m, d := at.In(q.Zone).Date()
		g.At = time.Date(y, m, d, 0, 0, 0, 0, q.Zone).UTC()
	}
	return g
}

func figuresOf(row domain.LedgerRow) domain.UsageFigures {
	f := domain.UsageFigures{Tokens: row.Usage, Cost: row.Charge, Paid: row.ProviderCost}
	switch {
	case row.CountsForRate && row.IsSuccess:
		f.Successes = 1
	case row.CountsForRate:
		f.Failures = 1
	}
	if !row.IsFinal {
		return f
	}
	f.Requests, f.Duration, f.TTFT = 1, row.Duration, row.TTFT
	if row.TTFT <= 0 {
		return f
	}
	f.TTFTs = 1
	bounds := domain.LatencyBounds()
	bucket := slices.IndexFunc(bounds[:], func(b time.Duration) bool { return row.TTFT <= b })
	if bucket < 0 {
		bucket = len(bounds)
	}
	f.Latency[bucket] = 1
	return f
}
