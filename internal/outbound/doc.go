// Package outbound makes the calls this process starts by itself, everything
// but proxied requests: connectivity tests, upstream accounts, price tables and
// media that requests point at.
//
// Every address is checked when it is dialled, after the name was resolved, so
// that no DNS answer can lead into networks that are out of bounds. Redirects
// stay on the host that was asked, but for calls without credentials. Callers choose retries and the policy; what
// an answer means is theirs to judge.
//
// Start with policy.go.
package outbound
