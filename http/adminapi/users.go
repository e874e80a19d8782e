package adminapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
)

func (a *API) declareUsers() {
	tags := []string{"Users"}
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "listUsers", Method: http.MethodGet, Path: "/users", Tags: tags, Summary: "List users",
	}, a.listUsers)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "createUser", Method: http.MethodPost, Path: "/users", Tags: tags, Summary: "Create a user, with a first key if asked",
		DefaultStatus: http.StatusCreated,
	}, a.createUser)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "getUser", Method: http.MethodGet, Path: "/users/{id}", Tags: tags, Summary: "Read a user",
	}, a.getUser)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "updateUser", Method: http.MethodPatch, Path: "/users/{id}", Tags: tags, Summary: "Change a user",
	}, a.updateUser)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "deleteUser", Method: http.MethodDelete, Path: "/users/{id}", Tags: tags,
		Summary: "Delete a user with its keys and web sessions", DefaultStatus: http.StatusNoContent,
	}, a.deleteUser)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "enableUser", Method: http.MethodPost, Path: "/users/{id}/enable", Tags: tags, Summary: "Enable or disable a user",
	}, a.enableUser)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "renewUser", Method: http.MethodPost, Path: "/users/{id}/renew", Tags: tags, Summary: "Move a user's expiry",
	}, a.renewUser)
}

type userBody struct {
	ID             int64      `json:"id"`
	Version        int        `json:"version"`
	Name           string     `json:"name"`
	Description    *string    `json:"description"`
	Role           string     `json:"role"          enum:"admin,user"`
	IsEnabled      bool       `json:"isEnabled"`
	ExpiresAt      *time.Time `json:"expiresAt"`
	Groups         []string   `json:"groups"`
	AllowedModels  []string   `json:"allowedModels"`
	CostMultiplier float64    `json:"costMultiplier"`
	LimitBody
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	Keys      []KeyBody `json:"keys,omitempty" doc:"with include=keys"`
}

func showUser(u *domain.User) userBody {
	return userBody{
		ID: int64(u.ID), Version: u.Version, Name: u.Name, Description: optional(u.Description),
		Role: string(u.Role), IsEnabled: u.Enabled, ExpiresAt: instant(u.ExpiresAt),
		Groups: list(u.Groups), AllowedModels: list(u.AllowedModels), CostMultiplier: u.CostMultiplier.Float(), LimitBody: limitsOf(&u.Limits),
		CreatedAt: u.CreatedAt.UTC(), UpdatedAt: u.UpdatedAt.UTC(),
	}
}

// list shows an empty list as [], never as null.
func list[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}

// UserFields are what can be said about a user beside the name.
type UserFields struct {
	Description    field[string]    `json:"description,omitzero"   maxLength:"200"`
	Role           field[string]    `json:"role,omitzero"          enum:"admin,user"`
	IsEnabled      field[bool]      `json:"isEnabled,omitzero"`
	ExpiresAt      field[time.Time] `json:"expiresAt,omitzero"     doc:"null = never"`
	Groups         field[[]string]  `json:"groups,omitzero"        maxItems:"100" doc:"in order; the order decides the cost multiplier"`
	AllowedModels  field[[]string]  `json:"allowedModels,omitzero" maxItems:"500" doc:"empty = any"`
	CostMultiplier field[float64]   `json:"costMultiplier,omitzero" minimum:"0" maximum:"10000" doc:"the last factor of what requests are charged"`
	LimitFields
}

func (f *UserFields) apply(u *domain.User) faults {
	var wrong faults
	f.Description.to(&u.Description, "")
	named(f.Role, &u.Role, domain.RoleUser)
	f.IsEnabled.to(&u.Enabled, true)
	f.ExpiresAt.to(&u.ExpiresAt, time.Time{})
	if f.Groups.set {
		u.Groups = wrong.checkGroups(f.Groups.value)
	}
	f.AllowedModels.to(&u.AllowedModels, nil)
	multiplierTo(f.CostMultiplier, &u.CostMultiplier)
	f.LimitFields.apply(&u.Limits)
	return wrong
}

type userListInput struct {
	PageInput
	Query   string   `query:"q"       maxLength:"64"                                     doc:"part of the name or description"`
	Groups  []string `query:"groups"  maxItems:"20"                                      doc:"in any of these groups"`
	Status  string   `query:"status"  enum:"active,expired,expiringSoon,enabled,disabled"`
	SortBy  string   `query:"sortBy"  enum:"id,name,expiresAt"                           default:"id"`
	Order   string   `query:"order"   enum:"asc,desc"                                    default:"asc"`
	Include []string `query:"include" enum:"keys"`
}

func (a *API) listUsers(ctx context.Context, in *userListInput) (*listOutput[userBody], error) {
	users, err := a.Stores.Users.List(ctx)
	if err != nil {
		return nil, err
	}
	now := a.Now()
	users = slices.DeleteFunc(users, func(u domain.User) bool { return !in.matches(&u, now) })
	keyOf := func(u *domain.User) string { return sortKey(in.SortBy, u) }
	out, err := pageOf(users, in.PageInput, in.Order == "desc", keyOf, showUser)
	if err != nil || !slices.Contains(in.Include, "keys") {
		return out, err
	}
	for i := range out.Body.Items {
		u := &out.Body.Items[i]
		keys, err := a.Stores.Keys.ListByUser(ctx, domain.UserID(u.ID))
		if err != nil {
			return nil, err
		}
		u.Keys = []KeyBody{}
		for j := range keys {
			u.Keys = append(u.Keys, showKey(&keys[j]))
		}
	}
	return out, nil
}

// expiringSoon is how close an expiry must be to be listed as such.
const expiringSoon = 7 * 24 * time.Hour

func (in *userListInput) matches(u *domain.User, now time.Time) bool {
	if q := strings.ToLower(in.Query); q != "" &&
		!strings.Contains(strings.ToLower(u.Name), q) && !strings.Contains(strings.ToLower(u.Description), q) {
		return false
	}
	inGroup := func(g string) bool { return slices.Contains(u.Groups, g) }
	if len(in.Groups) > 0 && !slices.ContainsFunc(in.Groups, inGroup) {
		return false
	}
	expired := !u.ExpiresAt.IsZero() && !now.Before(u.ExpiresAt)
	switch in.Status {
	case "active":
		return u.Enabled && !expired
	case "expired":
		return expired
	case "expiringSoon":
		return !expired && !u.ExpiresAt.IsZero() && u.ExpiresAt.Before(now.Add(expiringSoon))
	case "enabled":
		return u.Enabled
	case "disabled":
		return !u.Enabled
	}
	return true
}

// sortKey is unique and sorts as text; who never expires comes last.
func sortKey(by string, u *domain.User) string {
	id := idKey(u.ID)
	switch by {
	case "name":
		return strings.ToLower(u.Name) + "\x00" + id
	case "expiresAt":
		if u.ExpiresAt.IsZero() {
			return "~" + id
		}
		return u.ExpiresAt.UTC().Format(time.RFC3339) + id
	}
	return id
}

// idKey is an id as text that sorts as the number does.
func idKey[ID ~int64](id ID) string { return fmt.Sprintf("%019d", id) }

type createUserInput struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"64"`
		UserFields
		Key *createKeyBody `json:"key,omitempty" doc:"a first key to create along"`
	}
}

type createUserBody struct {
	User userBody        `json:"user"`
	Key  *createdKeyBody `json:"key,omitempty"`
}

func (a *API) createUser(ctx context.Context, in *createUserInput) (*output[createUserBody], error) {
	u := domain.User{Name: in.Body.Name, Role: domain.RoleUser, Enabled: true, Limits: defaultLimits(), CostMultiplier: domain.MultiplierOne}
	wrong := in.Body.apply(&u)
	wrong.checkName(&u.Name)
	if len(u.Groups) == 0 {
		u.Groups = []string{domain.DefaultGroup}
	}
	var first *newKey
	if in.Body.Key != nil {
		first = a.prepareKey(callerOf(ctx), &u, in.Body.Key, &wrong)
	}
	if err := wrong.err(); err != nil {
		return nil, err
	}
	created, version, err := a.Stores.Users.Create(ctx, u)
	if err != nil {
		return nil, taken(err, "name")
	}
	out := &output[createUserBody]{ETag: etag(created.Version), Body: createUserBody{User: showUser(&created)}}
	if first != nil {
		first.key.UserID = created.ID
		key, err := a.storeKey(ctx, first)
		if err != nil { // nothing half written
			_, undo := a.Stores.Users.Delete(context.WithoutCancel(ctx), created.ID, 0)
			if undo != nil {
				a.Logger.ErrorContext(ctx, "user without its first key left behind", "user_id", created.ID, "error", undo)
			}
			return nil, err
		}
		out.Body.Key = key
	}
	a.settled(ctx, version)
	return out, nil
}

// UserIDInput names a user in the path.
type UserIDInput struct {
	ID int64 `path:"id" minimum:"1"`
}

func (a *API) getUser(ctx context.Context, in *UserIDInput) (*output[userBody], error) {
	u, err := a.Stores.Users.Get(ctx, domain.UserID(in.ID))
	if err != nil {
		return nil, err
	}
	return &output[userBody]{ETag: etag(u.Version), Body: showUser(&u)}, nil
}

type updateUserInput struct {
	UserIDInput
	VersionInput
	Body struct {
		Name field[string] `json:"name,omitzero" minLength:"1" maxLength:"64"`
		UserFields
	}
}

func (a *API) updateUser(ctx context.Context, in *updateUserInput) (*output[userBody], error) {
	return a.editUser(ctx, in.ID, in.VersionInput, func(u *domain.User) error {
		wrong := in.Body.apply(u)
		if in.Body.Name.set {
			u.Name = in.Body.Name.value
			wrong.checkName(&u.Name)
		}
		return wrong.err()
	})
}

func (a *API) editUser(ctx context.Context, id int64, v VersionInput, apply func(*domain.User) error) (*output[userBody], error) {
	e := edit[domain.UserID, domain.User, userBody]{
		repo:    a.Stores.Users,
		version: func(u *domain.User) int { return u.Version },
		show:    showUser,
		apply:   func(_ context.Context, u *domain.User) error { return apply(u) },
	}
	out, err := e.run(ctx, a, domain.UserID(id), v)
	return out, taken(err, "name")
}

type deleteUserInput struct {
	UserIDInput
	VersionInput
}

func (a *API) deleteUser(ctx context.Context, in *deleteUserInput) (*struct{}, error) {
	return remove(ctx, a, a.Stores.Users, domain.UserID(in.ID), in.VersionInput)
}

type enableUserInput struct {
	UserIDInput
	Body enableBody
}

type enableBody struct {
	Enabled bool `json:"enabled"`
}

func (a *API) enableUser(ctx context.Context, in *enableUserInput) (*output[userBody], error) {
	return a.editUser(ctx, in.ID, VersionInput{}, func(u *domain.User) error {
		u.Enabled = in.Body.Enabled
		return nil
	})
}

type renewUserInput struct {
	UserIDInput
	Body struct {
		ExpiresAt field[time.Time] `json:"expiresAt"        doc:"null = never"`
		Enable    bool             `json:"enable,omitempty" doc:"also enable the user"`
	}
}

func (a *API) renewUser(ctx context.Context, in *renewUserInput) (*output[userBody], error) {
	now := a.Now()
	if in.Body.ExpiresAt.given() && !in.Body.ExpiresAt.value.After(now) {
		return nil, problem.Invalid(problem.InvalidParam{Path: []any{"expiresAt"}, Code: "too_small", Message: "is in the past"})
	}
	return a.editUser(ctx, in.ID, VersionInput{}, func(u *domain.User) error {
		in.Body.ExpiresAt.to(&u.ExpiresAt, time.Time{})
		u.Enabled = u.Enabled || in.Body.Enable
		return nil
	})
}
