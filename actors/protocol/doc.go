// Package protocol holds the messages that cross actor packages, one file per
// receiving actor. It is data only: no behaviour, no references to actors, no
// context, no request or response body and no secret.
//
// Messages are sent as pointers and never changed after sending. Times are Unix
// milliseconds, money is nano-USD. Messages marked wire may cross nodes: their
// fields are only ever added, never renamed or given another meaning.
package protocol
