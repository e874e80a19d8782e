package routing

import (
	"math/rand/v2"

	"github.com/claude-code-hub/cch/internal/domain"
)

// draw picks a member of the tier, which is not empty and in the order of cost,
// and notes everybody's odds. Busy members take part only when all are busy.
func (s *selection) draw(r *rand.Rand) (winner int, method domain.SelectionMethod) {
	method = methodOf(s.in.Strategy)
	open := s.freeOnly()
	total := 0.0
	for i := range s.tier {
		if c := &s.tier[i]; open(c) {
			c.odds = weight(c, method)
			total += c.odds
		}
	}
	if total == 0 { // every weight is zero: all alike
		for i := range s.tier {
			if c := &s.tier[i]; open(c) {
				c.odds = 1
				total++
			}
		}
	}
	at := r.Float64() * total
	winner = -1
	for i := range s.tier {
		c := &s.tier[i]
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

// freeOnly returns who takes part: the free ones, or all if nobody is free; with
// cheapest_first only those at the lowest price among them.
func (s *selection) freeOnly() func(*candidate) bool {
	free := false
	for i := range s.tier {
		free = free || !s.tier[i].busy
	}
	takesPart := func(c *candidate) bool { return !c.busy || !free }
	if s.in.Strategy != domain.TierCheapestFirst {
		return takesPart
	}
	lowest := domain.Multiplier(-1)
	for i := range s.tier {
		if c := &s.tier[i]; takesPart(c) && (lowest < 0 || c.Routing.CostMultiplier < lowest) {
			lowest = c.Routing.CostMultiplier
		}
	}
	return func(c *candidate) bool { return takesPart(c) && c.Routing.CostMultiplier == lowest }
}

func weight(c *candidate, method domain.SelectionMethod) float64 {
	w := float64(max(0, c.Routing.Weight))
	if method == domain.MethodLeastInFlight {
		return w / float64(1+c.inFlight)
	}
	return w
}
