package declaration

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Thing is the settings, a group, a provider or a user, by the names of the API.
type Thing map[string]any

// name is what a thing is known by.
func (t Thing) name() string {
	name, _ := t["name"].(string)
	return name
}

// Document is a configuration.
type Document struct {
	Settings  Thing   `json:"settings,omitempty"`
	Groups    []Thing `json:"groups,omitempty"`
	Providers []Thing `json:"providers,omitempty"`
	Users     []Thing `json:"users,omitempty"`
}

// Parse reads a document. lookup gives the values of ${VARIABLES}.
func Parse(text []byte, lookup func(name string) (string, bool)) (Document, error) {
	var d Document
	if err := yaml.UnmarshalStrict(text, &d); err != nil {
		return d, fmt.Errorf("read the document: %w", err)
	}
	for _, kind := range kinds() {
		seen := map[string]bool{}
		for _, t := range *kind.of(&d) {
			if t.name() == "" || seen[t.name()] {
				return d, fmt.Errorf("%s: every one needs a name of its own, %q has none", kind.title, t.name())
			}
			seen[t.name()] = true
			for field, v := range t {
				value, err := expand(v, lookup)
				if err != nil {
					return d, fmt.Errorf("%s %s: %s: %w", kind.title, t.name(), field, err)
				}
				t[field] = value
			}
		}
	}
	return d, nil
}

// expand puts the value of a variable in the place of ${NAME}.
func expand(v any, lookup func(string) (string, bool)) (any, error) {
	switch x := v.(type) {
	case string:
		name, ok := strings.CutPrefix(x, "${")
		if name, closed := strings.CutSuffix(name, "}"); ok && closed {
			value, found := lookup(name)
			if !found {
				return nil, fmt.Errorf("the variable %s is not set", name)
			}
			return value, nil
		}
	case map[string]any:
		for k, inner := range x {
			value, err := expand(inner, lookup)
			if err != nil {
				return nil, err
			}
			x[k] = value
		}
	}
	return v, nil
}

// Text writes a document down.
func (d Document) Text() ([]byte, error) { return yaml.Marshal(d) }

// Change is one call of the API.
type Change struct {
	What   string // for people: "provider main"
	Fields []string
	Create bool

	method, path string
	body         Thing
}

// String is one line: "change provider main: priority, weight".
func (c Change) String() string {
	if c.Create {
		return "create " + c.What
	}
	return "change " + c.What + ": " + strings.Join(c.Fields, ", ")
}

// differences are the fields of wanted that are otherwise in current. What the
// API does not show (credentials) is different only if secrets is set.
func differences(wanted, current Thing, secrets bool) (fields []string) {
	for field, value := range wanted {
		shown, ok := current[field]
		if !ok && !secrets && slices.Contains(hidden(), field) || reflect.DeepEqual(value, shown) {
			continue
		}
		fields = append(fields, field)
	}
	slices.Sort(fields)
	return fields
}

// hidden are the fields that the API takes and never shows.
func hidden() []string { return []string{"key", "proxyUrl", "customHeaders"} }

// kind is a sort of thing, in the order in which they can be made: groups are
// named by the others.
type kind struct {
	title string
	path  string
	of    func(*Document) *[]Thing
}

func kinds() []kind {
	return []kind{
		{title: "group", path: "/provider-groups", of: func(d *Document) *[]Thing { return &d.Groups }},
		{title: "provider", path: "/providers", of: func(d *Document) *[]Thing { return &d.Providers }},
		{title: "user", path: "/users", of: func(d *Document) *[]Thing { return &d.Users }},
	}
}
