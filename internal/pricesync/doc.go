// Package pricesync takes price lists over: the cloud list by the clock and on
// demand, uploads of administrators, and the changes that waited for somebody's
// approval. It decides what is written; what lists say and how they differ is
// decided in pricing, and how they are stored in the store.
//
// One list is taken over at a time. A list that cannot be read, is empty or
// would change nothing leaves everything as it is.
//
// Start with [Syncer.Sync].
package pricesync
