// Package snapshots gathers the snapshots that actors save and writes them in
// batches, so that an actor never waits for the store and a busy one costs the
// store one row per batch.
//
// Of several snapshots of an actor the newest is written. What waits is lost
// when the process is killed; actors must be able to live with an older one.
// It does not look into snapshots.
//
// Start with batcher.go.
package snapshots
