package backup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/store"
)

// Suffix ends the names of archives that the program names itself.
const Suffix = ".cchbackup"

// Bounds of a shelf.
const (
	// MaxUpload is the largest archive that is taken from outside.
	MaxUpload = 8 << 30
	// MaxArchives is how many archives lie on a shelf; more are refused, as
	// nothing is thrown away that somebody may count on.
	MaxArchives = 50
)

// Shelf is the folder of a node in which archives lie. Safe for concurrent use.
type Shelf struct {
	Dir     string // made when first needed
	Store   *store.Store
	Version string // of the program
	Now     func() time.Time
}

var archiveID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// List describes the archives, the newest first. What cannot be read is left out.
func (s *Shelf) List() ([]domain.Archive, error) {
	files, err := os.ReadDir(s.Dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list archives: %w", err)
	}
	var list []domain.Archive
	for _, f := range files {
		id, is := strings.CutSuffix(f.Name(), Suffix)
		if !is {
			continue
		}
		if a, err := s.describe(id); err == nil {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(a, b domain.Archive) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return list, nil
}

func (s *Shelf) describe(id string) (_ domain.Archive, err error) {
	a, err := s.Open(id)
	if err != nil {
		return domain.Archive{}, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	info, err := a.file.Stat()
	if err != nil {
		return domain.Archive{}, err
	}
	m := a.Manifest
	d := domain.Archive{
		ID: id, Mode: string(m.Mode), Version: m.Version, Engine: m.Engine, Schema: m.Schema,
		CreatedAt: m.CreatedAt, Bytes: info.Size(), Rows: m.Rows(),
	}
	for _, e := range m.Tables {
		d.Tables = append(d.Tables, domain.ArchiveTable{Name: e.Name, Rows: e.Rows})
	}
	return d, nil
}

// path is where an archive lies; a name that is none of ours is not found.
func (s *Shelf) path(id string) (string, error) {
	if !archiveID.MatchString(id) {
		return "", domain.NotFound("archive", id)
	}
	return filepath.Join(s.Dir, id+Suffix), nil
}

// Open opens an archive, which the caller closes.
func (s *Shelf) Open(id string) (*Archive, error) {
	path, err := s.path(id)
	if err != nil {
		return nil, err
	}
	a, err := Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, domain.NotFound("archive", id)
	}
	return a, err
}

// File opens the file of an archive, which the caller closes.
func (s *Shelf) File(id string) (io.ReadSeekCloser, domain.Archive, error) {
	d, err := s.describe(id)
	if err != nil {
		return nil, d, err
	}
	path, err := s.path(id)
	if err != nil {
		return nil, d, err
	}
	f, err := os.Open(path) //nolint:gosec // the name was checked
	return f, d, err
}

// Delete throws an archive away.
func (s *Shelf) Delete(id string) error {
	path, err := s.path(id)
	if err != nil {
		return err
	}
	if err := os.Remove(path); errors.Is(err, os.ErrNotExist) {
		return domain.NotFound("archive", id)
	} else if err != nil {
		return fmt.Errorf("delete the archive: %w", err)
	}
	return nil
}

// Write makes an archive of the store; half of one is removed.
func (s *Shelf) Write(ctx context.Context, mode Mode, progress domain.JobProgress) (domain.Archive, error) {
	if _, err := mode.kinds(); err != nil {
		return domain.Archive{}, domain.NewFault(domain.KindInvalid, "", err.Error())
	}
	id := s.name(string(mode))
	err := s.add(id, func(f *os.File) error {
		_, err := Write(ctx, s.Store, f, Options{Mode: mode, Version: s.Version, Now: s.Now(), Progress: progress})
		return err
	})
	if err != nil {
		return domain.Archive{}, err
	}
	return s.describe(id)
}

// Receive takes an archive from outside, of at most MaxUpload bytes. What is
// none, or is not whole, is refused with domain.KindInvalid and not kept.
func (s *Shelf) Receive(ctx context.Context, body io.Reader) (domain.Archive, error) {
	id := s.name("uploaded")
	err := s.add(id, func(f *os.File) error {
		n, err := io.Copy(f, io.LimitReader(untilEnd{ctx, body}, MaxUpload+1))
		if err != nil {
			return domain.NewFault(domain.KindInvalid, "", "the upload broke off").Because(err)
		}
		if n > MaxUpload {
			return domain.NewFault(domain.KindTooLarge, "", fmt.Sprintf("an archive may have %d bytes; take the command cch restore", int64(MaxUpload)))
		}
		return s.whole(ctx, f.Name())
	})
	if err != nil {
		return domain.Archive{}, err
	}
	return s.describe(id)
}

// whole verifies an archive that came from outside.
func (s *Shelf) whole(ctx context.Context, path string) (err error) {
	a, err := Open(path)
	if err != nil {
		return domain.NewFault(domain.KindInvalid, "", "this is no archive of cch, or not all of one").Because(err)
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if err := a.Verify(ctx); err != nil {
		return domain.NewFault(domain.KindInvalid, "", err.Error()).Because(err)
	}
	return nil
}

func (s *Shelf) name(what string) string {
	return s.Now().UTC().Format("20060102-150405") + "-" + what + "-" + strings.ToLower(rand.Text()[:6])
}

// add puts a file on the shelf when work has filled it, for its owner only.
func (s *Shelf) add(id string, work func(f *os.File) error) (err error) {
	if err := s.room(); err != nil {
		return err
	}
	path := filepath.Join(s.Dir, id+Suffix)
	f, err := os.OpenFile(path+".part", os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600) //nolint:gosec // we named it
	if err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			err = errors.Join(err, os.Remove(path+".part"))
		}
	}()
	if err := work(f); err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	return os.Rename(path+".part", path)
}

// room makes the folder and refuses more than it may hold.
func (s *Shelf) room() error {
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return fmt.Errorf("make the folder of archives: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(s.Dir, "*"+Suffix))
	if err != nil {
		return err
	}
	if len(files) >= MaxArchives {
		return domain.NewFault(domain.KindConflict, "", fmt.Sprintf("there are %d archives: delete some", len(files)))
	}
	return nil
}
