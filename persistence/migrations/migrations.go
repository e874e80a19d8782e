// Package migrations embeds the numbered SQL files that bring a database to the
// schema this binary knows.
//
// Files are forward-only: a released one is never edited, a change is a new
// number. Each SQLite file has a folder of its own; PostgreSQL has one database,
// whose migration of a number is what both files' migrations of that number do.
// A new number is therefore taken once for all folders.
package migrations

import (
	"embed"
	"io/fs"
)

//go:embed sqlite postgres
var files embed.FS

// SQLiteConfiguration are the migrations of cch.db: configuration, access,
// sessions and actor state.
func SQLiteConfiguration() fs.FS { return folder("sqlite/cch") }

// SQLiteLogs are the migrations of logs.db: request logs and their details.
func SQLiteLogs() fs.FS { return folder("sqlite/logs") }

// Postgres are the migrations of a PostgreSQL database.
func Postgres() fs.FS { return folder("postgres") }

func folder(name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic("migrations: " + err.Error()) // the name is a constant of this file
	}
	return sub
}
