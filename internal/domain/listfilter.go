package domain

import "time"

// SessionFilter selects sessions, newest use first. A zero field does not filter.
type SessionFilter struct {
	ActiveSince time.Time // last used at or after it
	UserID      UserID
	KeyID       KeyID
	ProviderID  ProviderID
	Model       string
	SessionID   string // exact, or a prefix
	// Before continues a list: sessions last used before it, and those of the
	// same millisecond whose hash is smaller than BeforeHash.
	Before     time.Time
	BeforeHash string
	Limit      int // at most; 0 = 20
}

// BreakerEventFilter selects breaker transitions, newest first. A zero field
// does not filter.
type BreakerEventFilter struct {
	Scope    BreakerScope
	ScopeID  int64     // id of a provider, an endpoint or a vendor
	From, To time.Time // half-open
	Before   int64     // keyset cursor: events with a smaller id
	Limit    int       // at most; 0 = 20
}
