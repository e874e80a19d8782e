package pricing

// State says how a ledger row came to its amount.
type State string

// The states. NotBilled comes with a reason of the caller's.
const (
	StateBilled       State = "billed"
	StateFree         State = "free"     // priced, and the price is nothing
	StateUnpriced     State = "unpriced" // no price known; billed again when there is one
	StateEstimated    State = "estimated"
	StateMissingUsage State = "missing_usage" // answered well, but nothing reported
	StateNotBilled    State = "not_billed"
)

// Evidence is how the usage of an answer is known.
type Evidence int

// The kinds of evidence.
const (
	EvidenceNone      Evidence = iota // nothing was reported
	EvidenceEstimated                 // worked out by us
	EvidenceReported
)

// StateOf is the state of a row that is billed; p is nil if there is no price.
func StateOf(p *Price, c *Cost, by Evidence) State {
	switch {
	case p == nil:
		return StateUnpriced
	case by == EvidenceEstimated:
		return StateEstimated
	case c.Base > 0 && c.Charge > 0:
		return StateBilled
	case by == EvidenceNone && c.Base == 0:
		return StateMissingUsage
	}
	return StateFree
}
