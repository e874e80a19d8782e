package backup

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/store"
)

// How says what becomes of rows that are there already.
type How string

// Ways to restore.
const (
	Replace How = "replace" // the tables of the archive's mode are emptied first
	Merge   How = "merge"   // they stay; what is missing is added
)

// quotaSnapshots are of actors that count what the ledger has: another ledger
// makes them worthless.
const quotaSnapshots = "quota"

// Restored says what became of a table.
type Restored struct {
	Table string
	Rows  int // of the archive
	Added int
}

// Restore puts an archive back in one go: when it fails, nothing has changed.
// The hub must be stopped. The archive is verified first. With merge the
// roll-ups that the ledger has are built anew.
func Restore(ctx context.Context, s *store.Store, a *Archive, how How, progress domain.JobProgress) ([]Restored, error) {
	targets, err := a.check(ctx, s, how)
	if err != nil {
		return nil, err
	}
	if err := a.Verify(ctx); err != nil {
		return nil, err
	}
	if progress == nil {
		progress = func(int, int) {}
	}
	a.rows = rowCount{total: a.Manifest.Rows(), progress: progress}
	var done []Restored
	err = s.Fill(ctx, func(f *store.Filling) error {
		done, err = a.fill(ctx, s, f, targets, how)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("restore: %w", err)
	}
	if how == Merge && a.Manifest.Mode != Config {
		err = rebuild(ctx, s)
	}
	return done, err
}

// Check tells whether the archive could be restored into a store: that it is
// whole, of a schema that the store has, and that each of its rows fits its
// table. It changes nothing.
func (a *Archive) Check(ctx context.Context, s *store.Store, how How, progress domain.JobProgress) error {
	targets, err := a.check(ctx, s, how)
	if err != nil {
		return err
	}
	if err := a.Verify(ctx); err != nil {
		return err
	}
	rows := rowCount{total: a.Manifest.Rows(), progress: progress}
	for _, e := range a.Manifest.Tables {
		t := targets[slices.IndexFunc(targets, func(t store.Table) bool { return t.Name == e.Name })] // check found it
		types, err := typesOf(t, e.Columns)
		if err != nil {
			return err
		}
		err = a.read(tableName(e.Name), func(in io.Reader) error {
			return decode(in, types, func(page [][]any) error {
				rows.add(len(page))
				return ctx.Err()
			})
		})
		if err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	return nil
}

// check looks at what costs nothing.
func (a *Archive) check(ctx context.Context, s *store.Store, how How) ([]store.Table, error) {
	if how != Replace && how != Merge {
		return nil, fmt.Errorf("%q is no way to restore: use %s or %s", how, Replace, Merge)
	}
	return a.targets(ctx, s)
}

func (a *Archive) fill(ctx context.Context, s *store.Store, f *store.Filling, targets []store.Table, how How) ([]Restored, error) {
	if how == Replace {
		if err := f.Clear(ctx, targets); err != nil {
			return nil, err
		}
	}
	var done []Restored
	for _, t := range targets { // in an order that references allow
		at := slices.IndexFunc(a.Manifest.Tables, func(e Entry) bool { return e.Name == t.Name })
		if at < 0 {
			continue // an older version had no such table
		}
		e := a.Manifest.Tables[at]
		r := Restored{Table: t.Name, Rows: e.Rows}
		types, err := typesOf(t, e.Columns)
		if err != nil {
			return nil, err
		}
		err = a.read(tableName(t.Name), func(in io.Reader) error {
			return decode(in, types, func(rows [][]any) error {
				n, err := f.Add(ctx, t, e.Columns, rows)
				r.Added += n
				a.rows.add(len(rows))
				return err
			})
		})
		if err != nil {
			return nil, err
		}
		done = append(done, r)
	}
	if a.Manifest.Mode == Ledger || how == Merge {
		if err := f.ForgetSnapshots(ctx, s, quotaSnapshots); err != nil {
			return nil, err
		}
	}
	return done, f.Renumber(ctx, targets)
}

// targets are the tables of a store that the archive's mode is about.
func (a *Archive) targets(ctx context.Context, s *store.Store) ([]store.Table, error) {
	_, schema, err := s.Versions(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.Manifest.check(schema); err != nil {
		return nil, err
	}
	all, err := s.Tables(ctx)
	if err != nil {
		return nil, err
	}
	tables, err := a.Manifest.Mode.of(all)
	if err != nil {
		return nil, err
	}
	for _, e := range a.Manifest.Tables {
		if !slices.ContainsFunc(tables, func(t store.Table) bool { return t.Name == e.Name }) {
			return nil, fmt.Errorf("%w: it has a table %s that mode %s does not have", ErrDamaged, e.Name, a.Manifest.Mode)
		}
	}
	return tables, nil
}

func typesOf(t store.Table, columns []string) ([]store.ColumnType, error) {
	types := make([]store.ColumnType, len(columns))
	for i, name := range columns {
		at := slices.IndexFunc(t.Columns, func(c store.Column) bool { return c.Name == name })
		if at < 0 {
			return nil, fmt.Errorf("%s has no column %s in this version", t.Name, name)
		}
		types[i] = t.Columns[at].Type
	}
	return types, nil
}

// rebuild sums the ledger up anew.
func rebuild(ctx context.Context, s *store.Store) error {
	from, to, err := s.Rollups().Span(ctx)
	if err != nil {
		return err
	}
	if err := s.Rollups().Rebuild(ctx, from, to); err != nil {
		return fmt.Errorf("build roll-ups anew: %w", err)
	}
	return nil
}
