package store

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"
)

// columns describes a table of the database; none = there is no such table.
func (e *postgresEngine) columns(ctx context.Context, table string) (list []Column, key []string, err error) {
	rows, err := e.read.Query(ctx, `
		SELECT c.column_name::text, c.data_type::text, c.is_identity = 'YES', COALESCE(k.ordinal_position, 0)::int
		FROM information_schema.columns AS c
		LEFT JOIN information_schema.table_constraints AS p
			ON p.table_schema = c.table_schema AND p.table_name = c.table_name AND p.constraint_type = 'PRIMARY KEY'
		LEFT JOIN information_schema.key_column_usage AS k
			ON k.constraint_schema = p.constraint_schema AND k.constraint_name = p.constraint_name
			AND k.table_name = c.table_name AND k.column_name = c.column_name
		WHERE c.table_schema = current_schema() AND c.table_name = $1 AND c.is_generated = 'NEVER'
		ORDER BY 4`, table)
	if err != nil {
		return nil, nil, err
	}
	var name, kind string
	var identity bool
	var position int
	_, err = pgx.ForEachRow(rows, []any{&name, &kind, &identity, &position}, func() error {
		c := Column{Name: name, Type: ColumnText, identity: identity}
		switch kind {
		case "bigint", "integer", "smallint":
			c.Type = ColumnInteger
		case "boolean":
			c.Type, c.boolean = ColumnInteger, true
		case "bytea":
			c.Type = ColumnBytes
		}
		list = append(list, c)
		if position > 0 {
			key = append(key, name)
		}
		return nil
	})
	return list, key, err
}

// lift takes the time limit off statements: emptying a long table takes longer.
func (*postgresEngine) lift(ctx context.Context, tx bun.Tx) error {
	_, err := tx.ExecContext(ctx, "SET LOCAL statement_timeout = 0")
	return err
}

func (*postgresEngine) renumber(ctx context.Context, tx bun.Tx, table, column string) error {
	_, err := tx.NewRaw("SELECT setval(pg_get_serial_sequence(?, ?), COALESCE((SELECT MAX(?) FROM ?), 0) + 1, false)",
		table, column, bun.Ident(column), bun.Ident(table)).Exec(ctx)
	return err
}
