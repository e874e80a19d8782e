// Package cluster makes several nodes one: it knows which nodes there are, which
// of them has which actor, and brings messages there.
//
// Who is a member is a matter of leases in the shared database and of nothing
// else. A node whose lease has lapsed has no actors from that instant on, whether
// it knows that it was paused or not; and nobody takes over before. So an actor
// lives once, not because nodes agree but because each goes by a list that cannot
// be older than its own lease. See view.go, which is pure, and member.go.
//
// Messages travel in Frames over the actor library's remoting. Of the library's
// cluster nothing is used: its membership cannot tell a paused node from a dead
// one, does not take back a node it has once put out, and plants an actor
// wherever it is asked to.
//
// It refuses to decide what happens when the owner of an actor cannot be had: the
// asker is told at once, or by its own deadline, and goes on without.
//
// Start with node.go.
package cluster
