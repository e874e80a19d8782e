package domain

// Quirks is a set of what a provider was found to refuse of requests that others
// of its protocol take. It is stored: a bit never changes its meaning.
type Quirks uint8

// The quirks.
const (
	QuirkInstructions  Quirks = 1 << iota // it takes no instructions but Codex's own
	QuirkStreamOptions                    // it does not know stream_options
	QuirkCallIDs                          // it does not know ids of function calls, as Vertex
	QuirkBilling                          // it refuses Anthropic's billing line in system texts
)
