package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Seed adds the rules that came with the program since this was done last. What
// is there already stays as the operator left it; a rule of the operator's own
// with the same pattern stays too. Several nodes may do it at once.
func (r ErrorRules) Seed(ctx context.Context, defaults []domain.ErrorRule) error {
	known, err := r.List(ctx)
	if err != nil {
		return err
	}
	have := make(map[string]bool, len(known))
	for i := range known {
		have[known[i].Pattern] = true
	}
	var missing []errorRuleRow
	now := r.s.now().UnixMilli()
	for i := range defaults {
		if !have[defaults[i].Pattern] {
			missing = append(missing, errorRuleRowOf(&defaults[i], now))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = r.s.changeNamed(ctx, "error_rule", func(tx bun.Tx) (string, error) {
		_, err := tx.NewInsert().Model(&missing).On("CONFLICT (pattern) DO NOTHING").Returning("NULL").Exec(ctx)
		return "defaults", err
	})
	if err != nil {
		return fmt.Errorf("add the default error rules: %w", err)
	}
	return nil
}

// RestoreDefaults puts the rules that came with the program back as they came,
// and returns the new configuration version. The operator's own stay, but for one
// with the pattern of a default: that becomes the default.
func (r ErrorRules) RestoreDefaults(ctx context.Context, defaults []domain.ErrorRule) (int64, error) {
	rows := make([]errorRuleRow, len(defaults))
	for i := range defaults {
		rows[i] = errorRuleRowOf(&defaults[i], r.s.now().UnixMilli())
	}
	version, err := r.s.changeNamed(ctx, "error_rule", func(tx bun.Tx) (string, error) {
		_, err := tx.NewInsert().Model(&rows).
			On("CONFLICT (pattern) DO UPDATE").
			Set("match_type = EXCLUDED.match_type, category = EXCLUDED.category, description = EXCLUDED.description").
			Set("priority = EXCLUDED.priority, is_enabled = EXCLUDED.is_enabled, is_default = EXCLUDED.is_default").
			Set("override_response = NULL, override_status = NULL, version = r.version + 1, updated_at = EXCLUDED.updated_at").
			Returning("NULL").Exec(ctx)
		return "defaults", err
	})
	if err != nil {
		return 0, fmt.Errorf("restore the default error rules: %w", err)
	}
	return version, nil
}
