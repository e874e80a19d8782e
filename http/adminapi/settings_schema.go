package adminapi

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
)

func (a *API) declareSettingsSchema() {
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "settingsSchema", Method: http.MethodGet, Path: "/settings/schema", Tags: []string{"Settings"},
		Summary: "Describe every setting: type, bounds, choices and default, as writes are checked by",
	}, a.settingsSchema)
}

// settingSchema describes one setting, in the terms of JSON Schema.
type settingSchema struct {
	Name        string   `json:"name"`
	Type        string   `json:"type"                  enum:"boolean,integer,number,string,array,object"`
	Nullable    bool     `json:"nullable"              doc:"null sets it back to its default"`
	Enum        []any    `json:"enum,omitempty"`
	Minimum     *float64 `json:"minimum,omitempty"`
	Maximum     *float64 `json:"maximum,omitempty"`
	MinLength   *int     `json:"minLength,omitempty"`
	MaxLength   *int     `json:"maxLength,omitempty"`
	MaxItems    *int     `json:"maxItems,omitempty"`
	Description string   `json:"description,omitempty"`
	Default     any      `json:"default"`
}

type settingsSchemaOutput struct {
	Body struct {
		Items []settingSchema `json:"items" doc:"in the order of names"`
	}
}

func (a *API) settingsSchema(context.Context, *struct{}) (*settingsSchemaOutput, error) {
	defaults, err := defaultSettings()
	if err != nil {
		return nil, err
	}
	schemas := a.huma.OpenAPI().Components.Schemas
	fields := schemas.SchemaFromRef(schemas.Schema(reflect.TypeFor[settingsFields](), true, "").Ref)
	out := &settingsSchemaOutput{}
	for name, s := range fields.Properties {
		out.Body.Items = append(out.Body.Items, settingSchema{
			Name: name, Type: s.Type, Nullable: s.Nullable, Enum: s.Enum, Minimum: s.Minimum, Maximum: s.Maximum,
			MinLength: s.MinLength, MaxLength: s.MaxLength, MaxItems: s.MaxItems, Description: s.Description, Default: defaults[name],
		})
	}
	slices.SortFunc(out.Body.Items, func(a, b settingSchema) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// defaultSettings are the defaults by the names of the API.
func defaultSettings() (byName map[string]any, err error) {
	s := domain.DefaultSettings()
	text, err := json.Marshal(showSettings(&s))
	if err != nil {
		return nil, err
	}
	return byName, json.Unmarshal(text, &byName)
}
