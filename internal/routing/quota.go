package routing

import (
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// share is how much an upstream account has left for a call.
type share struct {
	known    bool
	headroom float64
	factor   float64 // of the weight
}

// low tells whether the provider is asked only when nobody else of its priority
// is there.
func (s share) low() bool { return s.known && s.headroom < domain.LowHeadroom }

// barred tells whether the provider must not be asked for the call now and until
// when: it is ill, or its account is used up. left is what the account has.
func (in *Input) barred(e *entry, h *domain.ProviderHealth, known bool) (reason string, until time.Time, left share) {
	left.factor = 1
	if reason, until = e.unreachable(in); reason != "" {
		return reason, until, left
	}
	if reason, until = e.ill(in, h, known); reason != "" || !known || h.Account == nil {
		return reason, until, left
	}
	model, _ := e.redirect(in.Model)
	outlook := h.Account.Outlook(model)
	if outlook.Exhausted(in.Now) {
		return FilteredQuota, outlook.Until, left
	}
	return "", time.Time{}, share{known: outlook.Known, headroom: outlook.Headroom, factor: outlook.Factor}
}

// low tells whether every rival's account is nearly used up.
func (t rivals) low() bool {
	for i := range t {
		if !t[i].left.low() {
			return false
		}
	}
	return true
}

// displaces tells whether the candidate, of another tier, is to be drawn from
// rather than the rivals. Within a priority an account with something left goes
// before one that is nearly used up, even if the call has to be converted.
func (c *candidate) displaces(t rivals) bool {
	if c.tier.Priority == t[0].tier.Priority && c.left.low() != t.low() {
		return t.low()
	}
	return c.tier.before(t[0].tier)
}

// plenty tells whether a rival that could be asked has an account that is not
// nearly used up. free says that some are not busy.
func (t rivals) plenty(free bool) bool {
	for i := range t {
		if c := &t[i]; !c.left.low() && (!c.busy || !free) {
			return true
		}
	}
	return false
}
