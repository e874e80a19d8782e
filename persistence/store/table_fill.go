package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"
)

// maxParameters is what every engine takes with one statement.
const maxParameters = 30_000

// Filling fills tables. What it does comes into view together when Fill
// returns, a database at a time, or not at all.
type Filling struct {
	txs map[*database]bun.Tx
}

// Fill has tables filled. Nobody else may write meanwhile: the hub must be
// stopped. Afterwards all web sessions are ended, and running catalogs look
// again.
func (s *Store) Fill(ctx context.Context, work func(f *Filling) error) (err error) {
	f := &Filling{txs: make(map[*database]bun.Tx)}
	defer func() {
		if err != nil {
			for _, tx := range f.txs {
				_ = tx.Rollback() // the first error is told
			}
		}
	}()
	for _, db := range s.databases() {
		tx, err := db.write.BeginTx(ctx, nil)
		if err != nil {
			return fmt.Errorf("begin to fill %s: %w", db.name, err)
		}
		f.txs[db] = tx
		if err := db.lift(ctx, tx); err != nil {
			return fmt.Errorf("begin to fill %s: %w", db.name, err)
		}
	}
	if err := work(f); err != nil {
		return err
	}
	if err := renoteModels(unhurried(ctx), f.txs[s.logs]); err != nil {
		return fmt.Errorf("note the models of the log: %w", err)
	}
	s.batch.forgetModels()
	if err := rebuildCoarse(unhurried(ctx), f.txs[s.main]); err != nil {
		return fmt.Errorf("sum up days: %w", err)
	}
	if _, err := f.txs[s.main].NewRaw("DELETE FROM auth_sessions").Exec(ctx); err != nil {
		return fmt.Errorf("end web sessions: %w", err)
	}
	if _, err := s.recordChange(ctx, f.txs[s.main], "restore", "0"); err != nil {
		return err
	}
	for _, db := range slices.Backward(s.databases()) { // logs first: no ledger without its rows
		if err := f.txs[db].Commit(); err != nil {
			return fmt.Errorf("fill %s: %w", db.name, err)
		}
	}
	return nil
}

// Clear empties tables, given in the order of Store.Tables.
func (f *Filling) Clear(ctx context.Context, tables []Table) error {
	for _, t := range slices.Backward(tables) {
		if _, err := f.txs[t.db].NewRaw("DELETE FROM ?", bun.Ident(t.Name)).Exec(unhurried(ctx)); err != nil {
			return fmt.Errorf("empty %s: %w", t.Name, err)
		}
	}
	return nil
}

// ForgetSnapshots drops the state of actors of a kind, which they then build
// anew.
func (f *Filling) ForgetSnapshots(ctx context.Context, s *Store, kind string) error {
	_, err := f.txs[s.main].NewDelete().Model((*snapshotRow)(nil)).Where("kind = ?", kind).Exec(ctx)
	if err != nil {
		return fmt.Errorf("forget snapshots: %w", err)
	}
	return nil
}

// Add adds rows whose values are in the order of columns, and counts those that
// were not there yet: one whose key is taken stays as it is.
func (f *Filling) Add(ctx context.Context, t Table, columns []string, rows [][]any) (added int, err error) {
	order := make([]Column, len(columns))
	for i, name := range columns {
		at := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
		if at < 0 {
			return 0, fmt.Errorf("%s has no column %s in this version", t.Name, name)
		}
		order[i] = t.Columns[at]
	}
	for page := range slices.Chunk(rows, min(tablePage, maxParameters/len(columns))) {
		n, err := f.insert(ctx, t, columns, order, page)
		if err != nil {
			return added, fmt.Errorf("fill %s: %w", t.Name, err)
		}
		added += n
	}
	return added, nil
}

func (f *Filling) insert(ctx context.Context, t Table, columns []string, order []Column, rows [][]any) (int, error) {
	one := "(?" + strings.Repeat(", ?", len(columns)-1) + ")"
	query := "INSERT INTO " + t.Name + " (" + strings.Join(columns, ", ") + ") VALUES " +
		one + strings.Repeat(", "+one, len(rows)-1) + " ON CONFLICT DO NOTHING"
	args := make([]any, 0, len(rows)*len(columns))
	for _, row := range rows {
		for i, v := range row {
			args = append(args, order[i].stored(v))
		}
	}
	res, err := f.txs[t.db].Tx.ExecContext(ctx, t.db.bind(query), args...)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// Renumber has the engine go on counting behind the rows of tables.
func (f *Filling) Renumber(ctx context.Context, tables []Table) error {
	for _, t := range tables {
		for _, c := range t.Columns {
			if !c.identity {
				continue
			}
			if err := t.db.renumber(ctx, f.txs[t.db], t.Name, c.Name); err != nil {
				return fmt.Errorf("number %s: %w", t.Name, err)
			}
		}
	}
	return nil
}
