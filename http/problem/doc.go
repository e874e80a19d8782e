// Package problem turns faults into what a caller reads. It is the one place
// that knows HTTP statuses and the error bodies of the client protocols.
//
// The data plane's side is [Write] (before the first byte of an answer: status,
// headers and a body in the client's own protocol) and [Frame] (afterwards: an
// error inside the running event stream). The table of codes is table.go.
//
// It refuses to show causes: only a fault's Detail and Limit, which are safe by
// contract, and an upstream's own refusal where the fault carries one.
package problem
