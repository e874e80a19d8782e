// Package server listens, routes and stops.
//
// routes.go is the table of contents of everything this process answers over
// HTTP; each part is a handler made elsewhere. health.go tells whether the node
// can serve, drain.go how it stops without breaking streams. The server owns
// the listener and nothing of what is served: it neither authenticates nor
// reads a body.
//
// Start with routes.go.
package server
