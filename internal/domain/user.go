package domain

import "time"

// Role is what a user may do in the management API.
type Role string

// The roles.
const (
	RoleUser  Role = "user"
	RoleAdmin Role = "admin"
)

// DefaultGroup is the group of whoever names none; GroupAll matches every provider.
const (
	DefaultGroup = "default"
	GroupAll     = "*"
)

// User owns keys and limits.
type User struct {
	ID          UserID
	Version     int
	Name        string
	Description string
	Role        Role
	Enabled     bool
	ExpiresAt   time.Time // zero = never
	Limits      Limits
	// CostMultiplier is the last factor of what a request is charged.
	CostMultiplier Multiplier
	Groups         []string // in order; the order decides the cost multiplier
	AllowedModels  []string // empty = any; exact, ignoring case
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Key is a client's credential. Only its hash is kept.
type Key struct {
	ID            KeyID
	Version       int
	UserID        UserID
	Name          string
	Hash          [32]byte // SHA-256 of the credential
	Prefix        string   // first characters, shown
	Last4         string   // last characters, shown
	Enabled       bool
	ExpiresAt     time.Time // zero = never
	CanLoginWebUI bool
	CacheTTL      CacheTTL
	Limits        Limits
	Groups        []string // empty = the user's
	CreatedAt     time.Time
	UpdatedAt     time.Time
	LastUsedAt    time.Time // zero = never
}

// EffectiveGroups are the groups a request of this key and user may use: the
// key's, else the user's, else the default group.
func EffectiveGroups(k *Key, u *User) []string {
	switch {
	case len(k.Groups) > 0:
		return k.Groups
	case len(u.Groups) > 0:
		return u.Groups
	}
	return []string{DefaultGroup}
}

// CredentialFault says why key and user may not be used at now, or nil.
func CredentialFault(k *Key, u *User, now time.Time) *Fault {
	switch {
	case !k.Enabled:
		return NewFault(KindUnauthenticated, CodeKeyDisabled, "this API key is disabled")
	case expired(k.ExpiresAt, now):
		return NewFault(KindUnauthenticated, CodeKeyExpired, "this API key has expired")
	case !u.Enabled:
		return NewFault(KindUnauthenticated, CodeUserDisabled, "the user of this API key is disabled")
	case expired(u.ExpiresAt, now):
		return NewFault(KindUnauthenticated, CodeUserExpired, "the user of this API key has expired")
	}
	return nil
}

func expired(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }

// Group is a set of providers that users and keys are let into.
type Group struct {
	ID             GroupID
	Version        int
	Name           string
	CostMultiplier Multiplier
	Description    string
}
