package domain

import "time"

// LogSummary sums up log rows. Requests are all of them; successes and failures
// are told by their outcomes.
type LogSummary struct {
	UsageFigures

	Running int64
	Blocked int64     // refused before a provider was called
	Since   time.Time // when the oldest of them began; zero without rows
}

// LogFacets are what log rows are about, by name.
type LogFacets struct {
	Models    []string // as requested
	Endpoints []string
}

// LogCount counts log rows that began in a bucket.
type LogCount struct {
	At    time.Time // begin of the bucket
	Class int       // hundreds of the status, 0 = running
	Rows  int64
}
