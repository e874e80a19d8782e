package protocol

import (
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Admit asks a router to run a request. It is local: it shares the pinned
// catalog by pointer.
type Admit struct {
	Request *Request
	Catalog *domain.Catalog
}

// Request is the parsed head of a proxied call. It is immutable once sent.
type Request struct {
	ID            domain.RequestID
	ReceivedAt    time.Time
	Key           *domain.Key
	User          *domain.User
	Groups        []string // effective groups, in order
	Session       domain.SessionKey
	SessionSource domain.SessionSource
	Protocol      domain.Protocol
	Class         domain.CallClass
	Model         string
	Stream        bool
	Messages      int
	Client        domain.ClientFacts
	Pinned        domain.ProviderID // what the call is about is at this provider alone; 0 = anywhere
	Nominee       domain.Nominee
	Service       domain.ServiceAsked
	Demand        Demand
	Special       []domain.SpecialSetting // what the record shall say of the request itself
	Guards        []domain.GuardTime      // steps before that took long; usually none
	Verbatim      bool                    // the body goes upstream as it came, whatever the provider calls the model
	// Lacks names what the call needs and a provider of another protocol cannot
	// carry, "" if it can carry all. nil: the call cannot be converted at all. It
	// reads nothing that may change and costs next to nothing.
	Lacks func(p *domain.Provider, model string) string
	// Estimable says that the gateway can answer by itself, roughly, where no
	// provider knows how to.
	Estimable bool
	Seed      uint64 // seeds the provider draw, so that it can be replayed

	// Log is the head of the log row as the gateway opened it; the request
	// actor completes a copy.
	Log domain.RequestLog
}

// Demand is what a call may use, judged by its body.
type Demand struct {
	TextBytes int64 // encoded media is not text
	Images    int64
	PDFBytes  int64 // decoded
	MaxOutput int64 // tokens; 0 = the call does not say
}

// Decision tells the HTTP goroutine what to do next. Exactly one field is set.
type Decision struct {
	Attempt *Attempt
	Reject  *Reject
	Done    *Done
	Await   bool // nothing: a call is under way, and what comes of it decides
}

// Attempt asks for one upstream call. Settings and credential of the provider
// come from the catalog that the request pinned.
type Attempt struct {
	N          int // 1 for the first
	ProviderID domain.ProviderID
	Lease      domain.LeaseID
	Model      string // to send upstream
	Redirected bool   // Model differs from the client's
	// BaseURL is the endpoint to call; empty = the provider's own URL.
	BaseURL string
	// Convert is the provider's protocol where it is not the client's; empty:
	// nothing is to be converted.
	Convert domain.Protocol
	Wait    time.Duration // before the call
	// HedgeAfter is when to ask, with HedgeDue, for a second call beside this one
	// if it has shown no content by then; 0 = never.
	HedgeAfter time.Duration
	Quirks     domain.Quirks // what the provider is known to refuse
	SessionSeq int64
	Degraded   []string
	// Begun is to be recorded once the upstream begins to answer.
	Begun domain.BegunLog
}

// Reject ends the request without an answer from upstream. The log row is
// journaled already.
type Reject struct {
	Fault    *domain.Fault
	Degraded []string
}

// Done ends the request; the log row is journaled already.
type Done struct {
	SessionSeq int64
	Estimate   bool // the client has no answer yet: the gateway's own estimate is it
}

// AttemptResult reports what became of an attempt. Local; never holds a body.
type AttemptResult struct {
	N              int
	Class          domain.AttemptClass
	Failure        domain.FailureKind
	Status         int // upstream's or synthetic; 0 = none
	StatusInferred bool
	Committed      bool // a byte of the answer reached the client
	Unrepeatable   bool // the request's body is used up: nobody else can be asked
	Complete       bool // a 2xx that showed its completion marker
	Lost           bool // another call of the request had answered by then
	RetryAfter     time.Duration
	Matrix         MatrixFacts
	Usage          domain.Usage
	UsageSource    domain.UsageSource
	Metered        domain.Metered // what Usage sums up, in full
	// Service is what the call asked the provider for; nil = what the client asks for.
	Service       *domain.ServiceAsked
	ModelReturned string
	StartedAt     time.Time
	TTFB          time.Duration // from StartedAt; 0 = no byte
	TTFT          time.Duration // from StartedAt; 0 = no content
	Took          time.Duration
	Dialed        *domain.Dialed // nil = a connection was there
	EndpointURL   string         // scheme and host only
	Excerpt       string         // redacted, at most 2000 characters
	// Request is the call that failed, redacted; System what the network said of
	// it. Nil where there is nothing to say.
	Request *domain.RequestErrorDetails
	System  *domain.SystemErrorDetails
	// Detours are ways to the provider that failed before the one that was taken.
	Detours []Detour
	Gate    *domain.StreamGateAudit
	// Upstream is the upstream's refusal when it may have to go to the client.
	Upstream *domain.UpstreamFault
	// Quotas are what the answer told of the provider's account; nil = nothing.
	Quotas []domain.ProviderQuota
	// Drops are codes of what a conversion left out, in the request and in as
	// much of the answer as there was.
	Drops []string
	// Special is what the gateway did to the call on its own account.
	Special []domain.SpecialSetting
	Quirks  domain.Quirks // of the provider, found out by the call
}

// Detour is a way to a provider that failed and was gone around.
type Detour struct {
	Reason domain.ChainReason
	Why    domain.SystemErrorDetails
}

// MatrixFacts are what the classification saw beyond class and status.
type MatrixFacts struct {
	ContextTooLong bool
	MatchedRule    string // pattern that matched, if any
	Rule           *domain.MatchedRule
}

// HedgeDue says that attempt N has shown no content for as long as it was given.
// The answer is a second attempt to be made at the same time, or to await the
// first.
type HedgeDue struct {
	ReqID domain.RequestID
	N     int
}

// ClientGone says that the client left while no attempt was running. Whoever
// asks it is answered once the record is journaled.
type ClientGone struct{ ReqID domain.RequestID }

// Abort tells a request actor to end at once. Whoever asks it is answered once
// the record is journaled.
type Abort struct {
	ReqID domain.RequestID
	Why   string
}

// CancelRequests asks for running requests to be ended (wire).
type CancelRequests struct {
	IDs []domain.RequestID
	Why string
}
