package neutral

// Thinking is the way a model takes thinking settings.
type Thinking string

// Ways of thinking. Fixed models reason or not by themselves and None cannot:
// for both no setting is printed.
const (
	ThinkingAdaptive Thinking = "adaptive" // Claude from 4.6 on
	ThinkingBudget   Thinking = "budget"   // Claude before that, Gemini 2.5
	ThinkingLevel    Thinking = "level"    // Gemini from 3 on
	ThinkingEffort   Thinking = "effort"   // OpenAI style
	ThinkingFixed    Thinking = "fixed"
	ThinkingNone     Thinking = "none"
)

// Model is what is known of the model a request is sent to.
type Model struct {
	Thinking  Thinking
	Efforts   []string // ascending; empty means that every effort is known
	CanOff    bool     // thinking can be switched off
	MinBudget int64
	MaxBudget int64 // of Gemini; 0 is unknown

	MaxOutput int64 // tokens; 0 is unknown

	NoSampling       bool // takes neither temperature nor top_p nor top_k
	StructuredOutput bool // takes a JSON schema natively
	MidSystem        bool // Claude: takes role system inside messages
	WebSearch        bool // Chat: takes web_search_options

	// SearchBesideTools and MediaInResults tell Gemini 3 from its forerunners.
	SearchBesideTools bool
	MediaInResults    bool

	// NoImage, NoPDF, NoAudio and NoVideo are set only where it is known, not
	// guessed, that the model takes none.
	NoImage, NoPDF, NoAudio, NoVideo bool
}

// ClampEffort moves an effort to one the model knows: the next lower, below the
// lowest the lowest. It reports whether it had to.
func (m *Model) ClampEffort(effort string) (string, bool) {
	if len(m.Efforts) == 0 {
		return effort, false
	}
	want, best := rank(effort), m.Efforts[0]
	for _, e := range m.Efforts {
		if rank(e) <= want {
			best = e
		}
	}
	return best, best != effort
}

// Target is where a request goes: the provider's format, the model's
// capabilities and the provider's conversion settings.
type Target struct {
	Format Format
	// ModelName is the name sent upstream; "" keeps the request's.
	ModelName string
	Model     Model

	DefaultMaxTokens    int64  // Claude; 0 means 32000
	MaxCompletionTokens bool   // Chat: print max_completion_tokens for every model
	DeveloperRole       bool   // Chat: system text as role developer
	AutoCache           bool   // Claude: set breakpoints if the client set none
	CacheBreakpoints    bool   // OpenAI: carry cache_control as breakpoints
	NoStreamOptions     bool   // Chat: the provider refuses stream_options
	NoCallIDs           bool   // Gemini: the provider refuses ids in calls
	Project             string // Gemini CLI
	CacheKey            string // OpenAI: prompt_cache_key if the client gave none
	AlwaysStream        bool   // the provider refuses stream:false
	NeverStream         bool   // a whole answer is wanted, whatever the request says
}

// Name is the model name to print for a request.
func (t *Target) Name(r *Request) string {
	if t.ModelName != "" {
		return t.ModelName
	}
	return r.Model
}

// Streams says whether to ask the provider for a stream.
func (t *Target) Streams(r *Request) bool { return r.Stream && !t.NeverStream || t.AlwaysStream }

// CacheKeyFor is the cache key to print: the client's, else the target's.
func (t *Target) CacheKeyFor(r *Request) string {
	if r.CacheKey != "" {
		return r.CacheKey
	}
	return t.CacheKey
}
