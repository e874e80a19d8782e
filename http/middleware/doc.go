// Package middleware holds what wraps every request, one concern a file: the
// request id, who the client is behind trusted proxies, recovery from panics,
// the access log and the headers of safe answers.
//
// Nothing here knows a route, a user or a message. Each middleware is a plain
// func(http.Handler) http.Handler and safe for concurrent use; answer writers
// it hands on unwrap for http.ResponseController, so streaming works through.
//
// Start with proxies.go, the one with rules of its own.
package middleware
