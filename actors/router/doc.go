// Package router spreads requests over a few supervising actors: each starts
// one child per request and knows its live ones by request id.
//
// It bounds how many run and passes messages on; it decides nothing about a
// request. A router that fails is restarted and has its children end at once,
// since what it knew of them is gone.
//
// Start with Pool.
package router
