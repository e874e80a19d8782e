package store

import (
	"context"
	"strings"

	"github.com/uptrace/bun"
)

// columns describes a table of the file; none = there is no such table.
func (e *sqliteEngine) columns(ctx context.Context, table string) (list []Column, key []string, err error) {
	rows, err := e.read.QueryContext(ctx,
		"SELECT name, type, pk FROM pragma_table_info(?) ORDER BY pk", table)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name, kind string
		var pk int
		if err := rows.Scan(&name, &kind, &pk); err != nil {
			return nil, nil, err
		}
		c := Column{Name: name, Type: ColumnText}
		switch {
		case strings.Contains(kind, "INT"):
			c.Type = ColumnInteger
		case kind == "BLOB":
			c.Type = ColumnBytes
		}
		list = append(list, c)
		if pk > 0 {
			key = append(key, name)
		}
	}
	return list, key, rows.Err()
}

// lift has references checked at the end of the transaction.
func (*sqliteEngine) lift(ctx context.Context, tx bun.Tx) error {
	_, err := tx.ExecContext(ctx, "PRAGMA defer_foreign_keys = ON")
	return err
}

// renumber has nothing to do: the engine looks at the rows.
func (*sqliteEngine) renumber(context.Context, bun.Tx, string, string) error { return nil }
