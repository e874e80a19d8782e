package quota

import (
	"maps"
	"slices"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

// maxChecks is how many limits bound one request.
const maxChecks = 6

// bounds are the limits in force for a request. Who is not in the catalog has none.
type bounds struct {
	keyID     domain.KeyID
	key, user domain.Limits
}

func boundsOf(catalog *domain.Catalog, user domain.UserID, key domain.KeyID) bounds {
	b := bounds{keyID: key}
	if u := catalog.User(user); u != nil {
		b.user = u.Limits
	}
	if k := catalog.Key(key); k != nil {
		b.key = k.Limits
	}
	// Sessions are the one limit that a key takes over from its user.
	if b.key.ConcurrentSessions <= 0 {
		b.key.ConcurrentSessions = b.user.ConcurrentSessions
	}
	return b
}

// checks holds what is in use against the limits. A zero session belongs to a
// call that counts for no session.
func (s *state) checks(dst []limits.Check, b bounds, session domain.SessionKey, now time.Time) []limits.Check {
	if session.ID != "" {
		dst = append(dst,
			s.sessions.Check(domain.ScopeKey, b.keyID, session, b.key.ConcurrentSessions, now),
			s.sessions.Check(domain.ScopeUser, 0, session, b.user.ConcurrentSessions, now))
	}
	key := s.meter(b.keyID)
	return append(dst,
		limits.CheckRequests(domain.ScopeKey, key.inFlight, b.key.ConcurrentRequests),
		limits.CheckRequests(domain.ScopeUser, s.open.Len(), b.user.ConcurrentRequests),
		key.rate.Check(domain.ScopeKey, b.key.RPM, now),
		s.rate.Check(domain.ScopeUser, b.user.RPM, now))
}

// anySession stands for a new session where limits are only read.
const anySession = "\x00"

// usage is the state of every limit of the user and of the keys used lately. A
// key that is not listed has nothing in use.
func (s *state) usage(catalog *domain.Catalog, now time.Time) *protocol.QuotaState {
	s.prune(now)
	st := &protocol.QuotaState{Epoch: s.epoch}
	keys := maps.Clone(s.keys)
	for k := range s.sessions.All(now) {
		keys[k.KeyID] = nil // idle sessions count too
	}
	ids := slices.Sorted(maps.Keys(keys))
	if len(ids) == 0 {
		ids = []domain.KeyID{0} // for the user's own limits
	}
	var buf [maxChecks]limits.Check
	for i, id := range ids {
		session := domain.SessionKey{KeyID: id, ID: anySession}
		for _, c := range s.checks(buf[:0], boundsOf(catalog, s.user, id), session, now) {
			switch {
			case c.Scope == domain.ScopeKey && id != 0:
				st.Windows = append(st.Windows, window(c, int64(id)))
			case c.Scope == domain.ScopeUser && i == 0:
				st.Windows = append(st.Windows, window(c, int64(s.user)))
			}
		}
	}
	return st
}

func window(c limits.Check, id int64) protocol.QuotaWindow {
	return protocol.QuotaWindow{
		Scope: c.Scope, ID: id, Limit: c.Limit, Used: c.Current, Max: c.Max, ResetAt: toMs(c.ResetAt),
	}
}
