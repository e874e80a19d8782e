package domain

import "time"

// Outcome sums up how a request ended.
type Outcome string

// The outcomes.
const (
	OutcomeSuccess     Outcome = "success"
	OutcomeFailure     Outcome = "failure"
	OutcomeBlocked     Outcome = "blocked"
	OutcomeClientAbort Outcome = "client_abort"
)

// BlockedBy says which guard refused a request.
type BlockedBy string

// The guards that refuse.
const (
	BlockedRequest    BlockedBy = "request" // malformed, or an unknown path
	BlockedAuth       BlockedBy = "auth"
	BlockedModel      BlockedBy = "model"
	BlockedLimit      BlockedBy = "limit"
	BlockedNoProvider BlockedBy = "no_provider"
)

// RequestLog is the record of one request: opened before the upstream is
// called, closed once. StatusCode 0 means it still runs.
type RequestLog struct {
	ID        RequestID
	CreatedAt time.Time
	UserID    UserID
	KeyID     KeyID
	SessionID string
	// SessionSeq counts the session's requests from 1; 0 = refused before the session was known.
	SessionSeq int64
	// Binding is what the request did to its session's binding: 0 = nothing,
	// BindingDropped, else the provider it was bound to.
	Binding ProviderID

	Call     CallRecord
	Result   ResultRecord
	Upstream UpstreamRecord
	Usage    Usage
	Source   UsageSource
	Cost     Money
	Timing   TimingRecord
	Client   ClientRecord

	ConfigVersion int64
	Degraded      []string // what answered only approximately, e.g. "quota"
	IsDemo        bool
	IsReplay      bool // an earlier answer, given again
}

// BindingDropped says that a session lost its provider.
const BindingDropped ProviderID = -1

// CallRecord is what the client asked for.
type CallRecord struct {
	Endpoint string // path as served, at most 256 characters
	Protocol Protocol
	Class    CallClass
	Model    string
	Stream   bool
	Messages int // 0 = not counted
}

// ResultRecord is what the client got.
type ResultRecord struct {
	StatusCode    int
	Inferred      bool // the status was read from the text of a 2xx answer
	Outcome       Outcome
	ErrorCode     string
	ErrorMessage  string // redacted, at most 1000 characters
	BlockedBy     BlockedBy
	BlockedReason string
}

// UpstreamRecord is who served the request.
type UpstreamRecord struct {
	ProviderID      ProviderID // final, 0 = none
	FirstProviderID ProviderID
	ProviderName    string // as it was then; the row outlives the provider
	ProviderType    ProviderType
	ModelSent       string
	ModelReturned   string
	Attempts        int
	CostMultiplier  Multiplier
	GroupMultiplier Multiplier
}

// TimingRecord holds durations from the arrival of the request; zero = not reached.
type TimingRecord struct {
	Queue    time.Duration // waiting for admission
	Duration time.Duration
	TTFB     time.Duration // first upstream byte
	TTFT     time.Duration // first content
}

// ClientRecord is who called.
type ClientRecord struct {
	IP        string
	UserAgent string // at most 512 characters
	Kind      string // e.g. claude-code
	Version   string
}

// RequestDetail is the bulky part of the record, kept for a shorter time.
type RequestDetail struct {
	RequestID RequestID
	Chain     string // JSON array of ChainEntry
	Cost      string // JSON of CostBreakdown; empty = no provider was called
	Special   string // JSON array of SpecialSetting; empty = none
	Error     string // redacted excerpt of the last error, at most 4000 characters
}

// Bare tells whether nothing is known but whose detail it is.
func (d *RequestDetail) Bare() bool {
	return d.Chain == "" && d.Cost == "" && d.Special == "" && d.Error == ""
}

// BegunLog says that an upstream has begun to answer a request, which costs
// something from then on.
type BegunLog struct {
	ID               RequestID
	Attempt          int
	ProviderID       ProviderID
	Model            string // sent upstream
	Estimate         Money  // what is due if nobody will know what it cost
	ProviderEstimate Money  // the same, of the provider
}

// OpenLog is a row whose request has not ended.
type OpenLog struct {
	RequestLog
	Begun *BegunLog // nil: no upstream has begun to answer
}

// FinishedLog is a closed row with its bulky part. Neither may be changed after
// it was handed over.
type FinishedLog struct {
	Log    *RequestLog
	Detail *RequestDetail
}

// LogBatch is what becomes of rows in one step: some are opened, of some an
// upstream has begun to answer, some are closed. A row may be in all three.
type LogBatch struct {
	Started  []*RequestLog
	Begun    []*BegunLog // of a row in order; what comes later counts
	Finished []FinishedLog
}

// Empty tells whether nothing becomes of any row.
func (b LogBatch) Empty() bool { return len(b.Started)+len(b.Begun)+len(b.Finished) == 0 }

// Closed are the rows that the batch closes.
func (b LogBatch) Closed() map[RequestID]bool {
	closed := make(map[RequestID]bool, len(b.Finished))
	for _, f := range b.Finished {
		closed[f.Log.ID] = true
	}
	return closed
}
