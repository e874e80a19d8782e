package domain

// UsageSource says where the token counts of a request come from.
type UsageSource string

// The sources.
const (
	UsageUpstream  UsageSource = "upstream"  // reported, answer complete
	UsagePartial   UsageSource = "partial"   // reported until the answer broke off
	UsageEstimated UsageSource = "estimated" // worked out by us
)

// Usage are the token counts of a request in disjoint buckets.
type Usage struct {
	Input        int64
	Output       int64 // reasoning included
	CacheRead    int64
	CacheWrite5m int64
	CacheWrite1h int64
	Reasoning    int64
}

// IsZero tells whether nothing was counted.
func (u Usage) IsZero() bool { return u == Usage{} }

// Add adds counts.
func (u *Usage) Add(v Usage) {
	u.Input += v.Input
	u.Output += v.Output
	u.CacheRead += v.CacheRead
	u.CacheWrite5m += v.CacheWrite5m
	u.CacheWrite1h += v.CacheWrite1h
	u.Reasoning += v.Reasoning
}

// UsagePass is what one separately priced pass of an answer used, in disjoint
// buckets. Counts are tokens unless named otherwise.
type UsagePass struct {
	Model        string `json:"model,omitempty"` // that made the pass; empty = the model of the answer
	Input        int64  `json:"input,omitempty"`
	CacheRead    int64  `json:"cacheRead,omitempty"`
	CacheWrite5m int64  `json:"cacheWrite5m,omitempty"`
	CacheWrite1h int64  `json:"cacheWrite1h,omitempty"`
	InputImage   int64  `json:"inputImage,omitempty"`
	InputAudio   int64  `json:"inputAudio,omitempty"`
	Output       int64  `json:"output,omitempty"` // reasoning included
	OutputImage  int64  `json:"outputImage,omitempty"`
	OutputAudio  int64  `json:"outputAudio,omitempty"`
	Reasoning    int64  `json:"reasoning,omitempty"` // the part of Output

	WebSearches     int64 `json:"webSearches,omitempty"`
	FileSearches    int64 `json:"fileSearches,omitempty"`
	CodeInterpreter int64 `json:"codeInterpreter,omitempty"` // sessions
	ImagesOut       int64 `json:"imagesOut,omitempty"`       // images, not tokens
}

// Totals are the counts of a log row: media count as plain input and output.
func (p *UsagePass) Totals() Usage {
	return Usage{
		Input: p.Input + p.InputImage + p.InputAudio, Output: p.Output + p.OutputImage + p.OutputAudio,
		CacheRead: p.CacheRead, CacheWrite5m: p.CacheWrite5m, CacheWrite1h: p.CacheWrite1h, Reasoning: p.Reasoning,
	}
}

// Metered is what an answer has to be paid for, as far as the upstream said so.
type Metered struct {
	Passes       []UsagePass // nil = nothing is known. Never changed in place
	ServiceTier  string      // in which it was answered; empty = not named
	Speed        string      // "fast", "standard"; empty = not named
	InferenceGeo string      // "us", …; empty = not named
	// ReportedCost is what the upstream itself says it charges, in USD as a
	// decimal; empty = it does not say.
	ReportedCost string
}

// IsZero tells whether nothing was counted.
func (m *Metered) IsZero() bool {
	for i := range m.Passes {
		p := m.Passes[i]
		p.Model = ""
		if p != (UsagePass{}) {
			return false
		}
	}
	return true
}

// ServiceAsked is the service that a request asks for by name.
type ServiceAsked struct {
	Tier string // priority, flex, …; empty = none
	Fast bool   // the fast mode of Claude's models
}
