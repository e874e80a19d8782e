// Package leases is the keeper: the actor that knows every lease this node
// holds, renews them while their requests live and gives back what a request
// left behind.
//
// A request actor hands each lease over before it asks for it (LeaseTrack) and
// takes it back when it returned it (LeaseClose); whoever runs the request
// says when it is over (LeaseDrop). So no crash of either can leak one: what
// is tracked at the drop is released, and what nobody drops is not renewed by
// anybody else and expires at its holder.
//
// It refuses to judge: it never grants, never counts against limits and never
// ends a request because of its leases.
//
// Start with Table, which is all of the bookkeeping; Keeper is the way in.
package leases
