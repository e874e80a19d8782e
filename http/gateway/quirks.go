package gateway

import (
	"regexp"
	"sync"
	"time"

	codex "github.com/claude-code-hub/cch/converters/responses"
	"github.com/claude-code-hub/cch/internal/domain"
)

// quirk is a set of what a provider is found to refuse of requests that others
// of its protocol take.
type quirk uint8

const (
	// wantsInstructions: it takes no instructions but Codex's own.
	wantsInstructions quirk = 1 << iota
	// noStreamOptions: it does not know stream_options.
	noStreamOptions
	// noCallIDs: it does not know ids of function calls, as Vertex.
	noCallIDs
	// noForeignThinking: it cannot verify the signed thinking in this very
	// conversation, which another account was given.
	noForeignThinking
)

// lasting are the quirks of the provider itself, not of one conversation.
const lasting = wantsInstructions | noStreamOptions | noCallIDs

func (q quirk) has(one quirk) bool { return q&one != 0 }

// quirkKept is how long a quirk is believed in before the usual is tried again.
const quirkKept = 24 * time.Hour

var (
	unknownCallID = regexp.MustCompile(`(?is)unknown name .{0,4}\bid\b.{0,120}function_?(call|response)`)
	// The wordings of Anthropic, Google and OpenAI.
	refusedThinking = regexp.MustCompile("(?is)invalid .{0,20}\\bsignature\\b" +
		"|\\bsignature\\b.{0,40}(invalid|not valid|required|corrupted)" +
		"|corrupted thought signature" +
		"|encrypted.content.{0,120}(could not|cannot|can't|invalid)|invalid_encrypted_content" +
		"|redacted_thinking.{0,80}cannot be modified" +
		"|must start with a thinking block" +
		"|expected .?thinking.? or .?redacted_thinking")
	streamOptions = regexp.MustCompile(`(?i)stream_options|include_usage`)
)

// quirkIn reads out of a refusal what of the request it is about, nothing if it
// is about something else.
func quirkIn(refusal string) quirk {
	switch {
	case unknownCallID.MatchString(refusal):
		return noCallIDs
	case refusedThinking.MatchString(refusal):
		return noForeignThinking
	case streamOptions.MatchString(refusal):
		return noStreamOptions
	case codex.WantsInstructions(refusal):
		return wantsInstructions
	}
	return 0
}

// quirks remembers what providers refused, so that every request but the first
// is made right at once. The zero value is ready; safe for concurrent use.
type quirks struct {
	mu    sync.Mutex
	found map[quirkPlace]quirkNote
}

// quirkPlace is a provider as long as it has its address.
type quirkPlace struct {
	id  domain.ProviderID
	url string
}

type quirkNote struct {
	set   quirk
	until time.Time
}

func (s *quirks) of(p *domain.Provider, now time.Time) quirk {
	s.mu.Lock()
	defer s.mu.Unlock()
	if note, ok := s.found[quirkPlace{p.ID, p.URL}]; ok && now.Before(note.until) {
		return note.set
	}
	return 0
}

func (s *quirks) learn(p *domain.Provider, q quirk, now time.Time) {
	if q &= lasting; q == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.found == nil {
		s.found = map[quirkPlace]quirkNote{}
	}
	place := quirkPlace{p.ID, p.URL}
	if old, ok := s.found[place]; ok && now.Before(old.until) {
		q |= old.set
	}
	s.found[place] = quirkNote{set: q, until: now.Add(quirkKept)}
}
