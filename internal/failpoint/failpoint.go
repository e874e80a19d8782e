// Package failpoint ends the process at named places, as kill -9 would, to show
// that nothing is lost there. Without the build tag failpoints a place costs
// nothing: Hit is empty. With it, CCH_FAILPOINT=name:n ends the process when the
// place is reached for the n-th time.
package failpoint

// The places.
const (
	BeforeFirstByte    = "before_first_byte"    // of an answer to the client
	MidStream          = "mid_stream"           // the client has a part of a stream
	BeforeLedgerCommit = "before_ledger_commit" // rows are numbered, the ledger has none of them
	AfterLedgerCommit  = "after_ledger_commit"  // the ledger has them, nobody knows
)
