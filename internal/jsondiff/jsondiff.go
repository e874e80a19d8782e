// Package jsondiff tells where two JSON documents differ. It compares what they
// mean: the order of members, white space and escapes do not count. Start with
// [Changes].
package jsondiff

import (
	"encoding/json"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/domain"
)

// maxShown is the size up to which values are told, in bytes.
const maxShown = 200

// Changes lists where one valid document differs from another, at most so many
// places: members in the order of the first document, then those that are new,
// elements by their places. Large values are told as "…".
func Changes(before, after string, atMost int) []domain.ParameterChange {
	d := differ{atMost: atMost, list: []domain.ParameterChange{}}
	d.compare("", gjson.Parse(before), gjson.Parse(after))
	return d.list
}

type differ struct {
	list   []domain.ParameterChange
	atMost int
}

func (d *differ) compare(path string, a, b gjson.Result) {
	switch {
	case len(d.list) >= d.atMost || a.Raw == b.Raw:
	case a.IsObject() && b.IsObject():
		d.members(path, a.Map(), b.Map(), a, b)
	case a.IsArray() && b.IsArray():
		x, y := a.Array(), b.Array()
		for i := range max(len(x), len(y)) {
			d.compare(path+"["+strconv.Itoa(i)+"]", at(x, i), at(y, i))
		}
	case a.Type == b.Type && a.Type != gjson.JSON && a.Str == b.Str && a.Num == b.Num && a.Exists() == b.Exists():
	default:
		d.list = append(d.list, domain.ParameterChange{Path: path, Before: shown(a), After: shown(b)})
	}
}

// members compares two objects; a and b are the same in their order.
func (d *differ) members(path string, x, y map[string]gjson.Result, a, b gjson.Result) {
	if path != "" {
		path += "."
	}
	a.ForEach(func(name, _ gjson.Result) bool {
		d.compare(path+name.Str, x[name.Str], y[name.Str])
		return len(d.list) < d.atMost
	})
	b.ForEach(func(name, _ gjson.Result) bool {
		if _, known := x[name.Str]; !known {
			d.compare(path+name.Str, gjson.Result{}, y[name.Str])
		}
		return len(d.list) < d.atMost
	})
}

func at(list []gjson.Result, i int) gjson.Result {
	if i < len(list) {
		return list[i]
	}
	return gjson.Result{}
}

// shown is a value as it is told: null for none.
func shown(v gjson.Result) json.RawMessage {
	switch {
	case !v.Exists():
		return json.RawMessage("null")
	case len(v.Raw) > maxShown:
		return json.RawMessage(`"…"`)
	}
	return json.RawMessage(v.Raw)
}
