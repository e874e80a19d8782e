package store_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/persistence/store"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

// TestEveryTableIsCopiedOrKeptApart: a new table must say what becomes of it
// when a database is backed up.
func TestEveryTableIsCopiedOrKeptApart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), store.Options{DataDir: dir, Sealer: storetest.Sealer{}, AutoMigrate: true})
	require.NoError(t, err)
	tables, err := s.Tables(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.Close())
	known := map[string]bool{}
	for _, table := range tables {
		known[table.Name] = true
	}
	for _, name := range store.TablesKeptApart() {
		known[name] = true
	}
	for _, file := range []string{"cch.db", "logs.db"} {
		for _, name := range tableNames(t, filepath.Join(dir, file)) {
			require.True(t, known[name], "is table %s copied with a backup? list it in persistence/store/table.go", name)
		}
	}
}

func tableNames(t *testing.T, path string) (names []string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	rows, err := db.Query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Err())
	return names
}

// TestEverySealedColumnIsSealedAnew: a rotation must reach all of them.
func TestEverySealedColumnIsSealedAnew(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), store.Options{DataDir: t.TempDir(), Sealer: storetest.Sealer{}, AutoMigrate: true})
	require.NoError(t, err)
	tables, err := s.Tables(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.Close())
	var sealed []string
	for _, table := range tables {
		for _, c := range table.Columns {
			if strings.HasSuffix(c.Name, "_enc") {
				sealed = append(sealed, table.Name+"."+c.Name)
			}
		}
	}
	require.ElementsMatch(t, sealed, store.SealedColumns())
}
