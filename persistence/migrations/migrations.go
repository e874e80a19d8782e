// Package migrations embeds the numbered SQL files that bring a database to the
// schema this binary knows.
//
// Files are forward-only: a released one is never edited, a change is a new
// number. Each database file has its own folder and its own numbering.
package migrations

import (
	"embed"
	"io/fs"
)

//go:embed sqlite
var sqlite embed.FS

// SQLiteConfiguration are the migrations of cch.db: configuration, access,
// sessions and actor state.
func SQLiteConfiguration() fs.FS { return folder("sqlite/cch") }

// SQLiteLogs are the migrations of logs.db: request logs and their details.
func SQLiteLogs() fs.FS { return folder("sqlite/logs") }

func folder(name string) fs.FS {
	sub, err := fs.Sub(sqlite, name)
	if err != nil {
		panic("migrations: " + err.Error()) // the name is a constant of this file
	}
	return sub
}
