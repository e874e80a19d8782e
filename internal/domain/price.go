package domain

import "time"

// ModelPrice is one row of the price history of a model. A row never changes
// but for its end: a new price is a new row, so that every bill can be worked
// out again.
type ModelPrice struct {
	ID        int64
	Model     string
	Source    string // seed, cloud or manual
	Vendor    string
	Mode      string    // chat, image_generation, …
	Data      []byte    // JSON: the model's entry as price lists have it
	ValidFrom time.Time // may be to come
	ValidTo   time.Time // exclusive; zero = for good; not after ValidFrom = never, it was replaced before
	CreatedBy UserID    // 0 = the administrator's token
}
