// Package fixer puts right what of an upstream's answer does not parse: bytes
// that are no UTF-8, frames of an event stream whose field names or blank lines
// were lost, JSON that breaks off.
//
// It is shown one frame or one body and returns what stands in its place, or
// nothing when it cannot be put right. What parses is never touched, and nothing
// is held between frames. It does not know what an answer means: whether a
// mended one is still an answer is for its caller to judge. Start with frame.go.
package fixer
