// Package system assembles the actors of a node and gives the rest of the
// program typed clients for them: Dispatcher for proxied requests, Operator for
// the management API. Nobody outside of actors sees a mailbox.
//
// Start with system.go: what is spawned, in which order, and how it ends.
package system
