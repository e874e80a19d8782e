// Package router spreads requests over a few supervising actors: each starts
// one child per request and knows its live ones by request id.
//
// It bounds how many run and passes messages on; it decides nothing about a
// request. A router that fails is restarted and finds its children again, which
// never notice: no request ends because of it.
//
// Start with Pool.
package router
