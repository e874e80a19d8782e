// Package adminapi is the management API under /api/v1: signing in, users,
// keys, providers, groups, request logs, sessions, limits and settings.
//
// Every operation is declared once, with method, path, level and types; the
// OpenAPI document is made from the same declaration. Nothing is open unless
// its operation says so: level.go names the levels, guard.go enforces them.
// Bodies are validated as a whole before anything is written, unknown fields
// are refused, and a write answers only after this node's catalog holds it.
//
// It decides nothing about proxied requests and keeps no state beyond counters
// of failed sign-ins. Storage and actors are the small interfaces of deps.go.
//
// Types that others embed are exported because the schema generator leaves
// unexported embedded ones out.
//
// Start with api.go, then users.go for the pattern of a resource.
package adminapi
