package pricing

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"
)

// Guard is what a sync must not do unseen.
type Guard struct {
	// Vanish is the share of models, in percent, beyond which their end waits for
	// approval.
	Vanish int
	// Factor is by how much a rate of a model in use may change.
	Factor int64
	// Used are the models in use, by id.
	Used map[string]bool
}

// DefaultGuard holds what cost money before: a list cut off in the middle, and
// a price that slipped a decimal.
func DefaultGuard(used map[string]bool) Guard { return Guard{Vanish: 20, Factor: 3, Used: used} }

// Proposal is a change that a list would make.
type Proposal struct {
	Model string
	Entry *Model // nil = the price would end
	Data  []byte // of the entry, as it is stored
	New   bool   // the source has no price of the model yet
	Hold  string // why it has to wait for approval; empty = it has not
}

// Diff is what a list would change about the prices of its source.
type Diff struct {
	Proposals []Proposal // by model
	Unchanged int
}

// Compare holds a list against the rows of its source that are in force, whose
// stored entries are in have, and against the table they are part of.
func Compare(have map[string][]byte, table *Table, list *File, guard Guard) (Diff, error) {
	var d Diff
	offered := make(map[string]bool, len(list.Models))
	for _, m := range list.Models {
		offered[m.ID] = true
		data, err := json.Marshal(m)
		if err != nil {
			return Diff{}, fmt.Errorf("encode the price of %.80q: %w", m.ID, err)
		}
		old, known := have[m.ID]
		if known && bytes.Equal(old, data) {
			d.Unchanged++
			continue
		}
		d.Proposals = append(d.Proposals, Proposal{
			Model: m.ID, Entry: m, Data: data, New: !known, Hold: guard.change(table.Row(m.ID), m),
		})
	}
	d.Proposals = append(d.Proposals, guard.ends(have, offered)...)
	slices.SortFunc(d.Proposals, func(a, b Proposal) int { return bytes.Compare([]byte(a.Model), []byte(b.Model)) })
	return d, nil
}

// ends proposes the end of what is not offered any more.
func (g Guard) ends(have map[string][]byte, offered map[string]bool) []Proposal {
	var gone []Proposal
	for model := range have {
		if !offered[model] {
			gone = append(gone, Proposal{Model: model})
		}
	}
	if len(gone)*100 > g.Vanish*len(have) {
		why := fmt.Sprintf("%d of %d models vanish from the list", len(gone), len(have))
		for i := range gone {
			gone[i].Hold = why
		}
	}
	return gone
}

// change says why a new entry has to wait; empty = it has not. Where a manual
// price is in force, nobody's bill changes.
func (g Guard) change(now *Row, next *Model) string {
	if now == nil || now.Source == SourceManual || !g.Used[next.ID] {
		return ""
	}
	where, from, to := leap(now.Model, next, decimal.NewFromInt(g.Factor))
	if where == "" {
		return ""
	}
	return fmt.Sprintf("it is in use, and %s goes from %s to %s", where, from, to)
}

// leap finds a rate or fee that two entries of a model list with a difference
// beyond the factor, free and not free included.
func leap(a, b *Model, factor decimal.Decimal) (where string, from, to decimal.Decimal) {
	was, is := standing(a), standing(b)
	for i, name := range bucketNames {
		if beyond(was.Rates[i], is.Rates[i], factor) {
			return name, was.Rates[i].Decimal, is.Rates[i].Decimal
		}
	}
	for i, name := range feeNames {
		if beyond(was.Fees[i], is.Fees[i], factor) {
			return name, was.Fees[i].Decimal, is.Fees[i].Decimal
		}
	}
	return "", from, to
}

// standing is the sheet by which a model is billed whose seller is not known.
func standing(m *Model) *Sheet {
	p := Price{model: m, sheet: &m.Sheet}
	if !p.officialNode() {
		p.richestNode()
	}
	return p.sheet
}

func beyond(a, b decimal.NullDecimal, factor decimal.Decimal) bool {
	if !a.Valid || !b.Valid || a.Decimal.Equal(b.Decimal) {
		return false
	}
	if a.Decimal.IsZero() || b.Decimal.IsZero() {
		return true
	}
	low, high := decimal.Min(a.Decimal, b.Decimal), decimal.Max(a.Decimal, b.Decimal)
	return high.GreaterThan(low.Mul(factor))
}
