package pricing

import "strings"

// foundNames remembers what names that are no model's id led to: taking them
// apart is most of the work of a look-up, and clients use few. Safe for
// concurrent use.
type foundNames struct{ byName memo[string, foundRow] }

// foundRow is the row a name led to; none is remembered, too.
type foundRow struct {
	row   *Row
	alias bool
}

// maxFoundName bounds a name that is remembered, in bytes: clients choose it.
const maxFoundName = 128

func (f *foundNames) get(name string, search func(string) (*Row, bool)) (*Row, bool) {
	if hit, ok := f.byName.get(name); ok {
		return hit.row, hit.alias
	}
	row, alias := search(name)
	if len(name) <= maxFoundName {
		f.byName.put(strings.Clone(name), foundRow{row, alias}) // the name may be part of a request body
	}
	return row, alias
}
