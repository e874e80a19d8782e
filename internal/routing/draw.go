package routing

import (
	"math/rand/v2"

	"github.com/claude-code-hub/cch/internal/domain"
)

// tier is the candidates of one priority, in the order of cost.
type tier []candidate

// with adds a candidate; a better priority displaces all others, a worse one is
// left out.
func (t tier) with(c candidate) tier {
	switch {
	case len(t) == 0 || c.priority == t[0].priority:
		return append(t, c)
	case c.priority < t[0].priority:
		return append(t[:0], c)
	}
	return t
}

// draw picks a member of a tier that is not empty and notes everybody's odds.
func (t tier) draw(s domain.TierStrategy, r *rand.Rand) (winner int, method domain.SelectionMethod) {
	method = methodOf(s)
	t.leaveOut(method)
	total := 0.0
	for i := range t {
		if c := &t[i]; !c.out {
			c.odds = weight(c, method)
			total += c.odds
		}
	}
	if total == 0 { // every weight is zero: all alike
		for i := range t {
			if c := &t[i]; !c.out {
				c.odds = 1
				total++
			}
		}
	}
	at := r.Float64() * total
	for i := range t {
		c := &t[i]
		if c.odds == 0 {
			continue
		}
		if at >= 0 {
			winner = i
		}
		at -= c.odds
		c.odds /= total
	}
	return winner, method
}

func methodOf(s domain.TierStrategy) domain.SelectionMethod {
	switch s {
	case domain.TierCheapestFirst:
		return domain.MethodCheapestFirst
	case domain.TierLeastInFlight:
		return domain.MethodLeastInFlight
	case domain.TierWeighted:
	}
	return domain.MethodWeightedRandom
}

// leaveOut marks who takes no part: busy members, unless all are busy; with
// cheapest_first also whoever costs more than the cheapest of the rest.
func (t tier) leaveOut(method domain.SelectionMethod) {
	free := false
	for i := range t {
		free = free || !t[i].busy
	}
	lowest := domain.Multiplier(-1) // the tier is in the order of cost
	for i := range t {
		c := &t[i]
		c.out = c.busy && free
		if c.out || method != domain.MethodCheapestFirst {
			continue
		}
		if lowest < 0 {
			lowest = c.Routing.CostMultiplier
		}
		c.out = c.Routing.CostMultiplier > lowest
	}
}

func weight(c *candidate, method domain.SelectionMethod) float64 {
	w := float64(max(0, c.Routing.Weight))
	if method == domain.MethodLeastInFlight {
		return w / float64(1+c.inFlight)
	}
	return w
}
