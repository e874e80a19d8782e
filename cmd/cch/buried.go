package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/claude-code-hub/cch/actors/recorder"
	"github.com/claude-code-hub/cch/internal/config"
	"github.com/claude-code-hub/cch/persistence/journal"
)

// buried shows the records that the database will not take, gives them to the
// journal again, or drops them.
func buried(_ context.Context, args []string, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("usage: buried list|replay|discard")
	}
	cfg, _, err := config.Load(config.Environ())
	if err != nil {
		return fmt.Errorf("the configuration has faults:\n%w", err)
	}
	dir := journalDir(cfg)
	switch args[0] {
	case "list":
		return listBuried(dir, out)
	case "replay":
		return withJournal(dir, out, replayBuried)
	case "discard":
		return withJournal(dir, out, discardBuried)
	}
	return fmt.Errorf("buried %s: use list, replay or discard", args[0])
}

func journalDir(cfg config.Config) string { return filepath.Join(cfg.Storage.Directory(), "journal") }

func listBuried(dir string, out io.Writer) error {
	n := 0
	err := journal.ReadDead(dir, func(record []byte) {
		n++
		b := recorder.ReadBurial(record)
		at := "-"
		if !b.At.IsZero() {
			at = b.At.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(out, "%s  %-10s  %s  user %d  %s  %s\n", at, b.Kind, b.ID, b.UserID, usd(b.Charge), b.Reason)
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d buried records\n", n)
	return err
}

// withJournal does something to a journal that no hub is using.
func withJournal(dir string, out io.Writer, do func(*journal.Journal, string, io.Writer) error) (err error) {
	j, err := journal.Open(journal.Options{Dir: dir, Fsync: journal.FsyncAlways})
	if err != nil {
		return fmt.Errorf("stop the hub first: %w", err)
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	return do(j, dir, out)
}

// replayBuried has the next start bring the records to the database. A record
// that comes twice, as after a crash in here, changes nothing.
func replayBuried(j *journal.Journal, dir string, out io.Writer) error {
	var dead, unreadable [][]byte
	err := journal.ReadDead(dir, func(record []byte) {
		into := &dead
		if !recorder.ReadBurial(record).Replays {
			into = &unreadable
		}
		*into = append(*into, bytes.Clone(record))
	})
	if err != nil {
		return err
	}
	n, err := recorder.Exhume(j, dead)
	if err != nil {
		return err
	}
	if err := j.DropDead(); err != nil {
		return err
	}
	for _, record := range unreadable {
		if err := j.Bury(record); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "%d records go to the database at the next start, %d cannot be read and stay\n", n, len(unreadable))
	return err
}

func discardBuried(j *journal.Journal, _ string, out io.Writer) error {
	n := j.Stats().Dead
	if err := j.DropDead(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%d records dropped\n", n)
	return err
}
