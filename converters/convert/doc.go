// Package convert puts a reader of one format and a writer of another together.
//
// [Decode] reads a client's request into the neutral form, [Unconvertible]
// tells before a provider is chosen what a target could not carry, and [Encode]
// prints the request for it. Answers come back through an [Exchange]: as a
// stream ([Exchange.Stream]), whole ([Exchange.Whole]), or across the two when
// client and provider disagree ([Exchange.Fold], [Exchange.Unfold]). [Home]
// prepares a body that keeps its format, [Error] words an error for a client,
// [EncodeCount] and [EstimateTokens] find a prompt's size. Gemini and Gemini CLI
// differ by an envelope alone: [Rewrap] moves bodies in and out of it.
//
// There is no code for pairs of formats here: every direction is one of four
// readers and one of four writers. The package does no I/O; every value belongs
// to one request and one goroutine.
package convert
