// Package claude reads and writes Anthropic messages: requests, streams, whole
// answers and errors.
//
// [Decode] and [NewReader] bring Anthropic's bytes into the neutral form,
// [Encode], [NewWriter], [AppendAnswer] and [AppendError] print it. [Home]
// takes the gateway's own thinking blocks out of a body that goes to Anthropic
// untouched otherwise.
//
// It owns Anthropic's quirks: max_tokens is a must, thinking excludes sampling
// and forced tools, and every call needs a result in the next turn. It does no
// I/O and knows no other format.
package claude
