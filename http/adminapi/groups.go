package adminapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
)

func (a *API) declareGroups() {
	tags := []string{"Provider groups"}
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "listGroups", Method: http.MethodGet, Path: "/provider-groups", Tags: tags, Summary: "List provider groups",
	}, a.listGroups)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "createGroup", Method: http.MethodPost, Path: "/provider-groups", Tags: tags, Summary: "Create a provider group",
		DefaultStatus: http.StatusCreated,
	}, a.createGroup)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "getGroup", Method: http.MethodGet, Path: "/provider-groups/{id}", Tags: tags, Summary: "Read a provider group",
	}, a.getGroup)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "updateGroup", Method: http.MethodPatch, Path: "/provider-groups/{id}", Tags: tags, Summary: "Change a provider group",
	}, a.updateGroup)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "deleteGroup", Method: http.MethodDelete, Path: "/provider-groups/{id}", Tags: tags,
		Summary: "Delete a provider group that nobody uses", DefaultStatus: http.StatusNoContent,
	}, a.deleteGroup)
}

type groupBody struct {
	ID             int64   `json:"id"`
	Version        int     `json:"version"`
	Name           string  `json:"name"`
	CostMultiplier float64 `json:"costMultiplier"`
	Description    *string `json:"description"`
}

func showGroup(g *domain.Group) groupBody {
	return groupBody{
		ID: int64(g.ID), Version: g.Version, Name: g.Name, CostMultiplier: g.CostMultiplier.Float(),
		Description: optional(g.Description),
	}
}

// GroupFields are what can be said about a group beside the name.
type GroupFields struct {
	CostMultiplier field[float64] `json:"costMultiplier,omitzero" minimum:"0"     maximum:"10000"`
	Description    field[string]  `json:"description,omitzero"    maxLength:"200"`
}

func (f *GroupFields) apply(g *domain.Group) {
	f.Description.to(&g.Description, "")
	multiplierTo(f.CostMultiplier, &g.CostMultiplier)
}

type groupListInput struct {
	PageInput
	Query string `query:"q" maxLength:"200"`
}

func (a *API) listGroups(ctx context.Context, in *groupListInput) (*listOutput[groupBody], error) {
	groups, err := a.Stores.Groups.List(ctx)
	if err != nil {
		return nil, err
	}
	var match []domain.Group
	for _, g := range groups {
		if strings.Contains(strings.ToLower(g.Name), strings.ToLower(in.Query)) {
			match = append(match, g)
		}
	}
	return pageOf(match, in.PageInput, false, func(g *domain.Group) string { return idKey(g.ID) }, showGroup)
}

type createGroupInput struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"200"`
		GroupFields
	}
}

func (a *API) createGroup(ctx context.Context, in *createGroupInput) (*output[groupBody], error) {
	g := domain.Group{Name: in.Body.Name, CostMultiplier: domain.MultiplierOne}
	in.Body.apply(&g)
	var wrong faults
	wrong.checkName(&g.Name)
	if err := wrong.err(); err != nil {
		return nil, err
	}
	created, version, err := a.Stores.Groups.Create(ctx, g)
	if err != nil {
		return nil, taken(err, "name")
	}
	a.settled(ctx, version)
	return &output[groupBody]{ETag: etag(created.Version), Body: showGroup(&created)}, nil
}

// GroupIDInput names a group in the path.
type GroupIDInput struct {
	ID int64 `path:"id" minimum:"1"`
}

func (a *API) getGroup(ctx context.Context, in *GroupIDInput) (*output[groupBody], error) {
	g, err := a.Stores.Groups.Get(ctx, domain.GroupID(in.ID))
	if err != nil {
		return nil, err
	}
	return &output[groupBody]{ETag: etag(g.Version), Body: showGroup(&g)}, nil
}

type updateGroupInput struct {
	GroupIDInput
	VersionInput
	Body struct {
		Name field[string] `json:"name,omitzero" minLength:"1" maxLength:"200"`
		GroupFields
	}
}

func (a *API) updateGroup(ctx context.Context, in *updateGroupInput) (*output[groupBody], error) {
	e := edit[domain.GroupID, domain.Group, groupBody]{
		repo:    a.Stores.Groups,
		version: func(g *domain.Group) int { return g.Version },
		show:    showGroup,
		apply: func(_ context.Context, g *domain.Group) error {
			var wrong faults
			in.Body.apply(g)
			if in.Body.Name.set {
				g.Name = in.Body.Name.value
				wrong.checkName(&g.Name)
			}
			return wrong.err()
		},
	}
	out, err := e.run(ctx, a, domain.GroupID(in.ID), in.VersionInput)
	return out, taken(err, "name")
}

type deleteGroupInput struct {
	GroupIDInput
	VersionInput
}

func (a *API) deleteGroup(ctx context.Context, in *deleteGroupInput) (*struct{}, error) {
	return remove(ctx, a, a.Stores.Groups, domain.GroupID(in.ID), in.VersionInput)
}
