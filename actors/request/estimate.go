package request

import (
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

// estimated is the ending of a token count for which nobody is left: the gateway
// answers with a guess of its own if no provider knows how to count, false if
// one that does merely failed. f is what the client would be told otherwise.
func (m *machine) estimated(f *domain.Fault, now time.Time) (ending, bool) {
	if !m.req.Estimable || !routing.Uncountable(f, m.tries) {
		return ending{}, false
	}
	m.record.chain.add(domain.ChainEntry{
		Reason: domain.ReasonEstimated, Timestamp: now.UnixMilli(), StatusCode: 200, Detail: string(f.Code),
	})
	return ending{
		decision: protocol.Decision{Done: &protocol.Done{SessionSeq: m.seq(), Estimate: true}},
		result:   domain.ResultRecord{StatusCode: 200, Outcome: domain.OutcomeSuccess},
	}, true
}
