package backup

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/store"
)

// manifestName is the entry that describes the others; it comes last, when all
// is known.
const manifestName = "manifest.json"

func tableName(table string) string { return table + ".jsonl" }

// Options describe an archive that is written.
type Options struct {
	Mode    Mode
	Version string // of the program
	Now     time.Time
	// Progress is told how many rows of how many were written; nil = nobody asks.
	Progress domain.JobProgress
}

// Write writes an archive of a store, as of one instant a database file. The
// hub may go on meanwhile.
func Write(ctx context.Context, s *store.Store, w io.Writer, o Options) (Manifest, error) {
	engine, schema, err := s.Versions(ctx)
	if err != nil {
		return Manifest{}, err
	}
	all, err := s.Tables(ctx)
	if err != nil {
		return Manifest{}, err
	}
	tables, err := o.Mode.of(all)
	if err != nil {
		return Manifest{}, err
	}
	m := Manifest{Format: format, Version: o.Version, CreatedAt: o.Now.UTC(), Mode: o.Mode, Engine: engine, Schema: schema}
	z := zip.NewWriter(w)
	z.RegisterCompressor(zstd.ZipMethodWinZip, zstd.ZipCompressor(zstd.WithEncoderConcurrency(1)))
	err = s.Read(ctx, func(r *store.Reading) error {
		rows, err := newRowCount(ctx, r, tables, o.Progress)
		if err != nil {
			return err
		}
		for _, t := range tables {
			out, err := z.CreateHeader(&zip.FileHeader{Name: tableName(t.Name), Method: zstd.ZipMethodWinZip, Modified: o.Now})
			if err != nil {
				return err
			}
			entry, err := writeTable(ctx, r, t, out, rows.add)
			if err != nil {
				return err
			}
			m.Tables = append(m.Tables, entry)
		}
		return nil
	})
	if err != nil {
		return Manifest{}, fmt.Errorf("write the archive: %w", err)
	}
	out, err := z.CreateHeader(&zip.FileHeader{Name: manifestName, Method: zstd.ZipMethodWinZip, Modified: o.Now})
	if err != nil {
		return Manifest{}, fmt.Errorf("write the archive: %w", err)
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	if err := e.Encode(m); err != nil {
		return Manifest{}, fmt.Errorf("write the archive: %w", err)
	}
	if err := z.Close(); err != nil {
		return Manifest{}, fmt.Errorf("write the archive: %w", err)
	}
	return m, nil
}

// rowCount tells how many rows of how many are done. nil counts nothing.
type rowCount struct {
	done, total int
	progress    domain.JobProgress
}

func newRowCount(ctx context.Context, r *store.Reading, tables []store.Table, progress domain.JobProgress) (*rowCount, error) {
	if progress == nil {
		return nil, nil //nolint:nilnil // it works as it is
	}
	c := &rowCount{progress: progress}
	for _, t := range tables {
		n, err := r.Count(ctx, t)
		if err != nil {
			return nil, err
		}
		c.total += n
	}
	progress(0, c.total)
	return c, nil
}

func (c *rowCount) add(n int) {
	if c != nil {
		c.done += n
		c.progress(c.done, c.total)
	}
}

// writeTable writes the rows of a table and describes them. wrote is told how
// many rows more there are.
func writeTable(ctx context.Context, r *store.Reading, t store.Table, w io.Writer, wrote func(rows int)) (Entry, error) {
	sum := sha256.New()
	e := newEncoder(io.MultiWriter(w, sum))
	err := r.ReadTable(ctx, t, func(rows [][]any) error {
		wrote(len(rows))
		return e.write(rows)
	})
	if err != nil {
		return Entry{}, err
	}
	entry := Entry{Name: t.Name, Rows: e.rows, SHA256: hex.EncodeToString(sum.Sum(nil))}
	for _, c := range t.Columns {
		entry.Columns = append(entry.Columns, c.Name)
	}
	return entry, nil
}
