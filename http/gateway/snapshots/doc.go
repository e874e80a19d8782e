// Package snapshots keeps what went over the wire for single requests, for people
// who have to find out what a client or a provider really said.
//
// It is off unless somebody looks: asking for a session's snapshots has those of
// its requests taken for five minutes, and an operator may want them of all. What
// is taken lives in memory, within bounds of count, size and time, and never holds
// a credential. Start at [Store].
package snapshots
