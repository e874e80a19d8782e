package domain

import (
	"errors"
	"time"
)

// ErrNotPostgres says that a cluster was asked of a database that one process
// alone can have.
var ErrNotPostgres = errors.New("the nodes of a cluster must share a PostgreSQL database")

// MaxNodeNo is the highest number a node of a cluster may have. Number 0 is that
// of a node without a cluster.
const MaxNodeNo = 1<<requestNodeBits - 1

// Node is the number of the node that gave the id out.
func (id RequestID) Node() int { return int(id>>requestSeqBits) & MaxNodeNo }

// ClusterNode is a node of a cluster as its lease tells.
type ClusterNode struct {
	SystemID  string // this membership; a node that joins anew has another
	No        int    // 1..MaxNodeNo; no two nodes have the same, and an address keeps its own
	Process   string // names the running program in leases, however often it joined
	Addr      string // host:port at which other nodes reach it
	Version   string
	StartedAt time.Time // of this membership, by the clock of the database

	// As of the moment the database was asked:
	Age     time.Duration // since the lease was last renewed
	ReadyIn time.Duration // until actors may belong to it; zero or less = they do
}
