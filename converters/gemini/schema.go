package gemini

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/rawjson"
)

// kept are the JSON Schema keywords Gemini takes.
var kept = map[string]bool{ //nolint:gochecknoglobals // a read-only table
	"$id": true, "$defs": true, "$ref": true, "$anchor": true, "type": true, "format": true, "title": true,
	"description": true, "enum": true, "items": true, "prefixItems": true, "minItems": true, "maxItems": true,
	"minimum": true, "maximum": true, "anyOf": true, "oneOf": true, "properties": true,
	"additionalProperties": true, "required": true,
}

// clean reduces a JSON Schema to what Gemini takes. It walks by position, so
// that a property named like a keyword survives.
func clean(schema string) string {
	w := &rawjson.Writer{B: make([]byte, 0, len(schema))}
	walk(w, gjson.Parse(schema), func(w *rawjson.Writer, _ gjson.Result, key string, v gjson.Result) (string, bool) {
		switch {
		case key == "const":
			w.OpenArr("enum")
			w.Raw(v.Raw)
			w.EndArr()
			return "", false
		case key == "definitions":
			return "$defs", true
		case key == "$ref" && strings.HasPrefix(v.Str, "#/definitions/"):
			w.StrField("$ref", "#/$defs/"+strings.TrimPrefix(v.Str, "#/definitions/"))
			return "", false
		default:
			return key, kept[key]
		}
	})
	return string(w.B)
}

// counts are keywords whose numbers Google's own clients send as strings.
var counts = map[string]bool{ //nolint:gochecknoglobals // a read-only table
	"minItems": true, "maxItems": true, "minLength": true, "maxLength": true, "minProperties": true, "maxProperties": true,
}

// fromOpenAPI turns Google's OpenAPI dialect into JSON Schema: types in lower
// case, nullable as a type of its own.
func fromOpenAPI(schema gjson.Result) string {
	w := &rawjson.Writer{B: make([]byte, 0, len(schema.Raw))}
	walk(w, schema, func(w *rawjson.Writer, owner gjson.Result, key string, v gjson.Result) (string, bool) {
		switch {
		case key == "nullable" || key == "propertyOrdering":
			return "", false
		case key == "type" && v.Type == gjson.String:
			name := strings.ToLower(v.Str)
			if owner.Get("nullable").Bool() {
				w.Strs("type", []string{name, "null"})
			} else {
				w.StrField("type", name)
			}
			return "", false
		case counts[key] && v.Type == gjson.String && strings.Trim(v.Str, "0123456789") == "" && v.Str != "":
			w.RawField(key, v.Str)
			return "", false
		default:
			return key, true
		}
	})
	return string(w.B)
}

// rule decides about one keyword of a schema: it returns the name to print it
// under, or prints it itself (or not at all) and returns false.
type rule func(w *rawjson.Writer, owner gjson.Result, key string, v gjson.Result) (string, bool)

// walk prints a schema by a rule, and by the same rule every schema inside it.
func walk(w *rawjson.Writer, schema gjson.Result, r rule) {
	if !schema.IsObject() { // true, false, or nonsense that is not ours to judge
		w.Raw(rawjson.Compact(schema.Raw))
		return
	}
	w.Obj()
	schema.ForEach(func(k, v gjson.Result) bool {
		name, ok := r(w, schema, k.Str, v)
		if !ok {
			return true
		}
		w.B = append(rawjson.AppendString(comma(w), name), ':')
		switch k.Str {
		case "properties", "$defs", "definitions", "patternProperties":
			walkMap(w, v, r)
		case "items", "additionalProperties", "prefixItems", "anyOf", "oneOf", "allOf", "not":
			walkList(w, v, r)
		default:
			w.Raw(v.Raw)
		}
		return true
	})
	w.End()
}

// comma returns the buffer ready for a key that may need escaping.
func comma(w *rawjson.Writer) []byte {
	if w.B[len(w.B)-1] != '{' {
		return append(w.B, ',')
	}
	return w.B
}

func walkMap(w *rawjson.Writer, m gjson.Result, r rule) {
	if !m.IsObject() {
		w.Raw(m.Raw)
		return
	}
	w.Obj()
	m.ForEach(func(k, v gjson.Result) bool {
		w.B = append(rawjson.AppendString(comma(w), k.Str), ':')
		walk(w, v, r)
		return true
	})
	w.End()
}

func walkList(w *rawjson.Writer, v gjson.Result, r rule) {
	if !v.IsArray() {
		walk(w, v, r)
		return
	}
	w.Arr()
	v.ForEach(func(_, s gjson.Result) bool {
		walk(w, s, r)
		return true
	})
	w.EndArr()
}
