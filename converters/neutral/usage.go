package neutral

// Usage is what an upstream reported, in disjoint buckets: no token is counted
// in two of them, except Reasoning, which is information. Counts are tokens
// unless named otherwise and never negative.
type Usage struct {
	Input        int64 // read neither from nor into a cache, text (and video, documents)
	CacheRead    int64
	CacheWrite5m int64 // also writes of vendors without a lifetime
	CacheWrite1h int64
	InputImage   int64
	InputAudio   int64
	Output       int64 // text output, reasoning included
	OutputImage  int64
	OutputAudio  int64

	// Reasoning is the part of Output spent on reasoning; it means something
	// only if ReasoningKnown.
	Reasoning      int64
	ReasoningKnown bool

	WebSearchCalls          int64 // searches, not pages opened
	FileSearchCalls         int64
	CodeInterpreterSessions int64
	ImagesOut               int64 // images, not tokens

	ServiceTier  string // as the upstream named it, "" if it did not
	Speed        string // Claude: "fast" or "standard"
	InferenceGeo string // Claude: "us", …
	Model        string // only where one pass of several names its own model
	// ReportedCost is the cost in USD that the upstream states for itself, as a
	// decimal; "" if it states none.
	ReportedCost string
	// Estimated marks counts made up by Estimate for a stream that was cut.
	Estimated bool
}

// Prompt is the whole input side.
func (u Usage) Prompt() int64 {
	return u.Input + u.CacheRead + u.CacheWrite() + u.InputImage + u.InputAudio
}

// CacheWrite is all that went into a cache, of any lifetime.
func (u Usage) CacheWrite() int64 { return u.CacheWrite5m + u.CacheWrite1h }

// Completion is the whole output side, reasoning included.
func (u Usage) Completion() int64 { return u.Output + u.OutputImage + u.OutputAudio }

// Estimate completes the usage of a stream that was cut: output is at least a
// third of the streamed characters, and input, when nothing was reported
// (found is false), a quarter of the request's text bytes.
func Estimate(u Usage, found bool, outputChars, requestTextBytes int64) Usage {
	if !found {
		u.Input = (requestTextBytes + 3) / 4
	}
	u.Output = max(u.Output, (outputChars+2)/3)
	u.Estimated = true
	return u
}
