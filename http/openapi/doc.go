// Package openapi says how the management API's OpenAPI document is made,
// served and written to a file.
//
// The operations themselves are declared in package adminapi; here is only
// what holds for all of them: version 3.1.0, titles, servers, the ways to
// authenticate, and that nothing is fetched from another host. The viewers for
// people, Swagger UI and Scalar, come out of the binary: see viewers.go. Start
// with Config.
package openapi
