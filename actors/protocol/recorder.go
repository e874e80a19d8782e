package protocol

import "github.com/claude-code-hub/cch/internal/domain"

// Begun is journaled at the first upstream byte of an attempt.
type Begun struct {
	ReqID   domain.RequestID
	Attempt int
	T       int64
}

// LogRecord is the completed row of a request with the settlements it owes.
type LogRecord struct {
	Log     domain.RequestLog
	Detail  domain.RequestDetail
	Settles []QuotaSettle
}
