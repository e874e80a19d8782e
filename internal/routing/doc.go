// Package routing decides which provider serves a request and what happens when
// one fails. It owns the filter steps and the draw (choose.go, draw.go), the
// reuse and change of a session's binding (reuse.go, rebind.go), the
// classification of upstream outcomes (classify.go), the failover budgets
// (budget.go) and the verdict a client gets in the end (conclude.go).
//
// Everything here is pure: the catalog, the health of providers, the time and
// the source of randomness are arguments, and every decision comes with its
// reasons, so that the decision chain of a request can be shown and replayed.
// It keeps no state of its own and neither asks nor tells any actor.
//
// Start with Choose and Plan, then Next and Conclude.
package routing
