// Package store keeps what outlives the process: configuration, access
// sessions, actor snapshots, session sums and the request log.
//
// There is one small repository type per resource, reached through Store. Every
// configuration write runs in one transaction together with a config_changes
// row and returns the new configuration version, so that whoever wrote can wait
// until the running catalog holds it. Credentials are sealed before they reach
// a table. Faults that a caller may act on are domain.Fault values: not found,
// conflict, stale version, invalid; everything else is wrapped as it came.
//
// It makes no decisions: no limits, no routing, no retries. Queries stay within
// the SQL that SQLite, PostgreSQL and MySQL share; what differs is in dialect.go.
//
// Start with store.go, then change.go (how configuration is written), user.go
// (the pattern of every repository) and log_batch.go (the hot path).
package store
