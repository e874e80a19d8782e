// Package redis shares state between nodes through a Redis server: snapshots of
// actors, and what nodes announce to each other. The program works without it;
// nothing is kept in Redis alone.
//
// A client never lets a caller wait for a server that is away: the first call
// that fails shuts the gate, every later one fails at once, and a goroutine
// looks for the server until it answers again.
//
// Start with client.go, then snapshots.go (the layer over the SQL store) and
// channel.go (announcements).
package redis
