// Package catalog keeps the newest configuration at hand: an immutable
// *domain.Catalog behind an atomic pointer, which requests pin when they begin.
//
// The actor asks the store for the configuration's version every half second,
// and at once when it is told of a change, and swaps the whole snapshot when
// the version moved. While the store fails the last good snapshot stays. It
// never changes configuration.
//
// Start with catalog.go (what readers see); actor.go does the polling.
package catalog
