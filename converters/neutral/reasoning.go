package neutral

import "slices"

// ReasoningMode is how much the model is asked to think.
type ReasoningMode uint8

// Reasoning modes. Unset prints nothing at all.
const (
	ReasoningUnset ReasoningMode = iota
	ReasoningOff
	ReasoningAuto
	ReasoningEffort
	ReasoningBudget
)

// Reasoning is a request's thinking settings. Show is whether the client wants
// to see thoughts; nil if its format has no such switch or it said nothing.
type Reasoning struct {
	Mode   ReasoningMode
	Effort string // minimal … max
	Budget int64  // tokens
	Show   *bool
	// BetweenTools marks Claude's type between_tools, which is read as auto or a
	// budget.
	BetweenTools bool
}

// level is one rung of the ladder that effort names and budgets share.
type level struct {
	effort string
	budget int64
}

var levels = []level{ //nolint:gochecknoglobals // a read-only table
	{"none", 0},
	{"minimal", 512},
	{"low", 1024},
	{"medium", 8192},
	{"high", 24576},
	{"xhigh", 32768},
	{"max", 65536},
}

// BudgetOf is the budget in tokens that an effort stands for; unknown names
// count as medium.
func BudgetOf(effort string) int64 {
	if i := rank(effort); i >= 0 {
		return levels[i].budget
	}
	return BudgetOf("medium")
}

// EffortOf is the smallest effort whose budget is not below the given one.
func EffortOf(budget int64) string {
	for _, l := range levels {
		if l.budget >= budget {
			return l.effort
		}
	}
	return "max"
}

func rank(effort string) int {
	return slices.IndexFunc(levels, func(l level) bool { return l.effort == effort })
}

// Level is the effort these settings ask for in a format that knows efforts
// only: "" for auto and unset, "none" for off.
func (r Reasoning) Level() string {
	switch r.Mode {
	case ReasoningOff:
		return "none"
	case ReasoningEffort:
		return r.Effort
	case ReasoningBudget:
		return EffortOf(r.Budget)
	default:
		return ""
	}
}

// Tokens is the budget these settings ask for in a format that knows budgets
// only; auto counts as auto.
func (r Reasoning) Tokens(auto int64) int64 {
	switch r.Mode {
	case ReasoningAuto:
		return auto
	case ReasoningEffort:
		return BudgetOf(r.Effort)
	case ReasoningBudget:
		return r.Budget
	default:
		return 0
	}
}

// ParseEffort reads an effort as the APIs spell it; "" if it is not known.
func ParseEffort(s string) string {
	if rank(s) >= 0 {
		return s
	}
	return ""
}
