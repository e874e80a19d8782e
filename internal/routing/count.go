package routing

import "github.com/claude-code-hub/cch/internal/domain"

// Uncountable tells of a token count that nobody could make whether that is
// because no provider knows how to: none speaks a protocol that can be asked, or
// all that were asked have no such endpoint. f is the fault it would end with.
func Uncountable(f *domain.Fault, history []Try) bool {
	if len(history) == 0 {
		return f.Code == domain.CodeUnconvertible || f.Code == domain.CodeNoAvailableProviders
	}
	return all(history, func(t *Try) bool {
		switch t.Status {
		case 404, 405, 501:
			return t.Failure == domain.FailStatus
		}
		return false
	})
}
