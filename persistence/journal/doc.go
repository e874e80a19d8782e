// Package journal is an append-only log of opaque records on disk. What was
// handed over survives the death of the process, and of the machine but for
// the last moments before its power failed.
//
// Records lie in segments, files named by the position at which they begin; a
// position counts the bytes ever written. One goroutine writes everything that
// waits with one write(2) and then calls back; a checkpoint says up to where
// records are no longer needed, and segments below it are deleted. Reading
// tolerates a torn tail and skips damaged records.
//
// The package knows nothing of what the records mean, and never overwrites or
// reorders one. A journal has one owner, in this process (see Append for what
// may be called concurrently) and on the machine: a lock keeps a second
// process out.
//
// Start with journal.go (the owner's side), writer.go (the goroutine), read.go and
// record.go (the format).
package journal
