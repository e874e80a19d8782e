// Package gemini reads and writes Google's generateContent, bare or inside the
// Code Assist envelope of Gemini CLI: requests, streams, whole answers and
// errors.
//
// [Decode] and [NewReader] bring such bytes into the neutral form, [Encode],
// [NewWriter], [AppendAnswer] and [AppendError] print it. [Wrap] and [Unwrap]
// move a request between the two envelopes without touching the rest, and
// [Home] takes the gateway's own signatures out of a body that stays Gemini's.
// [Splitter] reads a stream that is one JSON array.
//
// It owns the format's quirks: model and stream switch are in the path, calls
// may lack ids, schemas come in two dialects, a stream has no end marker, and
// clients give back nothing but the signature of a call. It does no I/O and
// knows no other format.
package gemini
