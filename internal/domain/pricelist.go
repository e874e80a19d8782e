package domain

import "time"

// PriceCatalog is the cloud price list that was taken over last.
type PriceCatalog struct {
	URL       string
	Version   string // as the list names it
	ETag      string
	Models    int    // with a price
	Refreshed string // when the list was made, in its own words
	SyncedAt  time.Time
}

// PriceHold is a change of a price that a sync would have made, which waits for
// an administrator.
type PriceHold struct {
	Model     string
	Data      []byte // the entry that would come into force; empty = the price would end
	Reason    string // why it is held
	Rejected  bool   // an administrator does not want it; it is not proposed again
	CreatedAt time.Time
}

// PriceBatch changes prices of one source in one transaction.
type PriceBatch struct {
	Source  string
	Put     []ModelPrice  // come into force now, in place of what was to come; Source and times are filled in
	Since   time.Time     // of first rows of a model from the source; zero = now
	End     []string      // models whose price of the source ends
	Unpin   []string      // models whose manual price ends
	Catalog *PriceCatalog // nil = as it is
	Holds   []PriceHold   // replace those that are there; nil = as they are
}

// PriceSync says how a list is to be taken over.
type PriceSync struct {
	DryRun bool // say what would change, and change nothing
	// Overwrite names models whose manual price may be replaced; "*" = all.
	Overwrite []string
	By        UserID // 0 = the administrator's token, or nobody
}

// PriceReport is what came of a list, or would come of it.
type PriceReport struct {
	Format     string
	Version    string
	Unmodified bool // the server says that nothing changed
	Models     int  // with a price, in the list
	Added      int
	Updated    int
	Ended      int // they are not in the list any more
	Unchanged  int
	Held       int             // changes that wait for approval
	Conflicts  []PriceConflict // manual prices that stay as they are
	Failed     []string        // models without a usable price
}

// PriceConflict is a manual price beside one that a list brings.
type PriceConflict struct {
	Model   string
	Manual  []byte // entries, as JSON
	Offered []byte
}

// PriceStatus is how the sync stands.
type PriceStatus struct {
	URL      string // empty = switched off
	Catalog  PriceCatalog
	Running  bool
	TriedAt  time.Time // zero = not since the start
	Error    string    // of the last try; empty = it went well
	Last     PriceReport
	NextAt   time.Time // zero = switched off
	SeedDate string
}

// ModelUse is a model that requests were made with.
type ModelUse struct {
	Requested string // by the client that used it last
	Sent      string
	LastAt    time.Time
	Requests  int
}
