// Package recorder writes down what became of every request, and loses none.
//
// A record goes to the journal before anybody is told that it is safe. From
// there it takes two ways: its row goes to the store in batches, and its
// settlements go to the quota actors until they are acknowledged. When both
// have arrived the journal's checkpoint moves on. While the store is away the
// journal grows; what does not fit into memory is read back from it. After a
// restart everything behind the checkpoint is done again, which changes nothing
// that was done before, and rows that the last process left open are closed.
//
// It decides nothing about requests, and never drops a row.
//
// Start with recorder.go (what gateway and request actors call), then worker.go
// (rows), settler.go (settlements) and progress.go (the checkpoint).
package recorder
