package adminapi

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/http/problem"
)

func (a *API) declareAliases() {
	tags := []string{"Model prices"}
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "listModelAliases", Method: http.MethodGet, Path: "/model-aliases", Tags: tags,
		Summary: "List the other names of models that were added here",
	}, a.listAliases)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "putModelAlias", Method: http.MethodPut, Path: "/model-aliases/{alias}", Tags: tags,
		Summary: "Bill a name as a model of the price list",
	}, a.putAlias)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "deleteModelAlias", Method: http.MethodDelete, Path: "/model-aliases/{alias}", Tags: tags,
		Summary: "Forget a name", DefaultStatus: http.StatusNoContent,
	}, a.deleteAlias)
}

type aliasBody struct {
	Alias string `json:"alias"`
	Model string `json:"model"`
}

type aliasListOutput struct {
	Body struct {
		Items []aliasBody `json:"items"`
	}
}

func (a *API) listAliases(context.Context, *struct{}) (*aliasListOutput, error) {
	out := &aliasListOutput{}
	out.Body.Items = []aliasBody{}
	for alias, model := range a.Catalog.Current().Aliases() {
		out.Body.Items = append(out.Body.Items, aliasBody{Alias: alias, Model: model})
	}
	slices.SortFunc(out.Body.Items, func(a, b aliasBody) int { return strings.Compare(a.Alias, b.Alias) })
	return out, nil
}

// AliasInput names an alias in the path.
type AliasInput struct {
	Alias string `path:"alias" minLength:"1" maxLength:"200" doc:"a slash in it is written as %2F"`
}

type putAliasInput struct {
	AliasInput
	Body struct {
		Model string `json:"model" minLength:"1" maxLength:"200" doc:"of the price list"`
	}
}

type aliasOutput struct{ Body aliasBody }

func (a *API) putAlias(ctx context.Context, in *putAliasInput) (*aliasOutput, error) {
	switch prices := a.prices(); {
	case prices.Row(in.Body.Model) == nil:
		return nil, problem.Invalid(problem.InvalidParam{Path: []any{"model"}, Code: "invalid_choice", Message: "has no price"})
	case prices.Row(in.Alias) != nil:
		return nil, problem.Invalid(problem.InvalidParam{Path: []any{"alias"}, Code: "taken", Message: "is a model with a price of its own"})
	}
	version, err := a.Stores.Prices.PutAlias(ctx, in.Alias, in.Body.Model)
	if err != nil {
		return nil, err
	}
	a.settled(ctx, version)
	return &aliasOutput{Body: aliasBody{Alias: in.Alias, Model: in.Body.Model}}, nil
}

func (a *API) deleteAlias(ctx context.Context, in *AliasInput) (*struct{}, error) {
	version, err := a.Stores.Prices.EndAlias(ctx, in.Alias)
	if err != nil {
		return nil, err
	}
	a.settled(ctx, version)
	return nil, nil
}
