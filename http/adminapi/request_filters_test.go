package adminapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

type filterAnswer struct {
	ID          int64
	Version     int
	Name        string
	IsEnabled   bool
	Priority    int
	Binding     string
	ProviderIDs []int64
	GroupIDs    []int64
	Phase, Mode string
	Scope       *string
	Action      *string
	MatchType   *string
	Target      *string
	Replacement json.RawMessage
	Operations  []domain.FilterOperation
}

const filtersPath = "/api/v1/request-filters"

func TestRequestFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	provider := w.addProvider("p", nil)
	var f filterAnswer
	w.admin(http.MethodPost, filtersPath, `{"name":" mask ","scope":"body","action":"text_replace","matchType":"regex","target":"sk-\\w+","replacement":"***"}`).into(t, http.StatusCreated, &f)
	require.Equal(t, "mask", f.Name)
	require.True(t, f.IsEnabled)
	require.Equal(t, [3]string{"global", "guard", "simple"}, [3]string{f.Binding, f.Phase, f.Mode})
	require.JSONEq(t, `"***"`, string(f.Replacement))
	require.NotNil(t, f.ProviderIDs)
	require.NotNil(t, f.Operations)
	require.Len(t, w.catalog.Current().Filters(), 1, "the node knows it at once")

	one := fmt.Sprintf("%s/%d", filtersPath, f.ID)
	w.admin(http.MethodPatch, one, fmt.Sprintf(`{"binding":"providers","providerIds":[%d],"priority":-2,"isEnabled":false}`, provider)).into(t, http.StatusOK, &f)
	require.Equal(t, []int64{provider}, f.ProviderIDs)
	require.Equal(t, -2, f.Priority)
	require.Equal(t, "text_replace", *f.Action, "the rest stays")
	w.admin(http.MethodPatch, one, `{"action":"json_path","target":"a.b","matchType":null,"replacement":null}`).into(t, http.StatusOK, &f)
	require.Equal(t, "null", string(f.Replacement))
	require.Nil(t, f.MatchType)
	w.admin(http.MethodPatch, one, map[string]any{
		"mode": "advanced", "scope": nil, "action": nil, "target": nil, "replacement": nil,
		"operations": []any{map[string]any{"op": "merge", "path": "metadata", "value": map[string]any{"a": nil}}},
	}).into(t, http.StatusOK, &f)
	require.Nil(t, f.Scope)
	require.JSONEq(t, `{"a":null}`, string(f.Operations[0].Value))

	var all struct{ Items []filterAnswer }
	w.admin(http.MethodGet, filtersPath, nil).into(t, http.StatusOK, &all)
	require.Len(t, all.Items, 1)
	require.Equal(t, http.StatusNoContent, w.admin(http.MethodDelete, fmt.Sprintf("/api/v1/providers/%d", provider), nil).status)
	w.admin(http.MethodPatch, one, `{"name":"left"}`).into(t, http.StatusOK, &f)
	require.Equal(t, http.StatusNoContent, w.admin(http.MethodDelete, one, nil).status)
	w.admin(http.MethodGet, one, nil).refused(t, http.StatusNotFound, "resource.not_found")
	require.Empty(t, w.catalog.Current().Filters())
}

func TestRequestFiltersNameEveryBadField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for body, want := range map[string]map[string]string{
		`{}`:            {"name": "required"},
		`{"name":"  "}`: {"name": "too_short"},
		`{"name":"x"}`:  {"scope": "invalid_choice"},
		`{"name":"x","phase":"later","mode":"odd","scope":"query","action":"add","binding":"users","matchType":"glob"}`: {
			"phase": "invalid_choice", "mode": "invalid_choice", "scope": "invalid_choice", "action": "invalid_choice", "binding": "invalid_choice", "matchType": "invalid_choice",
		},
		`{"name":"x","scope":"header","action":"set","target":"Host","replacement":"a"}`:                           {"target": "not_allowed"},
		`{"name":"x","scope":"header","action":"set","target":"a","replacement":{"b":1}}`:                          {"replacement": "invalid_format"},
		`{"name":"x","scope":"body","action":"text_replace","matchType":"regex","target":"(?!a)","replacement":1}`: {"target": "invalid_format", "replacement": "invalid_type"},
		`{"name":"x","scope":"body","action":"json_path","target":"a..b"}`:                                         {"target": "invalid_format", "replacement": "required"},
		`{"name":"x","mode":"advanced","operations":[{"op":"insert","path":"a","value":1,"position":"after"},{"op":"set","path":"b"}]}`: {
			"operations.0.anchor": "required", "operations.1.value": "required",
		},
		`{"name":"x","mode":"advanced","operations":[{"op":"set","path":"b","value":1,"colour":"red"}]}`:                         {"operations.0.colour": "unknown_field"},
		`{"name":"x","scope":"body","action":"json_path","target":"a","replacement":1,"binding":"providers","providerIds":[99]}`: {"providerIds.0": "not_found"},
		`{"name":"x","scope":"body","action":"json_path","target":"a","replacement":1,"binding":"groups"}`:                       {"groupIds": "required"},
		`{"name":"x","scope":"body","action":"json_path","target":"a","replacement":1,"groupIds":[1]}`:                           {"groupIds": "not_allowed"},
	} {
		bad := w.admin(http.MethodPost, filtersPath, body).refused(t, http.StatusBadRequest, "request.validation_failed")
		require.Equal(t, want, bad.fields(), body)
	}
	require.Empty(t, w.catalog.Current().Filters(), "nothing is half written")
}

func TestRequestFiltersCanBeTried(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var out struct {
		Body            json.RawMessage
		Headers         map[string]string
		Changed, Failed bool
	}
	try := func(body string) {
		t.Helper()
		out.Body, out.Headers = nil, nil
		w.admin(http.MethodPost, filtersPath+"/test", body).into(t, http.StatusOK, &out)
	}
	try(`{"filter":{"scope":"body","action":"text_replace","matchType":"contains","target":"Bob","replacement":"***","binding":"providers"},"body":{"a":"hi Bob"}}`)
	require.JSONEq(t, `{"a":"hi ***"}`, string(out.Body))
	require.True(t, out.Changed)
	try(`{"filter":{"scope":"header","action":"remove","target":"x-a"},"headers":{"X-A":"1","x-b":"2"}}`)
	require.Equal(t, map[string]string{"X-B": "2"}, out.Headers)
	try(`{"filter":{"scope":"body","action":"json_path","target":"a.b","replacement":1},"body":{"a":"text"}}`)
	require.JSONEq(t, `{"a":"text"}`, string(out.Body))
	require.True(t, out.Failed)
	require.False(t, out.Changed)
	bad := w.admin(http.MethodPost, filtersPath+"/test", `{"filter":{"scope":"body","action":"json_path","target":"a"},"body":[1]}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, map[string]string{"filter.replacement": "required", "body": "invalid_type"}, bad.fields())
}
