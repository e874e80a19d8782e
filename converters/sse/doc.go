// Package sse reads and writes event streams (text/event-stream).
//
// The reader is a push parser: a pump feeds it whatever the network delivered
// and takes complete frames out. Every byte fed belongs to exactly one frame's
// Raw, so a relay can pass or swallow whole frames and stay byte-exact, and a
// tap can look at frames while the raw chunk is already on its way.
//
// The package knows nothing about the formats that travel inside the frames,
// starts no goroutine and does no I/O. Start with [Reader]; [AppendFrame] and
// [AppendComment] are the way out.
package sse
