// Package outbound makes the calls this process starts by itself, everything
// but proxied requests: connectivity tests and upstream accounts today,
// price tables and webhooks later.
//
// Every address is checked when it is dialled, after the name was resolved, so
// that no DNS answer can lead into networks that are out of bounds. Redirects
// stay on the host that was asked. Callers choose retries and the policy; what
// an answer means is theirs to judge.
//
// Start with policy.go.
package outbound
