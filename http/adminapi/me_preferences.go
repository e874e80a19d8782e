package adminapi

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
)

// maxPreferenceBody leaves room for how a client writes a value.
const maxPreferenceBody = 4 * domain.MaxPreferenceBytes

func (a *API) declarePreferences() {
	about := "What a dashboard remembers of somebody: columns, saved views, steps that were dismissed. Those who use the admin token share theirs."
	operation(a, LevelSelf, huma.Operation{
		OperationID: "listPreferences", Method: http.MethodGet, Path: "/me/preferences", Tags: meTags(),
		Summary: "Read all of one's own preferences", Description: about,
	}, a.listPreferences)
	operation(a, LevelSelf, huma.Operation{
		OperationID: "getPreference", Method: http.MethodGet, Path: "/me/preferences/{name}", Tags: meTags(),
		Summary: "Read one of one's own preferences", Description: about,
	}, a.getPreference)
	operation(a, LevelSelf, huma.Operation{
		OperationID: "putPreference", Method: http.MethodPut, Path: "/me/preferences/{name}", Tags: meTags(),
		Summary:      "Set one of one's own preferences; null forgets it",
		Description:  about + " At most 64 names, each with a value of at most 16 KiB.",
		MaxBodyBytes: maxPreferenceBody,
	}, a.putPreference)
}

type preferencesOutput struct {
	Body struct {
		Preferences map[string]json.RawMessage `json:"preferences" doc:"values by name"`
	}
}

func (a *API) listPreferences(ctx context.Context, _ *struct{}) (*preferencesOutput, error) {
	all, err := a.Stores.Preferences.List(ctx, callerOf(ctx).userID())
	if err != nil {
		return nil, err
	}
	out := &preferencesOutput{}
	out.Body.Preferences = make(map[string]json.RawMessage, len(all))
	for _, p := range all {
		out.Body.Preferences[p.Name] = json.RawMessage(p.Value)
	}
	return out, nil
}

// PreferenceNameInput names a preference in the path.
type PreferenceNameInput struct {
	Name string `path:"name" pattern:"^[a-z0-9._-]{1,64}$" minLength:"1" maxLength:"64"`
}

type preferenceBody struct {
	Name      string          `json:"name"`
	Value     json.RawMessage `json:"value"     doc:"any JSON; null = there is none"`
	UpdatedAt *time.Time      `json:"updatedAt"`
}

type preferenceOutput struct{ Body preferenceBody }

func (a *API) getPreference(ctx context.Context, in *PreferenceNameInput) (*preferenceOutput, error) {
	p, err := a.Stores.Preferences.Get(ctx, callerOf(ctx).userID(), in.Name)
	if err != nil {
		return nil, err
	}
	return showPreference(p), nil
}

func showPreference(p domain.Preference) *preferenceOutput {
	return &preferenceOutput{Body: preferenceBody{Name: p.Name, Value: json.RawMessage(p.Value), UpdatedAt: instant(p.UpdatedAt)}}
}

type putPreferenceInput struct {
	PreferenceNameInput
	Body struct {
		Value json.RawMessage `json:"value" doc:"any JSON of at most 16 KiB; null forgets the preference"`
	}
}

func (a *API) putPreference(ctx context.Context, in *putPreferenceInput) (*preferenceOutput, error) {
	user := callerOf(ctx).userID()
	value, err := preferenceValue(in.Body.Value)
	if err != nil {
		return nil, err
	}
	p := domain.Preference{Name: in.Name, Value: value}
	if value == "null" {
		return showPreference(p), a.Stores.Preferences.Delete(ctx, user, in.Name)
	}
	if p, err = a.Stores.Preferences.Put(ctx, user, p); err != nil {
		return nil, err
	}
	return showPreference(p), nil
}

// preferenceValue is a value as it is kept: without blanks that say nothing.
func preferenceValue(given json.RawMessage) (string, error) {
	var wrong faults
	var compact bytes.Buffer
	switch err := json.Compact(&compact, given); {
	case err != nil || !utf8.Valid(compact.Bytes()):
		wrong.add("invalid_format", "is no JSON in UTF-8", "value")
	case compact.Len() > domain.MaxPreferenceBytes:
		wrong.add("too_big", "at most 16 KiB", "value")
	}
	return compact.String(), wrong.err()
}
