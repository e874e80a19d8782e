package adminapi_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNoOperationTakesANULCharacter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person("ann", nil, nil)
	for _, c := range []struct {
		method, path, body string
		at                 []any
	}{
		{http.MethodPost, "/api/v1/users", `{"name":"a\u0000b"}`, []any{"name"}},
		{http.MethodPost, "/api/v1/users", `{"name":"bob","groups":["x","y\u0000"]}`, []any{"groups", 1.0}},
		{http.MethodPatch, "/api/v1/users/1", `{"description":"\u0000"}`, []any{"description"}},
		{http.MethodPost, "/api/v1/provider-groups", `{"name":"g","na\u0000me":1}`, []any{}},
		{http.MethodGet, "/api/v1/users?q=%00", "", []any{"q"}},
		{http.MethodGet, "/api/v1/usage-logs?limit=5&model=a%00b", "", []any{"model"}},
		{http.MethodGet, "/api/v1/sessions/%00", "", []any{}},
	} {
		var body any
		if c.body != "" {
			body = c.body
		}
		p := w.admin(c.method, c.path, body).refused(t, http.StatusBadRequest, "request.validation_failed")
		require.Equal(t, c.at, p.InvalidParams[0].Path, c.path)
	}
	// An escaped backslash before u0000 is no NUL.
	w.admin(http.MethodPost, "/api/v1/users", `{"name":"a\\u0000b"}`).into(t, http.StatusCreated, &struct{}{})
}
