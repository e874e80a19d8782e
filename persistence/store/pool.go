package store

import (
	"cmp"
	"time"
)

// PoolLimits bound what the store takes of a database server. Zero values stand
// for the defaults. The embedded engine has none of it.
type PoolLimits struct {
	Connections int           // at most, readers and writers together; 20
	Idle        time.Duration // after which a connection is given up; 20 s
	Connect     time.Duration // longest wait for a new connection; 10 s
	Statement   time.Duration // longest statement; 90 s, reads 10 s
	Lock        time.Duration // longest wait for a lock; 5 s
}

func (l PoolLimits) withDefaults() PoolLimits {
	return PoolLimits{
		Connections: cmp.Or(l.Connections, 20),
		Idle:        cmp.Or(l.Idle, 20*time.Second),
		Connect:     cmp.Or(l.Connect, 10*time.Second),
		Statement:   cmp.Or(l.Statement, 90*time.Second),
		Lock:        cmp.Or(l.Lock, 5*time.Second),
	}
}
