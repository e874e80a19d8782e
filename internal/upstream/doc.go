// Package upstream makes the calls that carry a client's request to a provider.
//
// It owns the connection pools, the way to a provider (direct or through a
// proxy), the URL and header rules, the timeouts of a call and the sorting of
// what went wrong into kinds of failure. A call is made once: whether to try
// again, and where, is decided elsewhere.
//
// It refuses to read bodies for meaning, to retry, and to fall silently from a
// proxy to a direct connection. Other outbound calls (price lists, webhooks)
// are not made here.
//
// Start with [Client.Do] in client.go, then destination.go (pools), header.go,
// url.go and watch.go (timeouts).
package upstream
