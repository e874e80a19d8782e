package gemini

import (
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/claude-code-hub/cch/converters/neutral"
)

// partialCall assembles a call whose arguments arrive member by member, as
// Vertex streams them: each piece names its place by a JSON path, and strings
// grow.
type partialCall struct {
	open           bool
	id, name, args string
	sig            string
}

// take adds a chunk's functionCall if it belongs to such a call.
func (c *partialCall) take(f gjson.Result, sig string) bool {
	pieces, more := f.Get("partialArgs"), f.Get("willContinue").Bool()
	if !c.open && !pieces.IsArray() && !more {
		return false
	}
	if !c.open {
		*c = partialCall{open: true, args: "{}"}
	}
	for _, m := range []struct {
		to   *string
		from string
	}{{&c.id, f.Get("id").Str}, {&c.name, f.Get("name").Str}, {&c.sig, sig}} {
		if *m.to == "" {
			*m.to = strings.Clone(m.from)
		}
	}
	neutral.Objects(pieces, func(p gjson.Result) {
		c.add(p)
	})
	return true
}

// done returns the call when a chunk was its last.
func (c *partialCall) done(f gjson.Result) (partialCall, bool) {
	if f.Get("willContinue").Bool() {
		return partialCall{}, false
	}
	out := *c
	*c = partialCall{}
	return out, true
}

func (c *partialCall) add(p gjson.Result) {
	path := setPath(p.Get("jsonPath").Str)
	if path == "" {
		return
	}
	var value any
	switch {
	case p.Get("stringValue").Exists():
		value = gjson.Get(c.args, path).Str + p.Get("stringValue").Str
	case p.Get("boolValue").Exists():
		value = p.Get("boolValue").Bool()
	case p.Get("numberValue").Exists():
		if args, err := sjson.SetRaw(c.args, path, p.Get("numberValue").Raw); err == nil {
			c.args = args
		}
		return
	}
	if args, err := sjson.Set(c.args, path, value); err == nil {
		c.args = args
	}
}

// setPath turns $.a.b[0] into a.b.0.
func setPath(jsonPath string) string {
	path := strings.TrimPrefix(strings.TrimPrefix(jsonPath, "$"), ".")
	path = strings.NewReplacer("['", ".", "']", "", "[", ".", "]", "").Replace(path)
	return strings.TrimPrefix(path, ".")
}
