package quota

import (
	"maps"
	"slices"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

// maxChecks is how many limits bound one request: three and five of money, for
// the user and the key.
const maxChecks = 16

// bounds are the limits in force for a request. Who is not in the catalog has none.
type bounds struct {
	keyID     domain.KeyID
	key, user *domain.Limits // of the catalog
	sessions  int            // of the key
}

// bounds finds the limits of the user and one key, and lays the windows of
// money accordingly.
func (s *state) bounds(catalog *domain.Catalog, key domain.KeyID, now time.Time) bounds {
	b := bounds{keyID: key}
	if u := catalog.User(s.user); u != nil {
		b.user = &u.Limits
	} else {
		b.user = new(domain.Limits)
	}
	if k := catalog.Key(key); k != nil {
		b.key = &k.Limits
	} else {
		b.key = new(domain.Limits)
	}
	// Sessions are the one limit that a key takes over from its user.
	b.sessions = b.key.ConcurrentSessions
	if b.sessions <= 0 {
		b.sessions = b.user.ConcurrentSessions
	}
	s.configure(catalog, key, now)
	return b
}

// checks holds what is in use against the limits. A zero session belongs to a
// call that counts for no session.
func (s *state) checks(dst []limits.Check, b *bounds, session domain.SessionKey, now time.Time) []limits.Check {
	if session.ID != "" {
		dst = append(dst,
			s.sessions.Check(domain.ScopeKey, b.keyID, session, b.sessions, now),
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
	st := &protocol.QuotaState{Epoch: s.book.epoch}
	keys := maps.Clone(s.keys)
	for k := range s.sessions.All(now) {
		keys[k.KeyID] = nil // idle sessions count too
	}
	ids := slices.Sorted(maps.Keys(keys))
	if len(ids) == 0 {
		ids = []domain.KeyID{0} // for the user's own limits
	}
	for i, id := range ids {
		b := s.bounds(catalog, id, now)
		s.show(st, &b, i == 0, now)
	}
	return st
}

// show adds the windows of a key and, if wanted, of the user.
func (s *state) show(st *protocol.QuotaState, b *bounds, user bool, now time.Time) {
	shown := func(scope domain.Scope) (id int64, yes bool) {
		if scope == domain.ScopeKey {
			return int64(b.keyID), b.keyID != 0
		}
		return int64(s.user), user
	}
	var buf [maxChecks]limits.Check
	for _, c := range s.checks(buf[:0], b, domain.SessionKey{KeyID: b.keyID, ID: anySession}, now) {
		if id, yes := shown(c.Scope); yes {
			st.Windows = append(st.Windows, window(c, id))
		}
	}
	if id, yes := shown(domain.ScopeKey); yes {
		st.Windows = moneyWindows(st.Windows, domain.ScopeKey, id, s.meter(b.keyID).spend.Status(b.key, now))
	}
	if id, yes := shown(domain.ScopeUser); yes {
		st.Windows = moneyWindows(st.Windows, domain.ScopeUser, id, s.spend.Status(b.user, now))
	}
}

func moneyWindows(dst []protocol.QuotaWindow, scope domain.Scope, id int64, all []limits.Status) []protocol.QuotaWindow {
	for _, w := range all {
		resets := w.EndAt
		if resets.IsZero() {
			resets = w.FreeAt
		}
		dst = append(dst, protocol.QuotaWindow{
			Scope: scope, ID: id, Limit: w.Limit, Used: int64(w.Used), Reserved: int64(w.Reserved),
			Max: int64(w.Max), ResetAt: toMs(resets),
		})
	}
	return dst
}

func window(c limits.Check, id int64) protocol.QuotaWindow {
	return protocol.QuotaWindow{
		Scope: c.Scope, ID: id, Limit: c.Limit, Used: c.Current, Max: c.Max, ResetAt: toMs(c.ResetAt),
	}
}
