package override

import "slices"

// Names are the values that are in force for a request, by their names in the
// management API. Which of them change it depends on its body.
func (r *Request) Names() []string {
	names := []string{}
	o := r.Provider.Overrides
	for _, given := range o.Given() {
		if given.Means(r.Provider.Type.Protocol()) {
			names = append(names, given.Name)
		}
	}
	if o != nil && o.AdaptiveThinking != nil { // of the two one counts, by the model
		beaten := "thinkingBudget"
		if !o.AdaptiveThinking.Matches(r.Model) {
			beaten = "adaptiveThinking"
		}
		names = slices.DeleteFunc(names, func(name string) bool { return name == beaten })
	}
	if r.caches() {
		names = append(names, "cacheTtl")
	}
	return names
}
