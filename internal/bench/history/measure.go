package main

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/store"
)

// question is what a page of the dashboard asks.
type question struct {
	name string
	ask  func(ctx context.Context) (rows int, err error)
}

func questions(s *store.Store, now time.Time) []question {
	month := now.Add(-30*24*time.Hour + 17*time.Minute) // begins within an hour
	usage := func(q domain.UsageQuery) func(context.Context) (int, error) {
		return func(ctx context.Context) (int, error) {
			groups, err := s.Rollups().Usage(ctx, q)
			return len(groups), err
		}
	}
	logs := func(f domain.LogFilter) func(context.Context) (int, error) {
		f.Limit = 50
		return func(ctx context.Context) (int, error) {
			rows, err := s.RequestLogs().List(ctx, f)
			return len(rows), err
		}
	}
	deep := domain.FirstRequestIDAt(now.Add(-10 * 24 * time.Hour))
	return []question{
		{"overview: today, by the hour", usage(domain.UsageQuery{
			From: now.Truncate(24 * time.Hour), To: now, Bucket: domain.HourBucket, Latency: true,
		})},
		{"overview: 30 days, totals and percentiles", usage(domain.UsageQuery{From: month, To: now, Latency: true})},
		{"statistics: 30 days, by day", usage(domain.UsageQuery{From: month, To: now, Bucket: domain.DayBucket})},
		{"statistics: 30 days, by day and user", usage(domain.UsageQuery{From: month, To: now, Bucket: domain.DayBucket, By: domain.ByUser})},
		{"statistics: 30 days, by day and provider", usage(domain.UsageQuery{From: month, To: now, Bucket: domain.DayBucket, By: domain.ByProvider})},
		{"statistics: 30 days, by day and model", usage(domain.UsageQuery{From: month, To: now, Bucket: domain.DayBucket, By: domain.ByModel})},
		{"statistics: 7 days, by hour", usage(domain.UsageQuery{From: now.Add(-7 * 24 * time.Hour), To: now, Bucket: domain.HourBucket})},
		{"statistics: 30 days of one user, by day", usage(domain.UsageQuery{From: month, To: now, Bucket: domain.DayBucket, User: 3})},
		{"leaderboard: 30 days, users", usage(domain.UsageQuery{From: month, To: now, By: domain.ByUser})},
		{"leaderboard: 90 days, models", usage(domain.UsageQuery{From: now.Add(-days * 24 * time.Hour), To: now, By: domain.ByModel})},
		{"statistics: 30 days in a zone without days", usage(domain.UsageQuery{
			From: month, To: now, Bucket: domain.DayBucket, By: domain.ByUser, Zone: time.FixedZone("other", 2*3600),
		})},
		{"log page: newest", logs(domain.LogFilter{})},
		{"log page: ten days back", logs(domain.LogFilter{Before: deep})},
		{"log page: of a user", logs(domain.LogFilter{UserID: 150})},
		{"log page: of a provider", logs(domain.LogFilter{ProviderID: 7})},
		{"log page: of a model", logs(domain.LogFilter{Model: "model-7"})},
		{"log page: of a model that nobody used", logs(domain.LogFilter{Model: "none"})},
		{"log page: failures only", logs(domain.LogFilter{ErrorsOnly: true})},
	}
}

// measure asks each question several times and prints median and worst; the
// first time warms up. The processor time is of this process: with SQLite all of
// it, and more telling than the clock where the machine has other work.
func measure(ctx context.Context, s *store.Store, rounds int) error {
	now := time.Now().UTC().Truncate(time.Hour).Add(-23 * time.Minute)
	fmt.Printf("\n%-44s %10s %10s %10s %8s\n", "", "median", "worst", "processor", "rows")
	for _, q := range questions(s, now) {
		rows, err := q.ask(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		took := make([]time.Duration, max(1, rounds))
		busy := processor()
		for i := range took {
			began := time.Now()
			if _, err := q.ask(ctx); err != nil {
				return fmt.Errorf("%s: %w", q.name, err)
			}
			took[i] = time.Since(began)
		}
		busy = (processor() - busy) / time.Duration(len(took))
		slices.Sort(took)
		fmt.Printf("%-44s %10s %10s %10s %8d\n", q.name, round(took[len(took)/2]), round(took[len(took)-1]), round(busy), rows)
	}
	return nil
}

func round(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }

// processor is the processor time that this process has had.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
