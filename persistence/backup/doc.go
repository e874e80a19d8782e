// Package backup writes what a store holds into an archive that any engine and
// any later version can read, restores it, and copies one database into
// another.
//
// An archive is a ZIP file whose entries are compressed with Zstandard (method
// 93): for each table a file of JSON lines, one array a row, and at the end
// manifest.json, which has the schema version, the engine, and for each table
// its columns, number of rows and SHA-256. Values are numbers, texts, null, and
// base64 for bytes. Credentials stay sealed: an archive is worth nothing
// without the master key, which is not in it.
//
// It refuses archives of newer schemas and whatever does not have the sum that
// its manifest names, before anything is changed. Start with write.go.
package backup
