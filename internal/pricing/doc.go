// Package pricing turns token counts into money. It owns the price table (rows
// from a file, a sync or an administrator, and which of them wins), the
// resolution of a model name to one set of rates, the cost formula and the
// estimates on which a reservation rests.
//
// Figures are exact decimals inside and whole nano-USD outside: each figure of
// an attempt is rounded once, half to even, from its exact value, so that sums
// of bills agree with each other to the last digit. There is no floating point
// here. Everything is a pure function of its arguments; a [Table] never changes
// once it is built and may be read from many goroutines. What it remembers saves
// time: the rates of a price are derived once (card.go), as decimals, and requests
// multiply them in 128 bits (usd.go) without allocations.
//
// Start with [Tariff.Charge], then [Table.Resolve] and [Bill]. [Prices], the one
// thing here that remembers, keeps the table in force under a configuration. The
// file format is in file.go, those of other price lists in litellm.go and cpt.go.
package pricing
