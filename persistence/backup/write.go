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
		for _, t := range tables {
			out, err := z.CreateHeader(&zip.FileHeader{Name: tableName(t.Name), Method: zstd.ZipMethodWinZip, Modified: o.Now})
			if err != nil {
				return err
			}
			entry, err := writeTable(ctx, r, t, out)
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

// writeTable writes the rows of a table and describes them.
func writeTable(ctx context.Context, r *store.Reading, t store.Table, w io.Writer) (Entry, error) {
	sum := sha256.New()
	e := newEncoder(io.MultiWriter(w, sum))
	if err := r.ReadTable(ctx, t, e.write); err != nil {
		return Entry{}, err
	}
	entry := Entry{Name: t.Name, Rows: e.rows, SHA256: hex.EncodeToString(sum.Sum(nil))}
	for _, c := range t.Columns {
		entry.Columns = append(entry.Columns, c.Name)
	}
	return entry, nil
}
