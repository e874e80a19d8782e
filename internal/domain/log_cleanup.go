package domain

import "time"

// LogCleanup selects ended requests whose log rows shall go. A zero field does
// not select; at least one must.
type LogCleanup struct {
	After, Before time.Time // half-open; both by the time in the id
	Users         []UserID
	Providers     []ProviderID // the final ones
	Statuses      []int
	Status        StatusFilter
	OnlyBlocked   bool // refused before an upstream was called
}

// IsZero tells whether nothing is selected.
func (c *LogCleanup) IsZero() bool {
	return c.After.IsZero() && c.Before.IsZero() && len(c.Users) == 0 && len(c.Providers) == 0 && len(c.Statuses) == 0 &&
		c.Status.IsZero() && !c.OnlyBlocked
}
