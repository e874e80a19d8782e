// Package limits counts what users, keys and providers have in use and decides
// who is let in. It is pure: no clock, no I/O and no locks; time is an argument
// and the actor that owns a value is its only user.
//
// The counters are [LeaseTable] for what is in flight, [Rate] for requests per
// minute and [Sessions] for concurrent sessions. Each can be read without
// changing anything, so an admission asks them all, turns the answers into
// [Check] values and calls [Decide]; only when nothing refuses does it commit.
// A refused request therefore leaves no trace in any counter.
//
// Which limits apply to whom is the caller's knowledge; a further kind of limit
// is one more Check.
package limits
