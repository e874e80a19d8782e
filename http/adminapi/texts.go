package adminapi

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/http/middleware"
	"github.com/claude-code-hub/cch/http/problem"
)

// No database takes a NUL character in a text, so none may get that far.
const (
	nulPrefix = "NUL character in "
	nulDetail = "holds a NUL character"
)

// withoutNUL is the JSON format that refuses bodies with a NUL character in a text.
func withoutNUL(format huma.Format) huma.Format {
	unmarshal := format.Unmarshal
	format.Unmarshal = func(data []byte, v any) error {
		if err := unmarshal(data, v); err != nil {
			return err
		}
		if tree, ok := v.(*any); ok {
			if at, found := findNUL(*tree, "body"); found {
				return errors.New(nulPrefix + at)
			}
		}
		return nil
	}
	return format
}

// findNUL looks for a NUL character in the texts of a JSON value, names of
// members included, and says where the first one is, as huma writes locations.
func findNUL(v any, at string) (location string, found bool) {
	switch v := v.(type) {
	case string:
		return at, strings.ContainsRune(v, 0)
	case []any:
		for i, item := range v {
			if location, found = findNUL(item, fmt.Sprintf("%s[%d]", at, i)); found {
				return location, true
			}
		}
	case map[string]any:
		for name, member := range v {
			if strings.ContainsRune(name, 0) {
				return at, true
			}
			if location, found = findNUL(member, at+"."+name); found {
				return location, true
			}
		}
	}
	return "", false
}

// refuseNUL keeps NUL characters in path and query from the operations.
func (a *API) refuseNUL(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if param, found := nulInURL(r); found {
			problem.WriteManagement(w, r, problem.Invalid(param), middleware.RequestIDFrom(r.Context()))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func nulInURL(r *http.Request) (param problem.InvalidParam, found bool) {
	param = problem.InvalidParam{Path: []any{}, Code: "invalid_format", Message: nulDetail}
	if strings.ContainsRune(r.URL.Path, 0) {
		return param, true
	}
	if !strings.Contains(r.URL.RawQuery, "%00") && !strings.ContainsRune(r.URL.RawQuery, 0) {
		return param, false
	}
	for name, values := range r.URL.Query() {
		for _, value := range values {
			if strings.ContainsRune(name, 0) || strings.ContainsRune(value, 0) {
				param.Path = []any{strings.ReplaceAll(name, "\x00", "")}
				return param, true
			}
		}
	}
	return param, false
}
