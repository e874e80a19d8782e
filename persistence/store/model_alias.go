package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

type aliasRow struct {
	bun.BaseModel `bun:"table:model_aliases,alias:a"`

	Alias     string `bun:"alias,pk"`
	Model     string `bun:"model"`
	CreatedAt int64  `bun:"created_at"`
}

// PutAlias files a model under another name and returns the configuration version.
func (r ModelPrices) PutAlias(ctx context.Context, alias, model string) (int64, error) {
	version, err := r.s.changeNamed(ctx, "model_alias", func(tx bun.Tx) (string, error) {
		row := aliasRow{Alias: alias, Model: model, CreatedAt: r.s.now().UnixMilli()}
		_, err := tx.NewInsert().Model(&row).On("CONFLICT (alias) DO UPDATE").Set("model = EXCLUDED.model").Exec(ctx)
		return alias, err
	})
	if err != nil {
		return 0, fmt.Errorf("put alias %.80q: %w", alias, err)
	}
	return version, nil
}

// EndAlias forgets a name.
func (r ModelPrices) EndAlias(ctx context.Context, alias string) (int64, error) {
	version, err := r.s.changeNamed(ctx, "model_alias", func(tx bun.Tx) (string, error) {
		res, err := tx.NewDelete().Model((*aliasRow)(nil)).Where("alias = ?", alias).Exec(ctx)
		if err != nil {
			return alias, err
		}
		if n, err := res.RowsAffected(); err == nil && n == 0 {
			return alias, domain.NotFound("alias", alias)
		}
		return alias, nil
	})
	if err != nil {
		return 0, fmt.Errorf("end alias %.80q: %w", alias, err)
	}
	return version, nil
}

func listAliases(ctx context.Context, db bun.IDB) (map[string]string, error) {
	var rows []aliasRow
	if err := db.NewSelect().Model(&rows).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read aliases: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil //nolint:nilnil // an empty map is no map
	}
	aliases := make(map[string]string, len(rows))
	for _, row := range rows {
		aliases[row.Alias] = row.Model
	}
	return aliases, nil
}
