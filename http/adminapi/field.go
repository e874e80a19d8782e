package adminapi

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// field is one member of a merge patch: left out, null or given.
type field[T any] struct {
	set   bool
	null  bool
	value T
}

// UnmarshalJSON runs only for members that are there, null included.
func (f *field[T]) UnmarshalJSON(b []byte) error {
	f.set, f.null = true, bytes.Equal(b, []byte("null"))
	if f.null {
		return nil
	}
	return json.Unmarshal(b, &f.value)
}

// Schema is T's own schema that also takes null. One without a type takes any
// value already, unless it is a choice of schemas.
func (field[T]) Schema(r huma.Registry) *huma.Schema {
	s := r.Schema(reflect.TypeFor[T](), true, "")
	if s.Ref != "" {
		s = r.SchemaFromRef(s.Ref)
	}
	nullable := *s
	nullable.Nullable = s.Type != ""
	if s.OneOf != nil {
		nullable.OneOf = append(slices.Clone(s.OneOf), &huma.Schema{Enum: []any{nil}})
	}
	return &nullable
}

// to writes a given value; null writes cleared.
func (f field[T]) to(target *T, cleared T) {
	switch {
	case f.null:
		*target = cleared
	case f.set:
		*target = f.value
	}
}

// given tells whether the member is there with a value.
func (f field[T]) given() bool { return f.set && !f.null }
