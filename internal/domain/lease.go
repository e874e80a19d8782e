package domain

import "time"

// HeldLease is what one process at a time has, by the clock of the database.
type HeldLease struct {
	Name   string
	Holder string
	Fence  int64         // grows whenever it changes hands, or its holder took it anew
	Left   time.Duration // until it lapses; negative = so long ago
}
