package backup

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// ErrDamaged says that an archive is not what its manifest says.
var ErrDamaged = errors.New("the archive is damaged")

// Archive is an archive that is read. Its owner closes it.
type Archive struct {
	Manifest Manifest

	file  *os.File
	files map[string]*zip.File
	rows  rowCount // of a restore
}

// Open opens an archive and reads its manifest.
func Open(path string) (_ *Archive, err error) {
	f, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	z.RegisterDecompressor(zstd.ZipMethodWinZip, zstd.ZipDecompressor(zstd.WithDecoderConcurrency(1)))
	a := &Archive{file: f, files: make(map[string]*zip.File, len(z.File))}
	for _, entry := range z.File {
		a.files[entry.Name] = entry
	}
	err = a.read(manifestName, func(r io.Reader) error { return json.NewDecoder(r).Decode(&a.Manifest) })
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return a, nil
}

// Close closes its file.
func (a *Archive) Close() error { return a.file.Close() }

func (a *Archive) read(name string, work func(io.Reader) error) (err error) {
	entry := a.files[name]
	if entry == nil {
		return fmt.Errorf("%s is missing", name)
	}
	r, err := entry.Open()
	if err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := work(r); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// untilEnd reads until a context ends.
type untilEnd struct {
	ctx context.Context //nolint:containedctx // it lives for one call
	r   io.Reader
}

func (u untilEnd) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

// Verify reads everything and compares it with the manifest.
func (a *Archive) Verify(ctx context.Context) error {
	for _, e := range a.Manifest.Tables {
		sum := sha256.New()
		if err := a.read(tableName(e.Name), func(r io.Reader) error { _, err := io.Copy(sum, untilEnd{ctx, r}); return err }); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		if got := hex.EncodeToString(sum.Sum(nil)); got != e.SHA256 {
			return fmt.Errorf("%w: %s has the sum %s, its manifest says %s", ErrDamaged, e.Name, got, e.SHA256)
		}
	}
	return nil
}
