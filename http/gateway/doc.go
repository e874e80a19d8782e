// Package gateway is the HTTP side of the data plane: it takes a client's call,
// has a request actor decide about it, and carries bytes between the client and
// the provider that was chosen.
//
// It owns sockets, bodies and the client's side of every answer. It decides
// nothing that depends on shared state: limits, sessions, providers, retries
// and the record of a request are the actor's, reached through [Dispatcher];
// what an upstream outcome means is internal/routing's. A wire protocol is one
// value of type dialect, in a file of its own; between two of them stand
// convert.go and its neighbours.
//
// Start with pipeline.go; each of its steps is the file of the same name.
package gateway
