package routing

import (
	"math/rand/v2"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// rivals are the candidates of one tier, in the order of cost.
type rivals []candidate

// with adds a candidate; one of a better tier displaces all others, one of a
// worse is left out.
func (t rivals) with(c candidate) rivals {
	switch {
	case len(t) == 0 || c.tier == t[0].tier:
		return append(t, c)
	case c.displaces(t):
		return append(t[:0], c)
	}
	return t
}

// draw picks a member of a tier that is not empty and notes everybody's odds.
func (t rivals) draw(s domain.TierStrategy, r *rand.Rand) (winner int, method domain.SelectionMethod) {
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

// leaveOut marks who takes no part: busy members, unless all are busy; those
// whose account is nearly used up, unless it is so with all; with cheapest_first also whoever costs more than the cheapest of the rest.
func (t rivals) leaveOut(method domain.SelectionMethod) {
	free := false
	for i := range t {
		free = free || !t[i].busy
	}
	plenty := t.plenty(free)
	lowest := domain.Multiplier(-1) // the tier is in the order of cost
	for i := range t {
		c := &t[i]
		c.out = c.busy && free || c.left.low() && plenty
		if c.out || method != domain.MethodCheapestFirst {
			continue
		}
		if lowest < 0 {
			lowest = c.Routing.CostMultiplier
		}
		c.out = c.Routing.CostMultiplier > lowest
	}
}

// A provider that came back is not flooded: its weight grows to what it was
// within a minute, from a tenth.
const (
	slowStart  = time.Minute
	firstShare = 0.1
)

func weight(c *candidate, method domain.SelectionMethod) float64 {
	w := float64(max(0, c.Routing.Weight)) * c.left.factor
	if c.well < slowStart {
		w *= max(firstShare, float64(c.well)/float64(slowStart))
	}
	if method == domain.MethodLeastInFlight {
		return w / float64(1+c.inFlight)
	}
	return w
}
