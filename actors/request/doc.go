// Package request runs one proxied request: it admits it with the user's quota
// actor and the session's actor, picks a provider and takes a slot there, tells
// the HTTP goroutine which upstream call to make, decides from its outcome
// whether to retry, switch or end, and hands the finished record to the
// recorder before the client's last answer.
//
// The actor decides, the HTTP goroutine does: no socket, no body and no context
// comes here. The decisions are a state machine without any I/O (machine.go and
// the files of its states), which has its effects done by whoever drives it;
// actor.go drives it with actors, the tests with a list.
//
// An actor that is gone, slow or failing never blocks a request: each of the
// three asks has a deadline and an answer of its own, noted as degraded in the
// record. Leases survive every way out: they are handed to the keeper before
// they are asked for.
//
// Start with machine.go, then admission.go, selection.go, attempt.go, settle.go.
package request
