// Package declaration carries the configuration of a hub as one YAML document:
// it writes down what is there, works out what a document would change, and
// makes those changes.
//
// It speaks to a running hub by its management API, so that everything is
// validated, takes effect at once and is the same from afar. Which fields can
// be written it reads in the hub's own OpenAPI document. Things are known by
// name; what a document does not name stays as it is, and nothing is deleted.
//
// Credentials are not in what it writes, as the API never shows them. A document
// may have them as ${VARIABLE}. Start with document.go.
package declaration
