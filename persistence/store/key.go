package store

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

const tableKeys = "api_keys"

type keyRow struct {
	bun.BaseModel `bun:"table:api_keys"`

	ID            int64  `bun:"id,pk,autoincrement"`
	Version       int    `bun:"version"`
	UserID        int64  `bun:"user_id"`
	Name          string `bun:"name"`
	Hash          string `bun:"key_hash"`
	Prefix        string `bun:"key_prefix"`
	Last4         string `bun:"key_last4"`
	Enabled       bool   `bun:"is_enabled"`
	ExpiresAt     int64  `bun:"expires_at,nullzero"`
	CanLoginWebUI bool   `bun:"can_login_web_ui"`
	CacheTTL      string `bun:"cache_ttl"`
	limitColumns
	LastUsedAt int64 `bun:"last_used_at,nullzero"`
	CreatedAt  int64 `bun:"created_at"`
	UpdatedAt  int64 `bun:"updated_at"`
	DeletedAt  int64 `bun:"deleted_at"`
}

func fromKey(k domain.Key) keyRow {
	return keyRow{
		ID:            int64(k.ID),
		Version:       1,
		UserID:        int64(k.UserID),
		Name:          k.Name,
		Hash:          hex.EncodeToString(k.Hash[:]),
		Prefix:        k.Prefix,
		Last4:         k.Last4,
		Enabled:       k.Enabled,
		ExpiresAt:     toMillis(k.ExpiresAt),
		CanLoginWebUI: k.CanLoginWebUI,
		CacheTTL:      fromCacheTTL(k.CacheTTL),
		limitColumns:  fromLimits(k.Limits),
	}
}

func (r *keyRow) key(groups []string) (domain.Key, error) {
	hash, err := hashFromHex(r.Hash)
	if err != nil {
		return domain.Key{}, fmt.Errorf("key %d: %w", r.ID, err)
	}
	return domain.Key{
		ID:            domain.KeyID(r.ID),
		Version:       r.Version,
		UserID:        domain.UserID(r.UserID),
		Name:          r.Name,
		Hash:          hash,
		Prefix:        r.Prefix,
		Last4:         r.Last4,
		Enabled:       r.Enabled,
		ExpiresAt:     fromMillis(r.ExpiresAt),
		CanLoginWebUI: r.CanLoginWebUI,
		CacheTTL:      toCacheTTL(r.CacheTTL),
		Limits:        r.limits(),
		Groups:        groups,
		CreatedAt:     fromMillis(r.CreatedAt),
		UpdatedAt:     fromMillis(r.UpdatedAt),
		LastUsedAt:    fromMillis(r.LastUsedAt),
	}, nil
}

func hashFromHex(text string) (sum [32]byte, err error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(sum) {
		return sum, fmt.Errorf("a stored hash is damaged: %d characters", len(text))
	}
	return [32]byte(b), nil
}

// Keys keeps API keys.
type Keys struct{ s *Store }

// List returns all keys by id.
func (r Keys) List(ctx context.Context) ([]domain.Key, error) {
	return selectKeys(ctx, r.s.main.read, everything)
}

// ListByUser returns a user's keys by id.
func (r Keys) ListByUser(ctx context.Context, user domain.UserID) ([]domain.Key, error) {
	return selectKeys(ctx, r.s.main.read, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("user_id = ?", int64(user))
	})
}

// Get finds a key.
func (r Keys) Get(ctx context.Context, id domain.KeyID) (domain.Key, error) {
	return oneKey(ctx, r.s.main.read, id)
}

func oneKey(ctx context.Context, db bun.IDB, id domain.KeyID) (domain.Key, error) {
	keys, err := selectKeys(ctx, db, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("id = ?", int64(id))
	})
	if err != nil {
		return domain.Key{}, err
	}
	if len(keys) == 0 {
		return domain.Key{}, domain.NotFound("key", id)
	}
	return keys[0], nil
}

func everything(q *bun.SelectQuery) *bun.SelectQuery { return q }

func selectKeys(ctx context.Context, db bun.IDB, which func(*bun.SelectQuery) *bun.SelectQuery) ([]domain.Key, error) {
	var rows []keyRow
	if err := db.NewSelect().Model(&rows).Where("deleted_at = 0").Apply(which).Order("id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	ids := make([]int64, 0, 16)
	if len(rows) <= cap(ids) { // a short list names its owners, a long one reads the whole table
		for i := range rows {
			ids = append(ids, rows[i].ID)
		}
	}
	groups, err := keyGroups().names(ctx, db, ids...)
	if err != nil {
		return nil, err
	}
	keys := make([]domain.Key, len(rows))
	for i := range rows {
		if keys[i], err = rows[i].key(groups[rows[i].ID]); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// Create adds a key to an existing user and returns it with its id and the new
// configuration version.
func (r Keys) Create(ctx context.Context, k domain.Key) (domain.Key, int64, error) {
	now := r.s.now()
	row := fromKey(k)
	row.ID, row.CreatedAt, row.UpdatedAt = 0, now.UnixMilli(), now.UnixMilli()
	var created domain.Key
	version, err := r.s.change(ctx, "key", func(tx bun.Tx) (int64, error) {
		live, err := tx.NewSelect().Model((*userRow)(nil)).
			Where("id = ?", row.UserID).Where("deleted_at = 0").Exists(ctx)
		if err != nil {
			return 0, err
		}
		if !live {
			return 0, domain.NotFound("user", k.UserID)
		}
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return 0, err
		}
		if err := keyGroups().replace(ctx, tx, row.ID, k.Groups, now); err != nil {
			return 0, err
		}
		created, err = oneKey(ctx, tx, domain.KeyID(row.ID))
		return row.ID, err
	})
	if err != nil {
		return domain.Key{}, 0, fmt.Errorf("create key: %w", err)
	}
	return created, version, nil
}

// Update replaces what may change of a key if it still has version ifVersion
// (0 = any): neither its owner nor its credential.
func (r Keys) Update(ctx context.Context, k domain.Key, ifVersion int) (domain.Key, int64, error) {
	now := r.s.now()
	row := fromKey(k)
	row.UpdatedAt = now.UnixMilli()
	var updated domain.Key
	version, err := r.s.change(ctx, "key", func(tx bun.Tx) (int64, error) {
		res, err := tx.NewUpdate().Model(&row).
			ExcludeColumn("id", "version", "user_id", "key_hash", "key_prefix", "key_last4",
				"last_used_at", "created_at", "deleted_at").
			Set("version = version + 1").
			WherePK().Where("deleted_at = 0").Where("(? = 0 OR version = ?)", ifVersion, ifVersion).
			Exec(ctx)
		if err := (versioned{tableKeys, "key", row.ID}).touched(ctx, tx, res, err); err != nil {
			return 0, err
		}
		if err := keyGroups().replace(ctx, tx, row.ID, k.Groups, now); err != nil {
			return 0, err
		}
		updated, err = oneKey(ctx, tx, k.ID)
		return row.ID, err
	})
	if err != nil {
		return domain.Key{}, 0, fmt.Errorf("update key: %w", err)
	}
	return updated, version, nil
}

// Delete removes a key and ends the web sessions that began with it.
func (r Keys) Delete(ctx context.Context, id domain.KeyID, ifVersion int) (int64, error) {
	now := r.s.now().UnixMilli()
	version, err := r.s.change(ctx, "key", func(tx bun.Tx) (int64, error) {
		res, err := tx.NewUpdate().Model((*keyRow)(nil)).
			Set("deleted_at = ?", now).Set("updated_at = ?", now).Set("version = version + 1").
			Where("id = ?", int64(id)).Where("deleted_at = 0").
			Where("(? = 0 OR version = ?)", ifVersion, ifVersion).
			Exec(ctx)
		if err := (versioned{tableKeys, "key", int64(id)}).touched(ctx, tx, res, err); err != nil {
			return 0, err
		}
		_, err = tx.NewRaw("UPDATE auth_sessions SET revoked_at = ? WHERE key_id = ? AND revoked_at IS NULL",
			now, int64(id)).Exec(ctx)
		if err != nil {
			return 0, fmt.Errorf("revoke the sessions of key %d: %w", id, err)
		}
		return int64(id), keyGroups().clear(ctx, tx, int64(id))
	})
	if err != nil {
		return 0, fmt.Errorf("delete key: %w", err)
	}
	return version, nil
}
