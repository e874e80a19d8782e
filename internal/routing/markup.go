package routing

import "github.com/claude-code-hub/cch/internal/domain"

// Markup is by what the price of an answer is multiplied: at its provider, and
// for the group in which its caller uses it.
type Markup struct{ Provider, Group domain.Multiplier }

func (m Markup) product() int64 { return int64(m.Provider) * int64(m.Group) }

// Markups are the least and the highest at the enabled providers that callers
// of these groups may use; both are 1 where there is none.
func (p *Plan) Markups(groups []string) (least, highest Markup) {
	least = Markup{Provider: domain.MultiplierOne, Group: domain.MultiplierOne}
	highest = least
	found := false
	for i := range p.entries {
		e := &p.entries[i]
		if !e.Enabled || !e.visibleTo(groups) {
			continue
		}
		m := Markup{Provider: e.Routing.CostMultiplier, Group: e.groupMultiplier(groups)}
		if !found || m.product() < least.product() {
			least = m
		}
		if !found || m.product() > highest.product() {
			highest = m
		}
		found = true
	}
	return least, highest
}
