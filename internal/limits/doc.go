// Package limits counts what users, keys and providers have in use and decides
// who is let in. It is pure: no clock, no I/O and no locks; time is an argument
// and the actor that owns a value is its only user.
//
// The counters are [LeaseTable] for what is in flight, [Rate] for requests per
// minute, [Sessions] for concurrent sessions and [Spend] for money. Each can be
// read without changing anything, so an admission asks them all, turns the
// answers into [Check] values and calls [Decide]; only when nothing refuses does
// it commit. A refused request therefore leaves no trace in any counter. One
// that is held up only by reservations of others may stand in line: [Waiting].
//
// Which limits apply to whom is the caller's knowledge; a further kind of limit
// is one more Check. Money starts at spend.go: the windows are cut in plan.go
// and calendar.go, summed in rolling.go and chain.go, held against limits in
// reserve.go, stored and rebuilt in restore.go.
package limits
