package domain

// AttemptClass is what became of one upstream call; the failover matrix turns
// it into retry, switch or end.
type AttemptClass string

// The classes.
const (
	ClassOK               AttemptClass = "ok"
	ClassClientAbort      AttemptClass = "client_abort"
	ClassProviderError    AttemptClass = "provider_error"
	ClassLocalOverload    AttemptClass = "local_overload"
	ClassSystemError      AttemptClass = "system_error"
	ClassResourceNotFound AttemptClass = "resource_not_found"
	ClassClientError      AttemptClass = "client_error"
	ClassUpstreamRejected AttemptClass = "upstream_rejected"
)

// Synthetic statuses for failures that have none of their own.
const (
	StatusEmptyResponse = 520
	StatusTimeout       = 524
	StatusClientGone    = 499
)

// FailureKind refines a class: what kind of failure it was, for the matrix and
// the breaker.
type FailureKind string

// The failure kinds.
const (
	FailNone         FailureKind = ""
	FailStatus       FailureKind = "status"        // the upstream answered with a non-2xx status
	FailDial         FailureKind = "dial"          // DNS, connect or TLS
	FailProxy        FailureKind = "proxy"         // the upstream proxy could not be reached
	FailReset        FailureKind = "reset"         // the connection broke before or in the answer
	FailTimeout      FailureKind = "timeout"       // first byte, idle or total; status 524
	FailEmpty        FailureKind = "empty"         // 2xx without content; status 520
	FailFake200      FailureKind = "fake_200"      // 2xx that carries an error
	FailGate         FailureKind = "gate"          // the stream showed an error or nothing before content
	FailStreamBroken FailureKind = "stream_broken" // broke after commit
	FailRequest      FailureKind = "request"       // the call could not be made (bad URL, bad proxy URL)
	FailInternal     FailureKind = "internal"      // our own code failed during the call
)
