package main

import (
	"time"

	"github.com/claude-code-hub/cch/actors/maintenance"
)

// throttleKept is longer than any window or lock of failed sign-ins.
const throttleKept = 24 * time.Hour

// accountHistoryKept is how long the hours of upstream accounts are kept.
const accountHistoryKept = 90 * 24 * time.Hour

// chores are what the hub does by the clock.
func (a *App) chores(c maintenance.Catalog) []maintenance.Job {
	return []maintenance.Job{
		maintenance.Cleanup(a.store.RequestLogs(), c, a.now),
		{Name: "price_sync", Every: time.Minute, Within: 2 * time.Minute, Run: a.syncPrices},
		maintenance.Prune("web_sessions", a.store.AuthSessions(), 0, a.now),
		maintenance.Prune("login_throttle", a.store.LoginThrottle(), throttleKept, a.now),
		maintenance.Prune("account_history", a.store.ProviderAccounts(), accountHistoryKept, a.now),
		maintenance.Prune("snapshots", a.store.Snapshots(), 0, a.now),
	}
}
