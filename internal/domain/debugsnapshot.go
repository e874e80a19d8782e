package domain

import "time"

// DebugSnapshot is what went over the wire for one request, before and after the
// hub's own changes. Credentials are masked, and texts where the operator does
// not want them kept. It lives in the memory of one node for some minutes.
type DebugSnapshot struct {
	RequestID RequestID
	Session   SessionKey
	Seq       int64
	At        time.Time
	Provider  ProviderID // whose call Upstream is; 0 = none was made
	Attempt   int
	Client    DebugExchange
	Upstream  DebugExchange
}

// DebugExchange is a request and its answer.
type DebugExchange struct{ Request, Response DebugMessage }

// DebugMessage is one side of an exchange. The zero value was never sent.
type DebugMessage struct {
	Method    string // of a request
	URL       string // of a request, without credentials
	Status    int    // of an answer
	Headers   map[string]string
	Body      string
	Truncated bool // Body is its beginning only
}
