package protocol

import "github.com/claude-code-hub/cch/internal/domain"

// LogRecord is the completed row of a request with the settlements it owes.
type LogRecord struct {
	Log     domain.RequestLog
	Detail  domain.RequestDetail
	Settles []QuotaSettle
}
