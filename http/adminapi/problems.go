package adminapi

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/http/middleware"
	"github.com/claude-code-hub/cch/http/problem"
)

// InstallErrors makes huma answer with our problems. It sets huma's package
// variables: call it once, before New and before anything is served.
func InstallErrors() {
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return humaProblem(status, msg, errs)
	}
}

// humaProblem translates what huma found wrong with a request. Values are never
// echoed: a misplaced credential may be among them.
func humaProblem(status int, msg string, errs []error) *problem.Problem {
	var params []problem.InvalidParam
	for _, err := range errs {
		detail, ok := err.(huma.ErrorDetailer)
		if !ok {
			continue
		}
		d := detail.ErrorDetail()
		if at, isNUL := strings.CutPrefix(d.Message, nulPrefix); isNUL && d.Location == "body" {
			return problem.Invalid(problem.InvalidParam{Path: fieldPath(at), Code: "invalid_format", Message: nulDetail})
		}
		if d.Location == "body" && status == http.StatusBadRequest {
			return problem.New(status, problem.ErrorMalformedJSON, "The body is not valid JSON: "+d.Message)
		}
		params = append(params, invalidParam(d))
	}
	switch status {
	case http.StatusUnprocessableEntity:
		return problem.Invalid(params...)
	case http.StatusRequestEntityTooLarge:
		return problem.New(status, "request.too_large", msg)
	case http.StatusUnsupportedMediaType:
		return problem.New(status, "request.unsupported_media_type", "The body must be application/json.")
	case http.StatusBadRequest, http.StatusRequestTimeout:
		return problem.New(http.StatusBadRequest, "request.invalid", msg)
	case http.StatusInternalServerError:
		if msg == "cannot read request body" { // the client broke off
			return problem.New(http.StatusBadRequest, "request.invalid", "The body ended early.")
		}
		return problem.New(status, problem.ErrorInternal, "The server failed to answer.")
	}
	return problem.New(status, "request.invalid", msg)
}

// requiredPrefix and requiredSuffix enclose the name in huma's message about a
// missing member, whose location is the object around it.
const (
	requiredPrefix = "expected required property "
	requiredSuffix = " to be present"
)

// blankText is huma's message about a text that matches no `\S`, of which the
// fields that must not be blank have the description.
const blankText = "expected string to be a text that is not blank"

func invalidParam(d *huma.ErrorDetail) problem.InvalidParam {
	path := fieldPath(d.Location)
	if d.Message == blankText {
		return problem.InvalidParam{Path: path, Code: "too_short", Message: "is empty"}
	}
	if name, ok := strings.CutPrefix(d.Message, requiredPrefix); ok {
		name = strings.TrimSuffix(name, requiredSuffix)
		return problem.InvalidParam{Path: append(path, name), Code: "required", Message: "is required"}
	}
	return problem.InvalidParam{Path: path, Code: paramCode(d.Message), Message: d.Message}
}

// fieldPath turns body.groups[2].name into groups, 2, name.
func fieldPath(location string) []any {
	_, rest, _ := strings.Cut(location, ".") // body, query, path or header
	path := []any{}
	for _, part := range strings.FieldsFunc(rest, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		if n, err := strconv.Atoi(part); err == nil {
			path = append(path, n)
			continue
		}
		path = append(path, part)
	}
	return path
}

func paramCode(message string) string {
	for _, c := range [...]struct{ begins, code string }{
		{"unexpected property", "unknown_field"},
		{"unknown query parameter", "unknown_field"},
		{"expected number >", "too_small"},
		{"expected number <", "too_big"},
		{"expected length >", "too_short"},
		{"expected length <", "too_long"},
		{"expected array length >", "too_short"},
		{"expected array length <", "too_long"},
		{"expected value to be one of", "invalid_choice"},
		{"expected string to match", "invalid_format"},
		{"expected string to be", "invalid_format"},
		{"required ", "required"},
		{"expected ", "invalid_type"},
	} {
		if strings.HasPrefix(message, c.begins) {
			return c.code
		}
	}
	return "invalid"
}

// nameProblem adds path and request id to problems on their way out.
func nameProblem(ctx huma.Context, _ string, v any) (any, error) {
	if p, ok := v.(*problem.Problem); ok {
		u := ctx.URL()
		return p.For(u.Path, middleware.RequestIDFrom(ctx.Context())), nil
	}
	return v, nil
}

// faults gathers what is wrong with a body beyond its schema, so that the
// caller learns everything at once.
type faults []problem.InvalidParam

func (f *faults) add(code, message string, path ...any) {
	*f = append(*f, problem.InvalidParam{Path: path, Code: code, Message: message})
}

// within adds what is wrong with a part of the body.
func (f *faults) within(part faults, path ...any) {
	for _, p := range part {
		p.Path = append(slices.Clone(path), p.Path...)
		*f = append(*f, p)
	}
}

// err is nil when nothing was added.
func (f *faults) err() error {
	if len(*f) == 0 {
		return nil
	}
	return problem.Invalid(*f...)
}
