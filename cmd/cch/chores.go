package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/claude-code-hub/cch/actors/maintenance"
	"github.com/claude-code-hub/cch/actors/system"
	"github.com/claude-code-hub/cch/internal/domain"
)

// throttleKept is longer than any window or lock of failed sign-ins.
const throttleKept = 24 * time.Hour

// accountHistoryKept is how long the hours of upstream accounts are kept.
const accountHistoryKept = 90 * 24 * time.Hour

const (
	usageDaysEvery    = 10 * time.Minute
	usageDaysWithin   = 9 * time.Minute
	bindingsEvery     = 5 * time.Minute
	bindingsWithin    = time.Minute
	bindingsPruned    = 10_000 // at a time
	replaysPruned     = 200    // at a time; each may have megabytes
	storageEvery      = 15 * time.Minute
	storageWithin     = time.Minute
	lostEvery         = time.Minute
	ledgerCheckEvery  = 24 * time.Hour
	ledgerCheckWithin = time.Hour
	// ledgerCheckBack is how far back roll-ups are compared every day.
	ledgerCheckBack = 48 * time.Hour
)

// closeDays sums up the days that are over.
func (a *App) closeDays(ctx context.Context, c maintenance.Catalog) (int, error) {
	_, err := a.store.Rollups().CloseDays(ctx, c.Current().Zone(), a.now())
	return 0, err // it removes nothing
}

// checkLedger compares what is counted with the ledger, as cch ledger verify
// does, and remembers the number of differences.
func (a *App) checkLedger(ctx context.Context) (int, error) {
	check := ledgerCheck{store: a.store, zone: a.zone, now: a.now}
	now := a.now()
	differences, err := check.run(ctx, now.Add(-ledgerCheckBack), now)
	if err != nil {
		return 0, err
	}
	unsettled, err := check.requests(ctx, now.Add(-ledgerCheckBack), 6*settledWithin)
	if err != nil {
		return 0, err
	}
	differences = append(differences, unsettled...)
	a.differences.Store(int64(len(differences)))
	for _, d := range differences[:min(len(differences), maxLoggedDifferences)] {
		a.logger.ErrorContext(ctx, "the ledger and what is counted differ", slog.Int64("user_id", int64(d.UserID)),
			slog.String("where", d.Where), slog.String("figure", d.Figure), slog.Int64("ledger", d.Ledger), slog.Int64("found", d.Found))
	}
	return 0, nil
}

// maxLoggedDifferences bounds what one check logs; the metric counts all.
const maxLoggedDifferences = 20

// repricing is what bills are worked out again with.
func (a *App) repricing(c maintenance.Catalog, o *system.Operator) maintenance.RepriceOptions {
	return maintenance.RepriceOptions{
		Ledger: a.store.Ledger(), Bills: a.store.RequestLogs(), Prices: a.prices, Catalog: c, Settle: o.Settle, Now: a.now,
	}
}

// recompute works bills out again that an administrator names.
func (a *App) recompute(ctx context.Context, q domain.RecomputeQuery, progress domain.JobProgress) (domain.RecomputeReport, error) {
	return maintenance.Recompute(ctx, a.repricing(a.system.Configuration(), a.system.Operator()), a.store.Ledger(), q, progress)
}

// chores are what the hub does by the clock: of several that share a database,
// one.
func (a *App) chores(c maintenance.Catalog, o *system.Operator) []maintenance.Job {
	return maintenance.Led(a.leader, a.ledChores(c, o)...)
}

func (a *App) ledChores(c maintenance.Catalog, o *system.Operator) []maintenance.Job {
	return []maintenance.Job{
		maintenance.Cleanup(a.store.RequestLogs(), c, a.now),
		{Name: "price_sync", Every: time.Minute, Within: 2 * time.Minute, Run: a.syncPrices},
		maintenance.Reprice(a.repricing(c, o)),
		{Name: "usage_days", Every: usageDaysEvery, Within: usageDaysWithin, Run: func(ctx context.Context) (int, error) {
			return a.closeDays(ctx, c)
		}},
		{Name: "storage_usage", Every: storageEvery, Within: storageWithin, Run: func(ctx context.Context) (int, error) {
			_, err := a.measureStorage(ctx)
			return 0, err
		}},
		{Name: "ledger_check", Every: ledgerCheckEvery, Within: ledgerCheckWithin, Run: a.checkLedger},
		maintenance.Prune("web_sessions", a.store.AuthSessions(), 0, a.now),
		maintenance.Prune("login_throttle", a.store.LoginThrottle(), throttleKept, a.now),
		maintenance.Prune("account_history", a.store.ProviderAccounts(), accountHistoryKept, a.now),
		{Name: "resource_bindings", Every: bindingsEvery, Within: bindingsWithin, Run: func(ctx context.Context) (int, error) {
			return a.store.ResourceBindings().Prune(ctx, a.now(), bindingsPruned)
		}},
		{Name: "replays", Every: bindingsEvery, Within: bindingsWithin, Run: func(ctx context.Context) (int, error) {
			return a.store.Replays().Prune(ctx, a.now(), replaysPruned)
		}},
		{Name: "probe_logs", Every: time.Hour, Within: 5 * time.Minute, Run: a.pruneProbes},
		{Name: "log_partitions", Every: 24 * time.Hour, Within: time.Minute, Run: func(ctx context.Context) (int, error) {
			return 0, a.store.RequestLogs().Prepare(ctx)
		}},
		maintenance.Prune("snapshots", a.store.Snapshots(), 0, a.now),
		{Name: "lost_requests", Every: lostEvery, Within: time.Minute, Run: func(ctx context.Context) (int, error) {
			return 0, a.closeLost(ctx)
		}},
	}
}

// closeLost ends the requests of hubs that died and did not come back.
func (a *App) closeLost(ctx context.Context) error {
	if a.number == nil {
		return nil // there are no others
	}
	closed, err := a.system.Recorder().CloseLost(ctx)
	if closed > 0 {
		a.logger.WarnContext(ctx, "requests of another hub were interrupted when it died", slog.Int("count", closed))
	}
	return err
}
