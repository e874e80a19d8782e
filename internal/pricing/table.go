package pricing

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/shopspring/decimal"
)

// Table is the prices in force at one time. It is immutable.
type Table struct {
	rows       []*Row // one per model, by id
	byID       map[string]*Row
	byAlias    map[string]*Row
	byLower    map[string]*Row // ids and aliases in lower case
	vendorFees VendorFees
	standard   map[*Row]*Price // for whom no seller is known

	found    foundNames
	variants memo[variantKey, *Price] // of those in standard
	cards    memo[cardKey, *card]

	families sync.Once
	byFamily map[string][]*Row // by the beginnings of names, see relative

	listed  sync.Once
	entries []*Entry // for lists, by name
}

// NewTable merges rows into the prices in force at a time: per model the row of
// the strongest source, and of that the newest. Rows that price nothing do not
// count. It takes ownership of the rows.
func NewTable(rows []*Row, fees VendorFees, at time.Time) *Table {
	t := &Table{byID: make(map[string]*Row, len(rows)), byAlias: map[string]*Row{}, vendorFees: fees}
	for _, r := range rows {
		if !r.validAt(at) || !r.Priced() {
			continue
		}
		if old := t.byID[r.Model.ID]; old == nil || compareRows(r, old) > 0 {
			t.byID[r.Model.ID] = r
		}
	}
	t.rows = make([]*Row, 0, len(t.byID))
	for _, r := range t.byID {
		t.rows = append(t.rows, r)
	}
	slices.SortFunc(t.rows, func(a, b *Row) int { return cmp.Compare(a.Model.ID, b.Model.ID) })
	t.standard = make(map[*Row]*Price, len(t.rows))
	for _, r := range t.rows {
		t.standard[r] = t.standing(r)
	}
	t.index()
	return t
}

// compareRows orders two rows of one model, the one in force last.
func compareRows(a, b *Row) int {
	return cmp.Or(
		cmp.Compare(a.Source.rank(), b.Source.rank()),
		a.ValidFrom.Compare(b.ValidFrom),
		cmp.Compare(a.ID, b.ID),
	)
}

// index files the other names of the rows. Of two rows that claim one, that of
// the stronger source gets it, else the first by id.
func (t *Table) index() {
	t.byLower = make(map[string]*Row, len(t.rows))
	claim := func(names map[string]*Row, name string, r *Row) {
		if old := names[name]; old == nil || r.Source.rank() > old.Source.rank() {
			names[name] = r
		}
	}
	for _, r := range t.rows {
		claim(t.byLower, strings.ToLower(r.Model.ID), r)
		for _, alias := range r.Aliases {
			claim(t.byAlias, alias, r)
		}
	}
	for _, r := range t.rows {
		for _, alias := range r.Aliases {
			if lower := strings.ToLower(alias); t.byLower[lower] == nil {
				t.byLower[lower] = r
			}
		}
	}
}

// alias files names of the operator's own, which go before those of the lists.
// A name of a model is never an alias for another.
func (t *Table) alias(own map[string]string) {
	for name, model := range own {
		if r := t.byID[model]; r != nil {
			t.byAlias[name] = r
			t.byLower[strings.ToLower(name)] = cmp.Or(t.byID[name], r)
		}
	}
}

// Rows are the rows in force, by model id. The slice is shared: do not change it.
func (t *Table) Rows() []*Row { return t.rows }

// Row is the row in force for exactly this model id, or nil.
func (t *Table) Row(model string) *Row { return t.byID[model] }

// find looks a model up by its name, what is left of the name without the
// decorations of clients and clouds, by alias, and last without regard to case.
func (t *Table) find(name string) (r *Row, alias bool) {
	if r := t.byID[name]; r != nil {
		return r, false
	}
	if name == "" {
		return nil, false
	}
	return t.found.get(name, t.search)
}

func (t *Table) search(name string) (r *Row, alias bool) {
	var buf [maxCandidates]string
	names := candidates(buf[:0], name)
	for _, n := range names[1:] {
		if r := t.byID[n]; r != nil {
			return r, false
		}
	}
	for _, n := range names {
		if r := t.byAlias[n]; r != nil {
			return r, true
		}
	}
	for _, n := range names {
		if r := t.byLower[strings.ToLower(n)]; r != nil {
			return r, !strings.EqualFold(r.Model.ID, n)
		}
	}
	return nil, false
}

func (t *Table) vendorFee(vendor string, f Fee) decimal.NullDecimal {
	if fees := t.vendorFees[vendor]; fees != nil {
		return fees[f]
	}
	return decimal.NullDecimal{}
}
