package domain

import "time"

// Bounds of what is remembered of one user.
const (
	MaxPreferences     = 64
	MaxPreferenceBytes = 16 << 10 // of one value
)

// Preference is something a dashboard remembers of a user.
type Preference struct {
	Name      string
	Value     string // JSON
	UpdatedAt time.Time
}
