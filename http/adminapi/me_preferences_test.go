package adminapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPreferences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.selves()
	const all, columns = "/api/v1/me/preferences", "/api/v1/me/preferences/logs.columns"
	put := func(p person, path, body string) answer {
		return w.do(call{method: http.MethodPut, path: path, body: body, header: bearer(p.secret)})
	}
	reader, ann, token := w.signIn(s.ben.secret), w.signIn(s.ann.secret), w.signIn(adminToken)
	require.JSONEq(t, `{"preferences":{}}`, reader.get(all).text)
	reader.get(columns).refused(t, http.StatusNotFound, "resource.not_found")

	var one struct {
		Name      string
		Value     any
		UpdatedAt *string
	}
	reader.do(http.MethodPut, columns, `{"value": { "shown" : ["model", "cost"] } }`).into(t, http.StatusOK, &one)
	require.Equal(t, "logs.columns", one.Name)
	require.Equal(t, map[string]any{"shown": []any{"model", "cost"}}, one.Value)
	require.NotNil(t, one.UpdatedAt)
	require.JSONEq(t, `{"preferences":{"logs.columns":{"shown":["model","cost"]}}}`, ann.get(all).text, "they are the user's, whatever key is used")
	ann.get(columns).into(t, http.StatusOK, &one)
	require.Equal(t, http.StatusOK, put(s.ann, columns, `{"value":false}`).status)
	require.JSONEq(t, `{"preferences":{"logs.columns":false}}`, reader.get(all).text)
	require.JSONEq(t, `{"preferences":{}}`, w.as(s.bob, all).text, "and nobody else's")
	require.JSONEq(t, `{"preferences":{}}`, s.get["admin"](all).text)

	require.Equal(t, http.StatusOK, token.do(http.MethodPut, columns, `{"value":"token's"}`).status)
	require.JSONEq(t, `{"preferences":{"logs.columns":"token's"}}`, s.token(all).text)

	var gone map[string]any
	put(s.ann, columns, `{"value":null}`).into(t, http.StatusOK, &gone)
	require.Equal(t, map[string]any{"name": "logs.columns", "value": nil, "updatedAt": nil}, gone)
	require.JSONEq(t, `{"preferences":{}}`, reader.get(all).text)
	require.Equal(t, http.StatusOK, put(s.ann, columns, `{"value":null}`).status, "again changes nothing")

	w.do(call{method: http.MethodPut, path: columns, body: `{"value":1}`, header: map[string]string{"Cookie": ann.cookie}}).
		refused(t, http.StatusForbidden, "auth.csrf_invalid")
	w.do(call{method: http.MethodPut, path: columns, body: `{"value":1}`}).refused(t, http.StatusUnauthorized, "auth.missing")
}

func TestPreferencesAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.person("ann", nil, nil)
	put := func(name, body string) answer {
		return w.do(call{method: http.MethodPut, path: "/api/v1/me/preferences/" + name, body: body, header: bearer(ann.secret)})
	}
	fits, long := `"`+strings.Repeat("x", 16<<10-2)+`"`, `"`+strings.Repeat("x", 16<<10-1)+`"`
	require.Equal(t, http.StatusOK, put("fits", `{"value": `+fits+`  }`).status)
	for _, c := range []struct{ name, body, field, code string }{
		{"long", `{"value":` + long + `}`, "value", "too_big"},
		{"ok", `{}`, "value", "required"},
		{"Upper", `{"value":1}`, "name", "invalid_format"},
		{"sl%2Fash", `{"value":1}`, "name", "invalid_format"},
		{strings.Repeat("n", 65), `{"value":1}`, "name", ""},
	} {
		fields := put(c.name, c.body).refused(t, http.StatusBadRequest, "request.validation_failed").fields()
		require.Contains(t, fields, c.field, c.name)
		if c.code != "" {
			require.Equal(t, c.code, fields[c.field], c.name)
		}
	}
	require.Equal(t, http.StatusBadRequest, put("bytes", "{\"value\":\"\xff\"}").status)
	require.Equal(t, http.StatusBadRequest, put("broken", `{"value":`).status)
	require.Equal(t, http.StatusRequestEntityTooLarge, put("huge", `{"value":"`+strings.Repeat("x", 80<<10)+`"}`).status)
	for i := range 63 {
		require.Equal(t, http.StatusOK, put(fmt.Sprint("view.", i), `{"value":1}`).status)
	}
	put("one-more", `{"value":1}`).refused(t, http.StatusConflict, "resource.conflict")
	require.Equal(t, http.StatusOK, put("fits", `{"value":2}`).status)
}
