// Package breaker decides when a provider is left alone. It is pure: states are
// values, time is an argument, and who keeps the state is somebody else's matter.
//
// Three questions are answered here. [Judge] says what an attempt's outcome means
// for the provider's record. [Step] and [Admit] move the circuit breaker itself:
// closed, open, half-open. [Cooling] is the gate beside the breaker for providers
// that asked for a pause, or could not even be dialled.
//
// The package does not count requests, hold slots or know what a session is.
// Start with state.go, which states the transitions as a table.
package breaker
