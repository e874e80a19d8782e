package domain

import "time"

// AuthKind says what a web session may do.
type AuthKind string

// The kinds.
const (
	AuthAdminToken AuthKind = "admin_token" // began with ADMIN_TOKEN; has no user
	AuthWeb        AuthKind = "web"
	AuthReadOnly   AuthKind = "readonly" // of a key that may not use the web UI
)

// AuthSession is a signed-in browser. Only the hash of its token is kept.
type AuthSession struct {
	TokenHash  [32]byte // SHA-256 of the cookie's random value
	Kind       AuthKind
	UserID     UserID // 0 = ADMIN_TOKEN
	KeyID      KeyID
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastSeenAt time.Time
	RevokedAt  time.Time // zero = in force
	IP         string
	UserAgent  string // at most 512 characters
}

// LoginThrottle counts failed sign-ins of one scope: an address, a network or
// a credential.
type LoginThrottle struct {
	Scope         string
	Failures      int
	WindowStartAt time.Time
	LockedUntil   time.Time // zero = not locked
}
