// Package bus spreads what everybody may want to know: the health of
// providers, that configuration changed, and events for whoever watches.
//
// It owns the node's view of provider health, read without locks on the
// request path, and the local event stream. Publishing never blocks and never
// fails: a subscriber that is too slow loses its oldest events and a counter
// says so. Nothing here may be relied on for correctness: truth is with the
// actors and in the store.
//
// Start with Bus. HealthView is what the picker reads; Subscriber is what the
// dashboard, notifications and exporters implement.
package bus
