package store

import (
	"errors"
	"fmt"
	"sync"

	"modernc.org/libc"
	sqlite "modernc.org/sqlite/lib"
)

const (
	// sqlitePages is how many pages of all files and connections SQLite keeps in
	// memory before it uses the oldest ones anew. Beyond them only what a
	// transaction needs at once is taken from the allocator.
	sqlitePages = 2600
	// sqlitePageBytes is SQLite's page size where nobody asks for another.
	sqlitePageBytes = 4096
	// wordBytes is what an argument takes.
	wordBytes = 8
)

// errSQLiteInUse says that it is too late to configure SQLite.
var errSQLiteInUse = errors.New("configure SQLite: it is in use")

// configureSQLite says once for the process, before the first file is opened,
// how SQLite takes memory. A page that it takes by itself, of 4 KB with its
// head, costs 8 KB: the driver's allocator knows powers of two. Taken all in one
// piece a page costs what it is. Statistics of memory, which nobody reads, would
// cost a lock for every allocation. Where somebody opened a file before, all
// stays as it was.
//
//nolint:gochecknoglobals // SQLite is configured for the process
var configureSQLite = sync.OnceValue(func() error {
	tls := libc.NewTLS()
	defer tls.Close()
	err := setSQLite(tls, sqlite.SQLITE_CONFIG_MEMSTATUS, int32(0))
	if errors.Is(err, errSQLiteInUse) {
		return nil
	}
	if err != nil {
		return err
	}
	head, err := sqlitePageHead(tls)
	if err != nil {
		return err
	}
	size := sqlitePageBytes + head
	pages := libc.Xmalloc(tls, libc.Tsize_t(size)*sqlitePages) // for as long as the process lives
	if pages == 0 {
		return fmt.Errorf("configure SQLite: no memory for %d pages", sqlitePages)
	}
	return setSQLite(tls, sqlite.SQLITE_CONFIG_PAGECACHE, pages, size, int32(sqlitePages))
})

// sqlitePageHead asks how many bytes SQLite needs beside each page.
func sqlitePageHead(tls *libc.TLS) (int32, error) {
	answer := tls.Alloc(wordBytes)
	defer tls.Free(wordBytes)
	if err := setSQLite(tls, sqlite.SQLITE_CONFIG_PCACHE_HDRSZ, answer); err != nil {
		return 0, err
	}
	head := libc.AtomicLoadPInt32(answer)
	return (head + wordBytes - 1) / wordBytes * wordBytes, nil
}

func setSQLite(tls *libc.TLS, option int32, values ...any) error {
	args := tls.Alloc(wordBytes * len(values))
	defer tls.Free(wordBytes * len(values))
	switch rc := sqlite.Xsqlite3_config(tls, option, libc.VaList(args, values...)); rc {
	case sqlite.SQLITE_OK:
		return nil
	case sqlite.SQLITE_MISUSE:
		return errSQLiteInUse
	default:
		return fmt.Errorf("configure SQLite: option %d: result %d", option, rc)
	}
}
