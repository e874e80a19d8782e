package pricing

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Entry is a row as lists show it: with the rates by which it is billed where
// the seller is not known.
type Entry struct {
	*Row
	Price *Price

	name, display string // in lower case
	input, output decimal.NullDecimal
}

// Rates are the rates that are listed for short prompts at the standard service.
func (e *Entry) Rates() *Rates { return &e.Price.sheet.Rates }

// Sheet is all that is asked. It must not be changed.
func (p *Price) Sheet() *Sheet { return p.sheet }

// Filter narrows a list of prices; empty fields match everything.
type Filter struct {
	Query   string // part of the model's name or display name, whatever the case
	Vendor  string
	Mode    string
	Sources []Source
	Sort    SortKey
	Reverse bool
}

// SortKey orders a list of prices.
type SortKey string

// The keys. Models without the rate come last.
const (
	SortName    SortKey = "name"
	SortUpdated SortKey = "updated"
	SortInput   SortKey = "input"
	SortOutput  SortKey = "output"
)

// Entries are the rows that match, in order. It takes about a millisecond for
// thousands of models.
func (t *Table) Entries(f Filter) []*Entry {
	t.listed.Do(t.list)
	q := strings.ToLower(strings.TrimSpace(f.Query))
	out := make([]*Entry, 0, len(t.entries))
	for _, e := range t.entries {
		if (f.Vendor == "" || e.Vendor == f.Vendor) && (f.Mode == "" || e.Mode == f.Mode) &&
			(len(f.Sources) == 0 || slices.Contains(f.Sources, e.Source)) &&
			(q == "" || strings.Contains(e.name, q) || strings.Contains(e.display, q)) {
			out = append(out, e)
		}
	}
	if f.Sort != SortName && f.Sort != "" {
		slices.SortStableFunc(out, f.compare) // they are in the order of names
	}
	if f.Reverse && (f.Sort == SortName || f.Sort == "") {
		slices.Reverse(out)
	}
	return out
}

func (f *Filter) compare(a, b *Entry) int {
	var c int
	switch f.Sort {
	case SortUpdated:
		c = a.ValidFrom.Compare(b.ValidFrom)
	case SortInput:
		return f.compareRates(a.input, b.input)
	case SortOutput:
		return f.compareRates(a.output, b.output)
	case SortName:
	}
	if f.Reverse {
		return -c
	}
	return c
}

func (f *Filter) compareRates(a, b decimal.NullDecimal) int {
	if !a.Valid || !b.Valid {
		return cmp.Compare(boolToInt(!a.Valid), boolToInt(!b.Valid))
	}
	if f.Reverse {
		return b.Decimal.Cmp(a.Decimal)
	}
	return a.Decimal.Cmp(b.Decimal)
}

// list prepares the entries, once per table.
func (t *Table) list() {
	t.entries = make([]*Entry, len(t.rows))
	for i, r := range t.rows {
		e := &Entry{Row: r, Price: t.price(r, false, nil), name: strings.ToLower(r.Model.ID), display: strings.ToLower(r.DisplayName)}
		e.input, e.output = e.Rates()[Input], e.Rates()[Output]
		t.entries[i] = e
	}
	slices.SortFunc(t.entries, func(a, b *Entry) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.Model.ID, b.Model.ID))
	})
}

// PriceOf is the price of a row where the seller is not known.
func (t *Table) PriceOf(r *Row) *Price { return t.price(r, false, nil) }

// Find is the row by which a model of this name is billed, or nil.
func (t *Table) Find(name string) *Row {
	r, _ := t.find(name)
	return r
}

// Export writes the rows that match as a list in our own format.
func (t *Table) Export(f Filter, at time.Time) ([]byte, error) {
	list := File{
		Schema: fileSchema, Version: at.UTC().Format("20060102-150405"), AsOf: at.UTC().Format(time.DateOnly),
		Currency: "USD", VendorFees: t.vendorFees, Models: []*Model{},
	}
	for _, e := range t.Entries(f) {
		list.Models = append(list.Models, e.Model)
	}
	return json.Marshal(list)
}
