package backup

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/claude-code-hub/cch/persistence/store"
)

// ErrNotEmpty says that a database has users, providers or spent money already.
var ErrNotEmpty = errors.New("the target is not empty")

// ErrCopyDiffers says that a table is not the same after it was copied.
var ErrCopyDiffers = errors.New("the copy differs")

// Copied is a table of two databases after a copy.
type Copied struct {
	Table string
	Rows  int
	From  string // SHA-256 of its rows there, in hex
	To    string // and here
}

// Copy copies all tables into another database, whose schema is as new and
// which holds nothing yet, and compares both afterwards. Both hubs must be
// stopped.
func Copy(ctx context.Context, from, to *store.Store) ([]Copied, error) {
	if err := requireEmpty(ctx, to); err != nil {
		return nil, err
	}
	sources, err := from.Tables(ctx)
	if err != nil {
		return nil, err
	}
	targets, err := to.Tables(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]Copied, len(sources))
	err = to.Fill(ctx, func(f *store.Filling) error {
		if err := f.Clear(ctx, targets); err != nil { // what migrations put in
			return err
		}
		err := from.Read(ctx, func(r *store.Reading) error {
			for i, t := range sources {
				if err := copyTable(ctx, r, f, t, targets[i]); err != nil {
					return err
				}
				sum, err := writeTable(ctx, r, t, io.Discard, func(int) {})
				if err != nil {
					return err
				}
				list[i] = Copied{Table: t.Name, Rows: sum.Rows, From: sum.SHA256}
			}
			return nil
		})
		if err != nil {
			return err
		}
		return f.Renumber(ctx, targets)
	})
	if err != nil {
		return nil, fmt.Errorf("copy: %w", err)
	}
	return list, compare(ctx, to, targets, list)
}

func copyTable(ctx context.Context, r *store.Reading, f *store.Filling, from, to store.Table) error {
	columns := make([]string, len(from.Columns))
	for i, c := range from.Columns {
		columns[i] = c.Name
	}
	return r.ReadTable(ctx, from, func(rows [][]any) error {
		_, err := f.Add(ctx, to, columns, rows)
		return err
	})
}

// compare reads the target and notes its sums.
func compare(ctx context.Context, to *store.Store, tables []store.Table, list []Copied) error {
	var differ []error
	err := to.Read(ctx, func(r *store.Reading) error {
		for i, t := range tables {
			sum, err := writeTable(ctx, r, t, io.Discard, func(int) {})
			if err != nil {
				return err
			}
			if list[i].To = sum.SHA256; list[i].To != list[i].From {
				differ = append(differ, fmt.Errorf("%w: %s", ErrCopyDiffers, t.Name))
			}
		}
		return nil
	})
	return errors.Join(append(differ, err)...)
}

// requireEmpty refuses to write over what somebody uses.
func requireEmpty(ctx context.Context, s *store.Store) error {
	tables, err := s.Tables(ctx)
	if err != nil {
		return err
	}
	return s.Read(ctx, func(r *store.Reading) error {
		for _, t := range tables {
			if t.Name != "users" && t.Name != "providers" && t.Name != "usage_ledger" && t.Name != "request_logs" {
				continue
			}
			err := r.ReadTable(ctx, t, func([][]any) error { return fmt.Errorf("%w: it has %s", ErrNotEmpty, t.Name) })
			if err != nil {
				return err
			}
		}
		return nil
	})
}
