// Package responses reads and writes OpenAI Responses: requests, streams and
// whole answers. Its error bodies are in package openai.
//
// [Decode] and [NewReader] bring such bytes into the neutral form, [Encode],
// [NewWriter] and [AppendAnswer] print it. [Home] takes the gateway's own
// reasoning items out of a body that stays a Responses body.
//
// It owns the format's quirks: a turn is a list of items, tools may live in
// namespaces or take freeform input, every stream event is numbered and each
// item is said three times, and Codex acts on item.done and on nothing less
// than a terminal event. It does no I/O and knows no other format.
package responses
