package adminapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

func (a *API) declareMyModels() {
	operation(a, LevelSelf, huma.Operation{
		OperationID: "myModels", Method: http.MethodGet, Path: "/me/models", Tags: meTags(),
		Summary:     "Models that the calling key may use, as /v1/models lists them to it",
		Description: "Upstreams that do not name their models in time are left out. " + aboutMe,
	}, a.myModels)
}

type myModelBody struct {
	ID        string   `json:"id"`
	Protocols []string `json:"protocols" doc:"by which it may be asked for: claude, chat, responses, gemini, gemini-cli"`
}

type myModelsOutput struct {
	Body struct {
		Items []myModelBody `json:"items" doc:"by name"`
	}
}

func (a *API) myModels(ctx context.Context, _ *struct{}) (*myModelsOutput, error) {
	c, err := userOf(ctx)
	if err != nil {
		return nil, err
	}
	out := &myModelsOutput{}
	out.Body.Items = []myModelBody{}
	for _, m := range a.Models.Usable(ctx, c.key, c.user) {
		b := myModelBody{ID: m.Name, Protocols: make([]string, len(m.Protocols))}
		for i, p := range m.Protocols {
			b.Protocols[i] = string(p)
		}
		out.Body.Items = append(out.Body.Items, b)
	}
	return out, nil
}
