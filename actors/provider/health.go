package provider

import (
	"slices"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	publishEvery = 250 * time.Millisecond
	// Others forget what they were told after ten seconds; what is worth
	// remembering is repeated in time.
	heartbeat = 5 * time.Second
)

// health is what others may know. Seq is the publisher's to set.
func (s *state) health(now time.Time) domain.ProviderHealth {
	until, spent := s.purse.spent(&s.limits, now)
	return domain.ProviderHealth{
		Spent: spent, SpentUntil: until,
		ProviderID:      s.id,
		Breaker:         s.breaker.Current(),
		Failures:        s.breaker.Failures,
		OpenUntil:       s.breaker.OpenUntil,
		ClosedAt:        s.breaker.ClosedAt,
		CoolingUntil:    s.cooling.Until,
		CoolingModels:   s.models.told(now),
		ProbesInFlight:  len(s.breaker.Probes),
		InFlight:        s.slots.Len(),
		Sessions:        s.sessions.Len(now),
		RequestLimit:    s.limits.ConcurrentRequests,
		SessionLimit:    s.limits.ConcurrentSessions,
		Account:         s.upstream.look(now),
		LastError:       s.lastError.message,
		LastErrorStatus: s.lastError.status,
		Epoch:           s.epoch,
		At:              now,
	}
}

// publisher decides when health is worth telling: at once when it decides who
// is called, else at most four times a second.
type publisher struct {
	told domain.ProviderHealth
	at   time.Time // zero: nothing was told yet
	seq  int64
}

// due is when h has to be told; zero if there is no need.
func (p *publisher) due(h domain.ProviderHealth, now time.Time) time.Time {
	switch {
	case p.at.IsZero() || p.urgent(h, now):
		return now
	case p.worthTelling(h):
		return p.at.Add(publishEvery)
	case h.Breaker != domain.BreakerClosed, h.InFlight > 0, h.Spent, h.CoolingUntil.After(now):
		return p.at.Add(heartbeat)
	}
	return time.Time{}
}

// next numbers h as the newest that was told.
func (p *publisher) next(h domain.ProviderHealth, now time.Time) domain.ProviderHealth {
	p.seq++
	h.Seq = p.seq
	p.told, p.at = h, now
	return h
}

func (p *publisher) urgent(h domain.ProviderHealth, now time.Time) bool {
	return h.Breaker != p.told.Breaker || h.Spent != p.told.Spent || accountUrgent(p.told.Account, h.Account) ||
		!h.OpenUntil.Equal(p.told.OpenUntil) ||
		!slices.Equal(h.CoolingModels, p.told.CoolingModels) ||
		!h.CoolingUntil.Equal(p.told.CoolingUntil) && (h.CoolingUntil.After(now) || p.told.CoolingUntil.After(now))
}

func (p *publisher) worthTelling(h domain.ProviderHealth) bool {
	t := &p.told
	return h.Failures != t.Failures || h.ProbesInFlight != t.ProbesInFlight ||
		h.RequestLimit != t.RequestLimit || h.SessionLimit != t.SessionLimit ||
		accountMoved(t.Account, h.Account) || h.LastError != t.LastError || h.LastErrorStatus != t.LastErrorStatus ||
		moved(t.InFlight, h.InFlight, h.RequestLimit) || moved(t.Sessions, h.Sessions, h.SessionLimit)
}

// moved tells whether a count differs by more than a twentieth of its limit, or
// reached zero or the limit. Without a limit every change is told.
func moved(from, to, limit int) bool {
	if from == to {
		return false
	}
	return to == 0 || limit > 0 && (to >= limit) != (from >= limit) || 20*abs(to-from) > limit
}

func abs(n int) int { return max(n, -n) }
