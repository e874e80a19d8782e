package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

const tableErrorRules = "error_rules"

type errorRuleRow struct {
	bun.BaseModel `bun:"table:error_rules,alias:r"`

	ID               int64  `bun:"id,pk,autoincrement"`
	Version          int    `bun:"version"`
	Pattern          string `bun:"pattern"`
	MatchType        string `bun:"match_type"`
	Category         string `bun:"category"`
	Description      string `bun:"description,nullzero"`
	Priority         int    `bun:"priority"`
	Enabled          bool   `bun:"is_enabled"`
	Default          bool   `bun:"is_default"`
	OverrideResponse string `bun:"override_response,nullzero"`
	OverrideStatus   int    `bun:"override_status,nullzero"`
	CreatedAt        int64  `bun:"created_at"`
	UpdatedAt        int64  `bun:"updated_at"`
}

func (r *errorRuleRow) rule() domain.ErrorRule {
	rule := domain.ErrorRule{
		ID: domain.ErrorRuleID(r.ID), Version: r.Version, Pattern: r.Pattern, MatchType: domain.MatchType(r.MatchType),
		Category: r.Category, Description: r.Description, Priority: r.Priority, Enabled: r.Enabled, Default: r.Default,
		Override:  domain.ErrorOverride{Status: r.OverrideStatus},
		CreatedAt: fromMillis(r.CreatedAt), UpdatedAt: fromMillis(r.UpdatedAt),
	}
	if r.OverrideResponse != "" {
		rule.Override.Response = []byte(r.OverrideResponse)
	}
	return rule
}

func errorRuleRowOf(r *domain.ErrorRule, now int64) errorRuleRow {
	return errorRuleRow{
		Version: 1, Pattern: r.Pattern, MatchType: string(r.MatchType), Category: r.Category, Description: r.Description,
		Priority: r.Priority, Enabled: r.Enabled, Default: r.Default,
		OverrideResponse: string(r.Override.Response), OverrideStatus: r.Override.Status, CreatedAt: now, UpdatedAt: now,
	}
}

// ErrorRules keeps the rules about errors of upstreams.
type ErrorRules struct{ s *Store }

// ErrorRules are the rules about errors of upstreams.
func (s *Store) ErrorRules() ErrorRules { return ErrorRules{s} }

// List returns all rules by id.
func (r ErrorRules) List(ctx context.Context) ([]domain.ErrorRule, error) {
	return listErrorRules(ctx, r.s.main.read)
}

func listErrorRules(ctx context.Context, db bun.IDB) ([]domain.ErrorRule, error) {
	var rows []errorRuleRow
	if err := db.NewSelect().Model(&rows).Order("id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("list error rules: %w", err)
	}
	rules := make([]domain.ErrorRule, len(rows))
	for i := range rows {
		rules[i] = rows[i].rule()
	}
	return rules, nil
}

// Get finds a rule.
func (r ErrorRules) Get(ctx context.Context, id domain.ErrorRuleID) (domain.ErrorRule, error) {
	var row errorRuleRow
	err := r.s.main.read.NewSelect().Model(&row).Where("id = ?", int64(id)).Scan(ctx)
	if err := found(err, "error rule", id); err != nil {
		return domain.ErrorRule{}, err
	}
	return row.rule(), nil
}

// Create adds a rule of the operator's own and returns it with its id and the new
// configuration version. There may be domain.MaxErrorRules in all.
func (r ErrorRules) Create(ctx context.Context, rule domain.ErrorRule) (domain.ErrorRule, int64, error) {
	rule.Default = false
	row := errorRuleRowOf(&rule, r.s.now().UnixMilli())
	version, err := r.s.change(ctx, "error_rule", func(tx bun.Tx) (int64, error) {
		n, err := tx.NewSelect().Model((*errorRuleRow)(nil)).Count(ctx)
		if err != nil {
			return 0, err
		}
		if n >= domain.MaxErrorRules {
			return 0, domain.NewFault(domain.KindConflict, "", fmt.Sprintf("there are %d error rules, which is the most there may be", n))
		}
		_, err = tx.NewInsert().Model(&row).Exec(ctx)
		return row.ID, err
	})
	if err != nil {
		return domain.ErrorRule{}, 0, fmt.Errorf("create error rule: %w", err)
	}
	return row.rule(), version, nil
}

// Update replaces a rule if it still has version ifVersion (0 = any). What a rule
// that came with the program looks for stays as it is.
func (r ErrorRules) Update(ctx context.Context, rule domain.ErrorRule, ifVersion int) (domain.ErrorRule, int64, error) {
	row := errorRuleRow{ID: int64(rule.ID)}
	version, err := r.s.change(ctx, "error_rule", func(tx bun.Tx) (int64, error) {
		old := errorRuleRow{ID: row.ID}
		err := tx.NewSelect().Model(&old).WherePK().Scan(ctx)
		if err := found(err, "error rule", row.ID); err != nil {
			return row.ID, err
		}
		if old.Default && (old.Pattern != rule.Pattern || old.MatchType != string(rule.MatchType) || old.Category != rule.Category) {
			return row.ID, domain.NewFault(domain.KindConflict, "", "what a default rule looks for cannot be changed: disable it and add one of your own")
		}
		res, err := tx.NewUpdate().Model(&row).
			Set("pattern = ?", rule.Pattern).Set("match_type = ?", string(rule.MatchType)).
			Set("category = ?", rule.Category).Set("description = ?", bun.NullZero(rule.Description)).
			Set("priority = ?", rule.Priority).Set("is_enabled = ?", rule.Enabled).
			Set("override_response = ?", bun.NullZero(string(rule.Override.Response))).
			Set("override_status = ?", bun.NullZero(rule.Override.Status)).
			Set("updated_at = ?", r.s.now().UnixMilli()).Set("version = version + 1").
			WherePK().Where("(? = 0 OR version = ?)", ifVersion, ifVersion).
			Exec(ctx)
		if err := (versioned{tableErrorRules, "error rule", row.ID}).touched(ctx, tx, res, err); err != nil {
			return row.ID, err
		}
		return row.ID, tx.NewSelect().Model(&row).WherePK().Scan(ctx)
	})
	if err != nil {
		return domain.ErrorRule{}, 0, fmt.Errorf("update error rule: %w", err)
	}
	return row.rule(), version, nil
}

// Delete removes a rule of the operator's own; one that came with the program is
// a conflict.
func (r ErrorRules) Delete(ctx context.Context, id domain.ErrorRuleID, ifVersion int) (int64, error) {
	version, err := r.s.change(ctx, "error_rule", func(tx bun.Tx) (int64, error) {
		var old errorRuleRow
		err := tx.NewSelect().Model(&old).Where("id = ?", int64(id)).Scan(ctx)
		if err := found(err, "error rule", id); err != nil {
			return int64(id), err
		}
		if old.Default {
			return int64(id), domain.NewFault(domain.KindConflict, "", "a default rule cannot be deleted: disable it")
		}
		res, err := tx.NewDelete().Model((*errorRuleRow)(nil)).Where("id = ?", int64(id)).
			Where("(? = 0 OR version = ?)", ifVersion, ifVersion).Exec(ctx)
		return int64(id), versioned{tableErrorRules, "error rule", int64(id)}.touched(ctx, tx, res, err)
	})
	if err != nil {
		return 0, fmt.Errorf("delete error rule: %w", err)
	}
	return version, nil
}
