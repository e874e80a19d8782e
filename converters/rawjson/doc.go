// Package rawjson writes and edits JSON text without decoding it into values.
//
// It owns the append-style [Writer] that every format prints with, [Compact]
// for objects that have to travel inside strings, the incremental [Scanner]
// that tells when a value arriving in pieces is complete, and [Cuts], which
// removes single elements or members of a document and leaves every other byte
// as it was. Numbers keep their digits, objects their key order, and nothing is
// escaped that JSON does not demand. It does not validate: use [Valid] on
// what comes from outside.
package rawjson
