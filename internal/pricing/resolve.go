package pricing

import (
	"cmp"

	"github.com/shopspring/decimal"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Lookup is what is known of a request when its price is sought.
type Lookup struct {
	Source     domain.BillingModelSource // empty = original
	Requested  string
	Redirected string
	Actual     string // from the answer; empty = not named
	// Unknown says what is billed when none of the names has a price; empty =
	// nothing.
	Unknown Unknown
	// Nodes are the provider's keys in price lists, see NodesOf.
	Nodes []string
}

// Unknown is what stands in for a model without a price.
type Unknown struct {
	Model  string // this one, if it has a price
	Family bool   // else the closest relative of the requested one
}

func (l *Lookup) names() [3]string {
	switch l.Source {
	case domain.BillRedirected:
		return [3]string{l.Redirected, l.Requested}
	case domain.BillActual:
		return [3]string{l.Actual, l.Redirected, l.Requested}
	case domain.BillOriginal:
	}
	return [3]string{l.Requested, l.Redirected}
}

// How says by which rule a price was found.
type How string

// The rules.
const (
	HowManual   How = "manual"        // an administrator's row, as it stands
	HowProvider How = "provider_node" // what this provider's seller asks
	HowOfficial How = "official"      // what the model's vendor asks
	HowRichest  How = "richest"       // the seller who lists most
	HowTable    How = "table"         // a row with rates of its own
	HowAlias    How = "alias"         // such a row, by another name
	HowFallback How = "fallback"      // the model that stands in for all without a price
	HowFamily   How = "family"        // the closest relative of a model without a price
)

// Price is what a request is billed by. It belongs to the table it came from
// and is immutable.
type Price struct {
	Row  *Row
	Node string // the seller's key; empty = the row's own rates
	How  How

	model *Model
	sheet *Sheet
	table *Table
}

// Resolve finds the price of a request, or nil if it has none.
func (t *Table) Resolve(l Lookup) *Price {
	for _, name := range l.names() {
		if r, alias := t.find(name); r != nil {
			return t.price(r, alias, l.Nodes)
		}
	}
	if r, _ := t.find(l.Unknown.Model); r != nil {
		return t.standIn(r, HowFallback, l.Nodes)
	}
	if l.Unknown.Family {
		for _, name := range l.names() {
			if r := t.relative(name); r != nil {
				return t.standIn(r, HowFamily, l.Nodes)
			}
		}
	}
	return nil
}

// price is what a row asks of who is sold to by one of the nodes.
func (t *Table) price(r *Row, alias bool, nodes []string) *Price {
	standard := t.standard[r]
	if standard == nil { // a row of the past
		standard = t.standing(r)
	}
	if standard.How != HowManual {
		if node := standard.soldAt(nodes); node != "" {
			return t.variant(standard, node, HowProvider)
		}
	}
	if alias && standard.How == HowTable {
		return t.variant(standard, "", HowAlias)
	}
	return standard
}

func (t *Table) standIn(r *Row, how How, nodes []string) *Price {
	p := t.price(r, false, nodes)
	return t.variant(p, p.Node, how)
}

// variantKey is what tells the prices of a row apart.
type variantKey struct {
	row  *Row
	node string
	how  How
}

// variant is a price as it is at a node, or by another rule.
func (t *Table) variant(p *Price, node string, how How) *Price {
	k := variantKey{p.Row, node, how}
	v, ok := t.variants.get(k)
	if !ok {
		other := *p
		v = &other
		if v.How = how; node != p.Node {
			v.take(node, p.model.Nodes[node], how)
		}
		t.variants.put(k, v)
	}
	return v
}

// standing is the price of a row for whom no seller is known.
func (t *Table) standing(r *Row) *Price {
	p := &Price{Row: r, How: HowTable, model: r.Model, sheet: &r.Sheet, table: t}
	if r.Source == SourceManual && r.HasPrice() {
		p.How = HowManual
	} else if !p.officialNode() {
		p.richestNode()
	}
	return p
}

// Again is the price of a bill of the past, by the row and the node stored with
// it, or nil if the row has no such node. Fees that the row leaves to its vendor
// are those of today.
func (t *Table) Again(r *Row, node string) *Price {
	p := &Price{Row: r, How: HowTable, model: r.Model, sheet: &r.Sheet, table: t}
	if node == "" {
		return p
	}
	n := r.Nodes[node]
	if n == nil || !p.take(node, n, HowProvider) {
		return nil
	}
	return p
}

// soldAt is the first of the nodes that sells the model; empty = none.
func (p *Price) soldAt(nodes []string) string {
	for _, key := range nodes {
		if n := p.model.Nodes[key]; n != nil && n.HasPrice() {
			return key
		}
	}
	return ""
}

// officialNode takes the vendor's own node; of several the first by key.
func (p *Price) officialNode() bool {
	best := ""
	for key, n := range p.model.Nodes {
		if n.Official && n.HasPrice() && (best == "" || key < best) {
			best = key
		}
	}
	return best != "" && p.take(best, p.model.Nodes[best], HowOfficial)
}

// richestNode takes the node that lists most; of several the first by key.
func (p *Price) richestNode() {
	best := ""
	for key, n := range p.model.Nodes {
		if !n.HasPrice() {
			continue
		}
		if best == "" || cmp.Or(cmp.Compare(n.richness(), p.model.Nodes[best].richness()), cmp.Compare(best, key)) > 0 {
			best = key
		}
	}
	if best != "" {
		p.take(best, p.model.Nodes[best], HowRichest)
	}
}

func (p *Price) take(key string, n *Node, how How) bool {
	p.Node, p.sheet, p.How = key, &n.Sheet, how
	return true
}

// Rate is the plain rate of a bucket in USD per million tokens, for a short
// prompt at the standard service.
func (p *Price) Rate(b Bucket) decimal.Decimal {
	t := p.sheet.tariffFor(0, ServiceStandard, p.model.Vendor == vendorAnthropic)
	return t.rate(b)
}

// fee is a fee of the price or, for calls, what its vendor asks for any model.
func (p *Price) fee(f Fee) decimal.NullDecimal {
	if fee := p.sheet.Fees[f]; fee.Valid || f == FeeRequest || f == FeeImageOutput {
		return fee
	}
	return p.table.vendorFee(p.model.Vendor, f)
}

func (p *Price) searchUnit() SearchUnit {
	return cmp.Or(p.sheet.WebSearchUnit, p.model.WebSearchUnit, SearchPerCall)
}
