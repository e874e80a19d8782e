// Package neutral is the form in the middle of every conversion, and the one
// place where an upstream's own bytes are read for facts.
//
// It owns the canonical request ([Request]), the canonical response events
// ([Event]), what a conversion loses ([Drops]) or cannot carry ([Caps]), the
// carriers that bring a vendor's signatures home ([Sig]), and the read-only
// [Tap] that takes usage, verdicts and completion markers out of frames and
// bodies of any format, converted or not.
//
// It knows no format's way of writing and does no I/O. The packages claude,
// chat, responses and gemini read into it and write from it; convert puts a
// reader and a writer together. Values belong to one request and are not
// shared between goroutines.
package neutral
