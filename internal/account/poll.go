package account

import (
	"net/http"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	longestPoll = 6 * time.Hour
	// PollSoon is how long after a refusal for want of quota the account is asked.
	PollSoon = 5 * time.Second
	// pollGap is the least time between two calls that nobody ordered.
	pollGap = time.Minute
)

// Polling is how asking an account went so far. The zero value was never asked
// and is due.
type Polling struct {
	Status    domain.AccountStatus
	Error     string
	FetchedAt time.Time
	LastOKAt  time.Time
	Refusals  int // in a row
	At        time.Time
}

// After is the polling after a reading. draw, 0 to 1, spreads the next one.
func (p Polling) After(r *domain.AccountReading, draw float64) Polling {
	p.FetchedAt, p.Error = r.At, r.Error
	every := time.Duration(float64(PollEvery) * (0.8 + 0.4*draw))
	if r.Error == "" {
		p.Status, p.LastOKAt, p.Refusals, p.At = domain.AccountOK, r.At, 0, r.At.Add(every)
		return p
	}
	p.Status = domain.AccountFailed
	switch r.Status {
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		p.Status = domain.AccountUnsupported
		fallthrough
	case http.StatusUnauthorized, http.StatusForbidden:
		every = min(every<<min(p.Refusals, 6), longestPoll)
		p.Refusals++
	default:
		p.Refusals = 0
	}
	p.At = r.At.Add(max(every, min(r.RetryAfter, longestPoll)))
	return p
}

// Hurry asks for the account to be asked soon: a call was refused. An account
// that does not let itself be asked is not hurried.
func (p Polling) Hurry(now time.Time) Polling {
	if p.Refusals > 0 {
		return p
	}
	at := now.Add(PollSoon)
	if earliest := p.FetchedAt.Add(pollGap); earliest.After(at) {
		at = earliest
	}
	if at.Before(p.At) {
		p.At = at
	}
	return p
}
