package gateway

import (
	"github.com/claude-code-hub/cch/http/gateway/scan"
	"github.com/claude-code-hub/cch/internal/domain"
)

// readEffort reads the effort out of the object that has it.
func (h *head) readEffort(c *scan.Cursor) {
	for field := range c.Members() {
		if string(field) == "effort" {
			h.effort, _ = c.Text()
		}
	}
}

// maxEffort is longer than the name of any effort.
const maxEffort = 32

// effortAsked is what the record says of the effort that the client asks for;
// what becomes of it on the way to a provider is told with the attempts.
func (x *exchange) effortAsked() []domain.SpecialSetting {
	if x.head.effort.IsZero() || !x.target.judged() {
		return nil
	}
	what := domain.SpecialClaudeEffort
	if x.target.protocol == domain.ProtocolResponses {
		what = domain.SpecialCodexEffort
	}
	return []domain.SpecialSetting{{Type: what, Effort: clip(x.head.effort.String(), maxEffort)}}
}
