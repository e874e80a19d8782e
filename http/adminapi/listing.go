package adminapi

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/claude-code-hub/cch/http/problem"
)

// PageInput are the parameters of every list.
type PageInput struct {
	Cursor string `query:"cursor" maxLength:"512" doc:"nextCursor of the page before"`
	Limit  int    `query:"limit"  minimum:"1"     maximum:"100"                       default:"20"`
}

// listBody is the answer of every list.
type listBody[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"nextCursor" doc:"null on the last page"`
	Total      *int    `json:"total,omitempty"`
}

type listOutput[T any] struct{ Body listBody[T] }

func encodeCursor(position string) *string {
	c := base64.RawURLEncoding.EncodeToString([]byte(position))
	return &c
}

func (p PageInput) position() (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err != nil {
		return "", invalidCursor()
	}
	return string(raw), nil
}

func invalidCursor() error {
	return problem.Invalid(problem.InvalidParam{Path: []any{"cursor"}, Code: "invalid_format", Message: "is not a cursor of this list"})
}

// pageOf cuts a page out of a whole list. keyOf must be unique; pages follow its
// order, so objects that come or go between two pages shift nothing.
func pageOf[T, B any](all []T, p PageInput, descending bool, keyOf func(*T) string, show func(*T) B) (*listOutput[B], error) {
	position, err := p.position()
	if err != nil {
		return nil, err
	}
	compare := func(a, b string) int {
		if descending {
			return strings.Compare(b, a)
		}
		return strings.Compare(a, b)
	}
	slices.SortFunc(all, func(a, b T) int { return compare(keyOf(&a), keyOf(&b)) })
	total := len(all)
	if p.Cursor != "" {
		start := slices.IndexFunc(all, func(v T) bool { return compare(keyOf(&v), position) > 0 })
		if start < 0 {
			start = len(all)
		}
		all = all[start:]
	}
	out := &listOutput[B]{Body: listBody[B]{Items: []B{}, Total: &total}}
	if len(all) > p.Limit {
		all = all[:p.Limit]
		out.Body.NextCursor = encodeCursor(keyOf(&all[len(all)-1]))
	}
	for i := range all {
		out.Body.Items = append(out.Body.Items, show(&all[i]))
	}
	return out, nil
}

// keysetPage shows a page that the store read with one row more than asked for.
func keysetPage[T, B any](rows []T, limit int, position func(*T) string, show func(*T) B) *listOutput[B] {
	out := &listOutput[B]{Body: listBody[B]{Items: []B{}}}
	if len(rows) > limit {
		rows = rows[:limit]
		out.Body.NextCursor = encodeCursor(position(&rows[limit-1]))
	}
	for i := range rows {
		out.Body.Items = append(out.Body.Items, show(&rows[i]))
	}
	return out
}
