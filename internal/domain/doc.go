// Package domain holds the vocabulary every other package shares: users, keys,
// providers, groups, sessions, attempts, usage, money, the request record and
// the faults a caller may act on.
//
// It owns no behaviour beyond small, total functions over these values. It does
// no I/O, reads no clock and starts no goroutine; times come in as arguments.
// Values reached through a *Catalog are immutable and safe to share.
//
// Start with provider.go and catalog.go (configuration), requestlog.go and
// chain.go (what is written down about a request) and fault.go (what goes wrong).
package domain
