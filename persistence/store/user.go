package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

const tableUsers = "users"

type userRow struct {
	bun.BaseModel `bun:"table:users"`

	ID          int64  `bun:"id,pk,autoincrement"`
	Version     int    `bun:"version"`
	Name        string `bun:"name"`
	Description string `bun:"description,nullzero"`
	Role        string `bun:"role"`
	Enabled     bool   `bun:"is_enabled"`
	ExpiresAt   int64  `bun:"expires_at,nullzero"`
	limitColumns
	CostMultiplier int64  `bun:"cost_multiplier_e4"`
	AllowedModels  string `bun:"allowed_models"`
	CreatedAt      int64  `bun:"created_at"`
	UpdatedAt      int64  `bun:"updated_at"`
	DeletedAt      int64  `bun:"deleted_at"`
}

func fromUser(u domain.User) userRow {
	return userRow{
		ID:             int64(u.ID),
		Version:        1,
		Name:           u.Name,
		Description:    u.Description,
		Role:           string(u.Role),
		Enabled:        u.Enabled,
		ExpiresAt:      toMillis(u.ExpiresAt),
		limitColumns:   fromLimits(u.Limits),
		CostMultiplier: int64(u.CostMultiplier),
		AllowedModels:  toJSON(u.AllowedModels),
	}
}

func (r *userRow) user(groups []string) (domain.User, error) {
	models, err := fromJSON[string]("allowed_models", r.AllowedModels)
	if err != nil {
		return domain.User{}, fmt.Errorf("user %d: %w", r.ID, err)
	}
	return domain.User{
		ID:             domain.UserID(r.ID),
		Version:        r.Version,
		Name:           r.Name,
		Description:    r.Description,
		Role:           domain.Role(r.Role),
		Enabled:        r.Enabled,
		ExpiresAt:      fromMillis(r.ExpiresAt),
		Limits:         r.limits(),
		CostMultiplier: domain.Multiplier(r.CostMultiplier),
		Groups:         groups,
		AllowedModels:  models,
		CreatedAt:      fromMillis(r.CreatedAt),
		UpdatedAt:      fromMillis(r.UpdatedAt),
	}, nil
}

// Users keeps users.
type Users struct{ s *Store }

// List returns all users by id.
func (r Users) List(ctx context.Context) ([]domain.User, error) {
	return selectUsers(ctx, r.s.main.read)
}

// Get finds a user.
func (r Users) Get(ctx context.Context, id domain.UserID) (domain.User, error) {
	users, err := selectUsers(ctx, r.s.main.read, int64(id))
	if err != nil {
		return domain.User{}, err
	}
	if len(users) == 0 {
		return domain.User{}, domain.NotFound("user", id)
	}
	return users[0], nil
}

// selectUsers reads all users, or those with the ids.
func selectUsers(ctx context.Context, db bun.IDB, ids ...int64) ([]domain.User, error) {
	var rows []userRow
	q := db.NewSelect().Model(&rows).Where("deleted_at = 0").Order("id")
	if len(ids) > 0 {
		q = q.Where("id IN (?)", bun.List(ids))
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	groups, err := userGroups().names(ctx, db, ids...)
	if err != nil {
		return nil, err
	}
	users := make([]domain.User, len(rows))
	for i := range rows {
		if users[i], err = rows[i].user(groups[rows[i].ID]); err != nil {
			return nil, err
		}
	}
	return users, nil
}

// Create adds a user and returns it with its id and the new configuration
// version. A name already in use is a conflict; unknown groups are created.
func (r Users) Create(ctx context.Context, u domain.User) (domain.User, int64, error) {
	now := r.s.now()
	row := fromUser(u)
	row.ID, row.CreatedAt, row.UpdatedAt = 0, now.UnixMilli(), now.UnixMilli()
	var created domain.User
	version, err := r.s.change(ctx, "user", func(tx bun.Tx) (int64, error) {
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return 0, err
		}
		if err := userGroups().replace(ctx, tx, row.ID, u.Groups, now); err != nil {
			return 0, err
		}
		return row.ID, r.reload(ctx, tx, row.ID, &created)
	})
	if err != nil {
		return domain.User{}, 0, fmt.Errorf("create user: %w", err)
	}
	return created, version, nil
}

// Update replaces a user if it still has version ifVersion (0 = any).
func (r Users) Update(ctx context.Context, u domain.User, ifVersion int) (domain.User, int64, error) {
	now := r.s.now()
	row := fromUser(u)
	row.UpdatedAt = now.UnixMilli()
	var updated domain.User
	version, err := r.s.change(ctx, "user", func(tx bun.Tx) (int64, error) {
		res, err := tx.NewUpdate().Model(&row).
			ExcludeColumn("id", "version", "created_at", "deleted_at").
			Set("version = version + 1").
			WherePK().Where("deleted_at = 0").Where("(? = 0 OR version = ?)", ifVersion, ifVersion).
			Exec(ctx)
		if err := (versioned{tableUsers, "user", row.ID}).touched(ctx, tx, res, err); err != nil {
			return 0, err
		}
		if err := userGroups().replace(ctx, tx, row.ID, u.Groups, now); err != nil {
			return 0, err
		}
		return row.ID, r.reload(ctx, tx, row.ID, &updated)
	})
	if err != nil {
		return domain.User{}, 0, fmt.Errorf("update user: %w", err)
	}
	return updated, version, nil
}

// Expire disables a user whose time is over. One that is disabled already, or may
// be used, stays as it is.
func (r Users) Expire(ctx context.Context, id domain.UserID) error {
	now := r.s.now().UnixMilli()
	due := "id = ? AND is_enabled AND deleted_at = 0 AND expires_at > 0 AND expires_at <= ?"
	// Looked up first: a change that changes nothing would still be announced.
	if n, err := r.s.main.read.NewSelect().Model((*userRow)(nil)).Where(due, int64(id), now).Count(ctx); err != nil || n == 0 {
		return err
	}
	_, err := r.s.change(ctx, "user", func(tx bun.Tx) (int64, error) {
		_, err := tx.NewUpdate().Model((*userRow)(nil)).
			Set("is_enabled = ?", false).Set("updated_at = ?", now).Set("version = version + 1").
			Where(due, int64(id), now).Exec(ctx)
		return int64(id), err
	})
	if err != nil {
		return fmt.Errorf("disable expired user %d: %w", id, err)
	}
	return nil
}

func (r Users) reload(ctx context.Context, tx bun.Tx, id int64, into *domain.User) error {
	users, err := selectUsers(ctx, tx, id)
	if err == nil {
		*into = users[0]
	}
	return err
}

// Delete removes a user with its keys, web sessions and preferences. Log rows keep the id.
func (r Users) Delete(ctx context.Context, id domain.UserID, ifVersion int) (int64, error) {
	now := r.s.now().UnixMilli()
	version, err := r.s.change(ctx, "user", func(tx bun.Tx) (int64, error) {
		// Names are unique among rows deleted at the same instant too.
		res, err := tx.NewRaw(`UPDATE users SET version = version + 1, updated_at = ?0, deleted_at = (
				SELECT CASE WHEN MAX(o.deleted_at) >= ?0 THEN MAX(o.deleted_at) + 1 ELSE ?0 END
				FROM users AS o WHERE o.name = users.name)
			WHERE id = ?1 AND deleted_at = 0 AND (?2 = 0 OR version = ?2)`, now, int64(id), ifVersion).Exec(ctx)
		if err := (versioned{tableUsers, "user", int64(id)}).touched(ctx, tx, res, err); err != nil {
			return 0, err
		}
		return int64(id), dropUserAccess(ctx, tx, int64(id), now)
	})
	if err != nil {
		return 0, fmt.Errorf("delete user: %w", err)
	}
	return version, nil
}

// dropUserAccess takes everything from a deleted user that would let it in, and
// what was remembered for it alone.
func dropUserAccess(ctx context.Context, tx bun.Tx, id, now int64) error {
	statements := []string{
		"DELETE FROM user_groups WHERE user_id = ?1",
		"DELETE FROM key_groups WHERE key_id IN (SELECT id FROM api_keys WHERE user_id = ?1)",
		"UPDATE api_keys SET deleted_at = ?0, updated_at = ?0, version = version + 1 WHERE user_id = ?1 AND deleted_at = 0",
		"DELETE FROM user_preferences WHERE user_id = ?1",
		"UPDATE auth_sessions SET revoked_at = ?0 WHERE user_id = ?1 AND revoked_at IS NULL",
	}
	for _, sql := range statements {
		if _, err := tx.NewRaw(sql, now, id).Exec(ctx); err != nil {
			return fmt.Errorf("revoke the access of user %d: %w", id, err)
		}
	}
	return nil
}
