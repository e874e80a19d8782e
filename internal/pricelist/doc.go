// Package pricelist reads price lists of every format that is taken and fetches
// the one that is synced. What a list means is package pricing's business; here
// are the decoder for TOML, the bounds on size and the download.
//
// Start with Read, then Source.
package pricelist
