package provider

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/claude-code-hub/cch/internal/breaker"
	"github.com/claude-code-hub/cch/internal/domain"
)

// Bounds on how many models are watched and told of.
const (
	maxModelGates = 256
	maxToldModels = 16
)

// modelGates are the cool-downs of single models: an upstream that limits one
// of them can still serve the others.
type modelGates map[string]breaker.Cooling

// until is when the model may be asked for again; zero = now.
func (g modelGates) until(model string, now time.Time) time.Time {
	if c, ok := g[model]; ok && c.Active(now) {
		return c.Until
	}
	return time.Time{}
}

// note takes an outcome about a model in.
func (g modelGates) note(model string, r breaker.Refusal, now time.Time) {
	before, watched := g[model]
	after := before.After(r, now)
	switch {
	case after == (breaker.Cooling{}), !after.Active(now) && after.Pause == 0:
		delete(g, model)
	case watched || len(g) < maxModelGates:
		g[model] = after
	}
}

// forget drops the gates that are over and whose pauses will not grow any more.
func (g modelGates) forget(now time.Time) {
	maps.DeleteFunc(g, func(_ string, c breaker.Cooling) bool { return now.Sub(c.Until) > time.Hour })
}

// told are the models that are cooling, those that will for longest first.
func (g modelGates) told(now time.Time) []domain.ModelCooling {
	var list []domain.ModelCooling
	for model, c := range g {
		if c.Active(now) {
			list = append(list, domain.ModelCooling{Model: model, Until: c.Until})
		}
	}
	slices.SortFunc(list, func(a, b domain.ModelCooling) int {
		return cmp.Or(b.Until.Compare(a.Until), cmp.Compare(a.Model, b.Model))
	})
	return list[:min(len(list), maxToldModels)]
}
