package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Bury keeps a record that nobody can use for a human to look at, in the
// segment dead/dead.seg. It is on the disk when Bury returns.
func (j *Journal) Bury(record []byte) error {
	j.burial.Lock()
	defer j.burial.Unlock()
	f, err := os.OpenFile(deadPath(j.o.Dir), os.O_CREATE|os.O_WRONLY|os.O_APPEND, filePermission)
	if err != nil {
		return fmt.Errorf("open the dead segment: %w", err)
	}
	_, err = f.Write(appendRecord(nil, record))
	if err == nil {
		err = dataSync(f)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("bury a record: %w", err)
	}
	j.mu.Lock()
	j.dead++
	j.mu.Unlock()
	return nil
}

// DropDead forgets all buried records.
func (j *Journal) DropDead() error {
	j.burial.Lock()
	defer j.burial.Unlock()
	if err := os.Remove(deadPath(j.o.Dir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("drop buried records: %w", err)
	}
	j.mu.Lock()
	j.dead = 0
	j.mu.Unlock()
	return nil
}

// ReadDead visits the buried records of the journal in a folder, which another
// process may be using. A record is valid during the visit only.
func ReadDead(dir string, visit func(record []byte)) error {
	info, err := os.Stat(deadPath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("examine the dead segment: %w", err)
	}
	scan, file, err := openScanner(deadPath(dir), 0, 0, info.Size())
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	for {
		record, _, err := scan.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		visit(record)
	}
}

func deadPath(dir string) string { return filepath.Join(dir, deadFolder, deadName) }
