package gateway

import (
	"regexp"

	codex "github.com/claude-code-hub/cch/converters/responses"
	"github.com/claude-code-hub/cch/internal/domain"
)

// quirk is what a call is made without because the provider refuses it.
type quirk uint8

const (
	wantsInstructions = quirk(domain.QuirkInstructions)
	noStreamOptions   = quirk(domain.QuirkStreamOptions)
	noCallIDs         = quirk(domain.QuirkCallIDs)
	// noForeignThinking: it cannot verify the signed thinking in this very
	// conversation, which another account was given.
	noForeignThinking quirk = 1 << 7
)

// lasting are the quirks of the provider itself, not of one conversation. Its
// actor remembers them.
const lasting = wantsInstructions | noStreamOptions | noCallIDs

func (q quirk) has(one quirk) bool { return q&one != 0 }

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
