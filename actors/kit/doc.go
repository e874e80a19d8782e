// Package kit is the only wrapper over the actor library. It owns the way
// actors are spawned, addressed, asked, supervised, timed and stopped; nothing
// else in the program imports the library.
//
// What it adds, because the library alone loses things: an actor that panics
// answers its asker; messages still queued when an actor stops are answered as
// dead letters, or follow their id to the next actor that bears it; timers,
// asks and work of an incarnation that ended never reach its successor.
//
// What it refuses: blocking inside an actor, bounded mailboxes, receive
// timeouts and continuations. An actor sends (Ref.Tell, Context.AskTo) and
// everything comes back to it as a message. Only code outside actors may wait,
// with Ask.
//
// Start with System, Kind and Actor, then Context; Directory is the map from
// ids to actors that are spawned when first addressed. Inside, a cell is one
// spawned actor, its mailbox decides what becomes of each message, and the
// wheel keeps all deadlines.
package kit
