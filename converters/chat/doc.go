// Package chat reads and writes OpenAI chat completions, in the dialects of
// OpenAI and of the many servers that imitate it.
//
// [Decode] and [NewReader] bring such bytes into the neutral form, [Encode],
// [NewWriter] and [AppendAnswer] print it; errors are in package openai. [Home] takes the
// gateway's own signatures out of a body that stays a chat body.
//
// It owns the format's quirks: results are messages of a role of their own and
// hold text only, tool calls of a stream are keyed by index and arrive in any
// order, thinking is shown but never returned, and signatures of other vendors
// ride in extra_content. It does no I/O and knows no other format.
package chat
