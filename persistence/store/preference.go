package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

type preferenceRow struct {
	bun.BaseModel `bun:"table:user_preferences"`

	UserID    int64  `bun:"user_id,pk"`
	Name      string `bun:"name,pk"`
	Value     string `bun:"value"`
	UpdatedAt int64  `bun:"updated_at"`
}

func (r *preferenceRow) preference() domain.Preference {
	return domain.Preference{Name: r.Name, Value: r.Value, UpdatedAt: fromMillis(r.UpdatedAt)}
}

// Preferences keeps what dashboards remember of users.
type Preferences struct{ s *Store }

// Preferences is the repository of preferences.
func (s *Store) Preferences() Preferences { return Preferences{s} }

// List returns a user's preferences by name.
func (r Preferences) List(ctx context.Context, user domain.UserID) ([]domain.Preference, error) {
	var rows []preferenceRow
	if err := r.s.main.read.NewSelect().Model(&rows).Where("user_id = ?", int64(user)).Order("name").Scan(ctx); err != nil {
		return nil, fmt.Errorf("read preferences: %w", err)
	}
	list := make([]domain.Preference, len(rows))
	for i := range rows {
		list[i] = rows[i].preference()
	}
	return list, nil
}

// Get finds one of a user's preferences.
func (r Preferences) Get(ctx context.Context, user domain.UserID, name string) (domain.Preference, error) {
	row := preferenceRow{UserID: int64(user), Name: name}
	if err := found(r.s.main.read.NewSelect().Model(&row).WherePK().Scan(ctx), "preference", name); err != nil {
		return domain.Preference{}, err
	}
	return row.preference(), nil
}

// Put adds or replaces one and returns it as stored. A user who has as many names
// as there may be is refused another one; two nodes asked at the same time may
// let one too many in.
func (r Preferences) Put(ctx context.Context, user domain.UserID, p domain.Preference) (domain.Preference, error) {
	row := preferenceRow{UserID: int64(user), Name: p.Name, Value: p.Value, UpdatedAt: r.s.now().UnixMilli()}
	err := r.s.main.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		others, err := tx.NewSelect().Model((*preferenceRow)(nil)).Where("user_id = ?", int64(user)).Where("name <> ?", p.Name).Count(ctx)
		if err != nil {
			return err
		}
		if others >= domain.MaxPreferences {
			return domain.NewFault(domain.KindConflict, "", fmt.Sprintf("there are %d preferences already; delete one first", others))
		}
		_, err = tx.NewInsert().Model(&row).On("CONFLICT (user_id, name) DO UPDATE").
			Set("value = EXCLUDED.value").Set("updated_at = EXCLUDED.updated_at").Exec(ctx)
		return err
	})
	if err != nil {
		return domain.Preference{}, fmt.Errorf("write a preference: %w", asFault(err))
	}
	return row.preference(), nil
}

// Delete forgets one, if it is there.
func (r Preferences) Delete(ctx context.Context, user domain.UserID, name string) error {
	row := preferenceRow{UserID: int64(user), Name: name}
	if _, err := r.s.main.write.NewDelete().Model(&row).WherePK().Exec(ctx); err != nil {
		return fmt.Errorf("delete a preference: %w", asFault(err))
	}
	return nil
}
