package pricing

import (
	"cmp"
	"slices"
	"strings"
)

// leastFamily is how many parts of a name two models must share to be relatives:
// claude-opus-4-1 and claude-opus-5 are, claude-opus-5 and claude-haiku-5 are not.
const leastFamily = 2

// relative is the row of the same family as a model without a price: the one
// that shares most of its name and, of several, the newest version. nil = none.
func (t *Table) relative(name string) *Row {
	if name == "" {
		return nil
	}
	t.families.Do(t.indexFamilies)
	var buf [maxCandidates]string
	names := candidates(buf[:0], strings.ToLower(name))
	parts := nameParts(names[len(names)-1])
	for n := len(parts); n >= leastFamily; n-- {
		if kin := t.byFamily[strings.Join(parts[:n], "-")]; len(kin) > 0 {
			return slices.MaxFunc(kin, func(a, b *Row) int { return kinship(parts, n, a, b) })
		}
	}
	return nil
}

// indexFamilies files the rows by every beginning of their names. Only who bills
// strangers as their relatives needs it.
func (t *Table) indexFamilies() {
	t.byFamily = map[string][]*Row{}
	for _, r := range t.rows {
		parts := modelParts(r)
		for n := leastFamily; n <= len(parts); n++ {
			prefix := strings.Join(parts[:n], "-")
			t.byFamily[prefix] = append(t.byFamily[prefix], r)
		}
	}
}

// kinship orders two rows that share n parts of a name, the closer relative last:
// of another version one whose name is as long, of another make the plainest;
// then the higher version.
func kinship(of []string, n int, a, b *Row) int {
	as, bs := modelParts(a), modelParts(b)
	length := n
	if n < len(of) && digits(of[n]) {
		length = len(of)
	}
	distance := func(p []string) int { return max(len(p)-length, length-len(p)) }
	return cmp.Or(cmp.Compare(distance(bs), distance(as)), slices.CompareFunc(as, bs, compareParts))
}

// compareParts orders numbers by their value and all else as text.
func compareParts(a, b string) int {
	if digits(a) && digits(b) {
		a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	}
	return strings.Compare(a, b)
}

// modelParts leaves out a date, which is no version.
func modelParts(r *Row) []string { return nameParts(cutDate(strings.ToLower(r.Model.ID))) }

func nameParts(name string) []string {
	return strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '.' || r == '_' || r == ':' })
}
