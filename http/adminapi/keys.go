package adminapi

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/secrets"
)

func (a *API) declareKeys() {
	tags := []string{"Keys"}
	operation(a, LevelUser, huma.Operation{
		OperationID: "listUserKeys", Method: http.MethodGet, Path: "/users/{id}/keys", Tags: tags, Summary: "List a user's keys",
	}, a.listKeys)
	operation(a, LevelUser, huma.Operation{
		OperationID: "createKey", Method: http.MethodPost, Path: "/users/{id}/keys", Tags: tags,
		Summary: "Create a key; its secret is shown this once", DefaultStatus: http.StatusCreated,
	}, a.createKey)
	operation(a, LevelUser, huma.Operation{
		OperationID: "getKey", Method: http.MethodGet, Path: "/keys/{id}", Tags: tags, Summary: "Read a key",
	}, a.getKey)
	operation(a, LevelUser, huma.Operation{
		OperationID: "updateKey", Method: http.MethodPatch, Path: "/keys/{id}", Tags: tags, Summary: "Change a key",
	}, a.updateKey)
	operation(a, LevelUser, huma.Operation{
		OperationID: "deleteKey", Method: http.MethodDelete, Path: "/keys/{id}", Tags: tags, Summary: "Delete a key",
		DefaultStatus: http.StatusNoContent,
	}, a.deleteKey)
	operation(a, LevelUser, huma.Operation{
		OperationID: "enableKey", Method: http.MethodPost, Path: "/keys/{id}/enable", Tags: tags, Summary: "Enable or disable a key",
	}, a.enableKey)
}

// KeyBody is a key as shown, without its credential.
type KeyBody struct {
	ID            int64      `json:"id"`
	Version       int        `json:"version"`
	UserID        int64      `json:"userId"`
	Name          string     `json:"name"`
	KeyPrefix     string     `json:"keyPrefix"     doc:"first characters of the credential"`
	KeyLast4      string     `json:"keyLast4"`
	IsEnabled     bool       `json:"isEnabled"`
	ExpiresAt     *time.Time `json:"expiresAt"`
	CanLoginWebUI bool       `json:"canLoginWebUi"`
	CacheTTL      string     `json:"cacheTtl"      enum:"inherit,5m,1h"`
	Groups        []string   `json:"groups"        doc:"empty = the user's"`
	LimitBody
	LastUsedAt *time.Time `json:"lastUsedAt"`
	CreatedAt  time.Time  `json:"createdAt"`
	UpdatedAt  time.Time  `json:"updatedAt"`
}

func showKey(k *domain.Key) KeyBody {
	return KeyBody{
		ID: int64(k.ID), Version: k.Version, UserID: int64(k.UserID), Name: k.Name,
		KeyPrefix: k.Prefix, KeyLast4: k.Last4, IsEnabled: k.Enabled, ExpiresAt: instant(k.ExpiresAt),
		CacheTTL:      string(cmp.Or(k.CacheTTL, domain.CacheInherit)),
		CanLoginWebUI: k.CanLoginWebUI, Groups: list(k.Groups), LimitBody: limitsOf(&k.Limits),
		LastUsedAt: instant(k.LastUsedAt), CreatedAt: k.CreatedAt.UTC(), UpdatedAt: k.UpdatedAt.UTC(),
	}
}

// KeyFields are what can be said about a key beside the name.
type KeyFields struct {
	IsEnabled     field[bool]      `json:"isEnabled,omitzero"`
	ExpiresAt     field[time.Time] `json:"expiresAt,omitzero"     doc:"null = never"`
	CanLoginWebUI field[bool]      `json:"canLoginWebUi,omitzero" doc:"administrators only"`
	CacheTTL      field[string]    `json:"cacheTtl,omitzero"      enum:"inherit,5m,1h" doc:"how long Claude keeps what requests mark to be cached; inherit = as the provider has it"`
	Groups        field[[]string]  `json:"groups,omitzero"        doc:"some of the user's; empty = all of them" maxItems:"100"`
	LimitFields
}

func (f *KeyFields) apply(k *domain.Key) faults {
	var wrong faults
	f.IsEnabled.to(&k.Enabled, true)
	f.ExpiresAt.to(&k.ExpiresAt, time.Time{})
	f.CanLoginWebUI.to(&k.CanLoginWebUI, false)
	cacheTTLTo(f.CacheTTL, &k.CacheTTL)
	if f.Groups.set {
		k.Groups = wrong.checkGroups(f.Groups.value)
	}
	f.LimitFields.apply(&k.Limits)
	return wrong
}

// cacheTTLTo writes a given lifetime, empty for inherit.
func cacheTTLTo(f field[string], t *domain.CacheTTL) {
	if named(f, t, ""); *t == domain.CacheInherit {
		*t = ""
	}
}

// checkKeyGroups holds a key's groups within its user's.
func (f *faults) checkKeyGroups(k *domain.Key, u *domain.User) {
	allowed := u.Groups
	if len(allowed) == 0 {
		allowed = []string{domain.DefaultGroup}
	}
	if slices.Contains(allowed, domain.GroupAll) {
		return
	}
	for i, g := range k.Groups {
		if !slices.Contains(allowed, g) {
			f.add("not_allowed", "is not a group of the user", "groups", i)
		}
	}
}

type userKeysInput struct {
	PageInput
	UserIDInput
}

func (a *API) listKeys(ctx context.Context, in *userKeysInput) (*listOutput[KeyBody], error) {
	if _, err := a.ownUser(ctx, in.ID); err != nil {
		return nil, err
	}
	keys, err := a.Stores.Keys.ListByUser(ctx, domain.UserID(in.ID))
	if err != nil {
		return nil, err
	}
	return pageOf(keys, in.PageInput, false, func(k *domain.Key) string { return idKey(k.ID) }, showKey)
}

// ownUser finds a user the caller may deal with. Somebody else's does not exist.
func (a *API) ownUser(ctx context.Context, id int64) (domain.User, error) {
	if !callerOf(ctx).owns(domain.UserID(id)) {
		return domain.User{}, domain.NotFound("user", id)
	}
	return a.Stores.Users.Get(ctx, domain.UserID(id))
}

// ownKey finds a key the caller may deal with.
func (a *API) ownKey(ctx context.Context, id int64) (domain.Key, error) {
	k, err := a.Stores.Keys.Get(ctx, domain.KeyID(id))
	if err == nil && !callerOf(ctx).owns(k.UserID) {
		return domain.Key{}, domain.NotFound("key", id)
	}
	return k, err
}

type createKeyInput struct {
	UserIDInput
	Body createKeyBody
}

type createKeyBody struct {
	Name string `json:"name" minLength:"1" maxLength:"64"`
	KeyFields
	Custom string `json:"key,omitempty" minLength:"24" maxLength:"128" pattern:"^[!-~]+$" writeOnly:"true" doc:"a credential of your own choice; administrators only"`
}

// createdKeyBody is the one answer that holds the credential.
type createdKeyBody struct {
	KeyBody
	Secret string `json:"secret" doc:"the credential; it cannot be shown again"`
}

func (a *API) createKey(ctx context.Context, in *createKeyInput) (*output[createdKeyBody], error) {
	u, err := a.ownUser(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	var wrong faults
	prepared := a.prepareKey(callerOf(ctx), &u, &in.Body, &wrong)
	if err := wrong.err(); err != nil {
		return nil, err
	}
	prepared.key.UserID = u.ID
	created, err := a.storeKey(ctx, prepared)
	if err != nil {
		return nil, err
	}
	return &output[createdKeyBody]{ETag: etag(created.Version), Body: *created}, nil
}

// newKey is a checked key with its credential, ready to be stored.
type newKey struct {
	key    domain.Key
	secret domain.Secret
}

func (a *API) prepareKey(c *caller, u *domain.User, in *createKeyBody, wrong *faults) *newKey {
	k := domain.Key{Name: in.Name, Enabled: true, Limits: defaultLimits()}
	*wrong = append(*wrong, in.apply(&k)...)
	wrong.checkName(&k.Name)
	wrong.checkKeyGroups(&k, u)
	wrong.checkKeyLimits(&k.Limits, &domain.Limits{}, &u.Limits)
	secret := secrets.NewKey()
	if in.Custom != "" {
		secret = domain.Secret(in.Custom)
	}
	if !c.admin() {
		wrong.checkWithin(&k.Limits, &u.Limits)
		wrong.checkAdminOnly(in.Custom != "", "key")
		wrong.checkAdminOnly(k.CanLoginWebUI, "canLoginWebUi")
		wrong.checkExpiry(k.ExpiresAt, u.ExpiresAt)
	}
	k.Hash = secrets.HashKey(secret.Reveal())
	k.Prefix, k.Last4 = secrets.KeyHint(secret)
	return &newKey{key: k, secret: secret}
}

func (f *faults) checkAdminOnly(used bool, name string) {
	if used {
		f.add("not_allowed", "is for administrators", name)
	}
}

// checkExpiry holds an expiry within a bound, where there is one.
func (f *faults) checkExpiry(at, bound time.Time) {
	if !bound.IsZero() && at.After(bound) {
		f.add("too_big", "is later than you may set", "expiresAt")
	}
}

func (a *API) storeKey(ctx context.Context, n *newKey) (*createdKeyBody, error) {
	created, version, err := a.Stores.Keys.Create(ctx, n.key)
	if err != nil {
		return nil, taken(err, "key")
	}
	a.settled(ctx, version)
	return &createdKeyBody{KeyBody: showKey(&created), Secret: n.secret.Reveal()}, nil
}

// KeyIDInput names a key in the path.
type KeyIDInput struct {
	ID int64 `path:"id" minimum:"1"`
}

func (a *API) getKey(ctx context.Context, in *KeyIDInput) (*output[KeyBody], error) {
	k, err := a.ownKey(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &output[KeyBody]{ETag: etag(k.Version), Body: showKey(&k)}, nil
}

type updateKeyInput struct {
	KeyIDInput
	VersionInput
	Body struct {
		Name field[string] `json:"name,omitzero" minLength:"1" maxLength:"64"`
		KeyFields
	}
}

func (a *API) updateKey(ctx context.Context, in *updateKeyInput) (*output[KeyBody], error) {
	return a.editKey(ctx, in.ID, in.VersionInput, func(k *domain.Key) error {
		before := *k
		wrong := in.Body.apply(k)
		if in.Body.Name.set {
			k.Name = in.Body.Name.value
			wrong.checkName(&k.Name)
		}
		u, err := a.Stores.Users.Get(ctx, k.UserID)
		if err != nil {
			return err
		}
		if in.Body.Groups.set {
			wrong.checkKeyGroups(k, &u)
		}
		wrong.checkKeyLimits(&k.Limits, &before.Limits, &u.Limits)
		if !callerOf(ctx).admin() {
			wrong.checkOwnKeyEdit(k, &before, &u)
		}
		return wrong.err()
	})
}

// checkOwnKeyEdit holds users to what they may change of their own keys: limits
// only downwards, and never beyond what an administrator set.
func (f *faults) checkOwnKeyEdit(k, before *domain.Key, u *domain.User) {
	f.checkAdminOnly(k.CanLoginWebUI != before.CanLoginWebUI, "canLoginWebUi")
	f.checkWithin(&k.Limits, &u.Limits)
	f.checkLowered(&k.Limits, &before.Limits)
	f.checkExpiry(k.ExpiresAt, u.ExpiresAt)
	if !before.ExpiresAt.IsZero() && (k.ExpiresAt.IsZero() || k.ExpiresAt.After(before.ExpiresAt)) {
		f.add("too_big", "may only be moved closer", "expiresAt")
	}
	if len(before.Groups) > 0 {
		wider := func(g string) bool { return !slices.Contains(before.Groups, g) }
		if len(k.Groups) == 0 || slices.ContainsFunc(k.Groups, wider) {
			f.add("not_allowed", "may only become fewer", "groups")
		}
	}
}

// editKey changes a key the caller owns, unless that leaves its user without
// an enabled one.
func (a *API) editKey(ctx context.Context, id int64, v VersionInput, apply func(*domain.Key) error) (*output[KeyBody], error) {
	e := edit[domain.KeyID, domain.Key, KeyBody]{
		repo:    a.Stores.Keys,
		version: func(k *domain.Key) int { return k.Version },
		show:    showKey,
		apply: func(ctx context.Context, k *domain.Key) error {
			wasEnabled := k.Enabled
			if err := apply(k); err != nil {
				return err
			}
			if wasEnabled && !k.Enabled {
				return a.checkNotLast(ctx, k)
			}
			return nil
		},
	}
	if _, err := a.ownKey(ctx, id); err != nil {
		return nil, err
	}
	return e.run(ctx, a, domain.KeyID(id), v)
}

// checkNotLast refuses to take a user's last enabled key out of use: whoever
// means to shut a user out disables the user.
func (a *API) checkNotLast(ctx context.Context, k *domain.Key) error {
	keys, err := a.Stores.Keys.ListByUser(ctx, k.UserID)
	if err != nil {
		return err
	}
	other := func(o domain.Key) bool { return o.Enabled && o.ID != k.ID }
	if slices.ContainsFunc(keys, other) {
		return nil
	}
	return problem.New(http.StatusConflict, "key.last_enabled",
		"This is the user's last enabled key. Disable the user, or create another key first.")
}

type deleteKeyInput struct {
	KeyIDInput
	VersionInput
}

// deleteKey deletes a key. Users keep at least one enabled key of their own;
// administrators may delete any.
func (a *API) deleteKey(ctx context.Context, in *deleteKeyInput) (*struct{}, error) {
	k, err := a.ownKey(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if k.Enabled && !callerOf(ctx).admin() {
		if err := a.checkNotLast(ctx, &k); err != nil {
			return nil, err
		}
	}
	return remove[domain.KeyID, domain.Key](ctx, a, a.Stores.Keys, k.ID, in.VersionInput)
}

type enableKeyInput struct {
	KeyIDInput
	Body enableBody
}

func (a *API) enableKey(ctx context.Context, in *enableKeyInput) (*output[KeyBody], error) {
	return a.editKey(ctx, in.ID, VersionInput{}, func(k *domain.Key) error {
		k.Enabled = in.Body.Enabled
		return nil
	})
}
