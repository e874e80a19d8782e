package store

import (
	"context"
	"fmt"
	"strconv"

	"github.com/uptrace/bun"
)

// sealedColumn is where sealed values are kept.
type sealedColumn struct{ table, key, column string }

// sealedColumns lists all of them; their names end in _enc.
func sealedColumns() []sealedColumn {
	return []sealedColumn{
		{tableProviders, "id", "key_enc"},
		{tableProviders, "id", "proxy_url_enc"},
		{tableProviders, "id", "custom_headers_enc"},
		{"provider_accounts", "provider_id", "config_enc"},
	}
}

// sealedValue is one sealed value.
type sealedValue struct {
	ID    int64  `bun:"id"`
	Value []byte `bun:"value"`
}

// Reseal seals every value anew that is not current, i.e. not sealed under the
// key that the store's sealer uses today, and counts them. It does all or none.
func (s *Store) Reseal(ctx context.Context, current func(sealed []byte) bool) (done int, err error) {
	_, err = s.change(ctx, "provider", func(tx bun.Tx) (int64, error) {
		for _, c := range sealedColumns() {
			n, err := s.resealColumn(ctx, tx, c, current)
			if err != nil {
				return 0, fmt.Errorf("%s of %s: %w", c.column, c.table, err)
			}
			done += n
		}
		return 0, nil
	})
	if err != nil {
		return 0, fmt.Errorf("seal anew: %w", err)
	}
	return done, nil
}

func (s *Store) resealColumn(ctx context.Context, tx bun.Tx, c sealedColumn, current func([]byte) bool) (done int, err error) {
	var values []sealedValue
	err = tx.NewRaw("SELECT ? AS id, ? AS value FROM ? WHERE ? IS NOT NULL ORDER BY ?",
		bun.Ident(c.key), bun.Ident(c.column), bun.Ident(c.table), bun.Ident(c.column), bun.Ident(c.key)).Scan(ctx, &values)
	if err != nil {
		return 0, err
	}
	for _, v := range values {
		if len(v.Value) == 0 || current(v.Value) { // a deleted provider has an empty one
			continue
		}
		place := c.table + ":" + c.column + ":" + strconv.FormatInt(v.ID, 10)
		plain, err := s.sealer.Open(v.Value, place)
		if err != nil {
			return done, fmt.Errorf("open row %d: %w", v.ID, err)
		}
		sealed, err := s.sealer.Seal(plain, place)
		if err != nil {
			return done, fmt.Errorf("seal row %d: %w", v.ID, err)
		}
		_, err = tx.NewRaw("UPDATE ? SET ? = ? WHERE ? = ?",
			bun.Ident(c.table), bun.Ident(c.column), sealed, bun.Ident(c.key), v.ID).Exec(ctx)
		if err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}
