// Package maintenance is the actor that does the node's chores by the clock:
// it forgets what has expired and deletes old request logs.
//
// One chore runs at a time, each in small steps with pauses and within a
// deadline; what it does not finish it goes on with the next time. So nothing
// here is urgent, nothing holds a request up, and a chore that fails is logged
// and tried again at its next turn.
//
// It refuses to know of stores: a chore is a function. Start with actor.go for
// the clock, prune.go and cleanup.go for the chores.
package maintenance
