package override

import (
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/rawjson"
	"github.com/claude-code-hub/cch/internal/domain"
)

// leastBudget is the smallest thinking budget that Claude takes, in tokens.
const leastBudget = 1024

// claude writes how much a model may say and think.
func (e *editor) claude(o *domain.Overrides, model string) {
	if o.MaxTokens > 0 {
		e.put(strconv.FormatInt(o.MaxTokens, 10), "max_tokens")
	}
	switch {
	case o.AdaptiveThinking != nil && o.AdaptiveThinking.Matches(model):
		e.text("adaptive", "thinking", "type")
		e.drop("thinking", "budget_tokens")
		e.text(o.AdaptiveThinking.Effort, "output_config", "effort")
	case o.ThinkingBudget > 0:
		if budget := e.fitting(o.ThinkingBudget); budget >= leastBudget {
			e.text("enabled", "thinking", "type")
			e.put(strconv.FormatInt(budget, 10), "thinking", "budget_tokens")
		}
	case o.MaxTokens > 0:
		e.fitThinking()
	}
}

// fitting is a budget below the output limit of the request.
func (e *editor) fitting(budget int64) int64 {
	if most, found := e.find("max_tokens"); found && most.Type == gjson.Number {
		return min(budget, most.Int()-1)
	}
	return budget
}

// fitThinking makes the client's own budget fit into an output limit that is not
// the client's: Claude refuses one that does not. Where none fits there is no
// thinking.
func (e *editor) fitThinking() {
	budget, found := e.find("thinking", "budget_tokens")
	if !found || budget.Type != gjson.Number {
		return
	}
	switch fits := e.fitting(budget.Int()); {
	case fits == budget.Int():
	case fits >= leastBudget:
		e.put(strconv.FormatInt(fits, 10), "thinking", "budget_tokens")
	default:
		e.drop("thinking")
	}
}

// cacheTTL gives every mark for the cache the same lifetime: Claude wants longer
// ones before shorter ones.
func (e *editor) cacheTTL(ttl domain.CacheTTL) {
	cuts, before := rawjson.NewCuts(e.doc), ""
	marks(rawjson.Root(e.doc), func(mark gjson.Result) {
		old := mark.Get("ttl")
		switch {
		case old.Str == string(ttl), ttl == domain.Cache5m && !old.Exists(): // five minutes are the default
			return
		case old.Exists():
			cuts.Replace(old, `"`+string(ttl)+`"`)
		default:
			cuts.Append(mark, `"ttl":"`+string(ttl)+`"`, 1)
		}
		before = old.Raw
	})
	if !cuts.Empty() {
		e.doc, e.done.Cached = string(cuts.Apply()), true
		e.changed("cache_control.ttl", before, `"`+string(ttl)+`"`)
	}
}

// marks visits the marks for the cache where Claude knows them: in what tools
// are called with there may be members of the same name.
func marks(root gjson.Result, visit func(gjson.Result)) {
	of := func(v gjson.Result) {
		if mark := v.Get("cache_control"); mark.IsObject() && mark.Get("type").Str == "ephemeral" {
			visit(mark)
		}
	}
	list := func(v gjson.Result, each func(gjson.Result)) {
		if v.IsArray() {
			v.ForEach(func(_, item gjson.Result) bool {
				if item.IsObject() {
					each(item)
				}
				return true
			})
		}
	}
	of(root)
	list(root.Get("system"), of)
	list(root.Get("tools"), of)
	list(root.Get("messages"), func(turn gjson.Result) {
		list(turn.Get("content"), func(block gjson.Result) {
			of(block)
			list(block.Get("content"), of) // of a tool's result
		})
	})
}
