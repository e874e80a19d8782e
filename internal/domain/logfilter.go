package domain

import "time"

// LogFilter selects request logs. A zero field does not filter.
type LogFilter struct {
	From, To    time.Time // half-open; both by the time in the id
	UserID      UserID
	KeyID       KeyID
	ProviderID  ProviderID // the final one
	SessionID   string     // exact, or a prefix
	RequestID   RequestID
	Model       string // as requested or as sent
	Status      StatusFilter
	ErrorsOnly  bool   // ended with a status of 400 or more
	Text        string // part of the error text, ignoring case
	Refusals    bool   // the text is looked for in refusals alone, which are the hub's own words
	Outcome     Outcome
	BlockedBy   BlockedBy
	Endpoint    string
	MinAttempts int
	MinDuration time.Duration
	Client      string // client kind
	Demo        *bool
	Replay      *bool
	Before      RequestID // keyset cursor: rows older than it; 0 = from the newest
	Limit       int       // rows at most; 0 = 20
}

// StatusFilter is a range of status codes, or everything but one code.
type StatusFilter struct {
	Min, Max int // inclusive; both 0 = any
	Not      bool
}

// IsZero tells whether any status will do.
func (f StatusFilter) IsZero() bool { return f == StatusFilter{} }

// Matches tells whether the filter lets a status pass.
func (f StatusFilter) Matches(status int) bool {
	return f.IsZero() || (status >= f.Min && status <= f.Max) != f.Not
}

// ParseStatusFilter reads `200`, `4xx` and `non-200`.
func ParseStatusFilter(s string) (StatusFilter, error) {
	invalid := NewFault(KindInvalid, "", "a status is written 200, 4xx or non-200")
	text, not := s, false
	if len(text) > 4 && text[:4] == "non-" {
		text, not = text[4:], true
	}
	if len(text) != 3 || text[0] < '1' || text[0] > '9' {
		return StatusFilter{}, invalid
	}
	if text[1:] == "xx" {
		low := int(text[0]-'0') * 100
		return StatusFilter{Min: low, Max: low + 99, Not: not}, nil
	}
	code := 0
	for _, d := range []byte(text) {
		if d < '0' || d > '9' {
			return StatusFilter{}, invalid
		}
		code = code*10 + int(d-'0')
	}
	return StatusFilter{Min: code, Max: code, Not: not}, nil
}
