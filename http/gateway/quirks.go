package gateway

import (
	"net/http"
	"regexp"
	"strings"

	codex "github.com/claude-code-hub/cch/converters/responses"
	"github.com/claude-code-hub/cch/internal/domain"
)

// quirk is what a call is made without because the provider refuses it.
type quirk uint8

const (
	wantsInstructions = quirk(domain.QuirkInstructions)
	noStreamOptions   = quirk(domain.QuirkStreamOptions)
	noCallIDs         = quirk(domain.QuirkCallIDs)
	noBilling         = quirk(domain.QuirkBilling)
	// The rest is about one conversation. noForeignThinking: the provider cannot
	// verify its signed thinking, which another account was given.
	noEffort          quirk = 1 << 5 // together with thinking that is off
	noSmallBudget     quirk = 1 << 6
	noForeignThinking quirk = 1 << 7
)

// lasting are the quirks of the provider itself, not of one conversation. Its
// actor remembers them.
const lasting = wantsInstructions | noStreamOptions | noCallIDs | noBilling

func (q quirk) has(one quirk) bool { return q&one != 0 }

var (
	unknownCallID = regexp.MustCompile(`(?is)unknown name .{0,4}\bid\b.{0,120}function_?(call|response)`)
	// The wordings of Anthropic, Google and OpenAI.
	refusedThinking = regexp.MustCompile("(?is)invalid .{0,20}\\bsignature\\b" +
		"|\\bsignature\\b.{0,40}(invalid|not valid|required|corrupted|extra inputs)" +
		"|corrupted thought signature" +
		"|encrypted.content.{0,120}(could not|cannot|can't|invalid)|invalid_encrypted_content" +
		"|\\bthinking\\b.{0,80}cannot be modified" +
		"|must start with a thinking block" +
		"|expected .?thinking.? or .?redacted_thinking")
	streamOptions = regexp.MustCompile(`(?i)stream_options|include_usage`)
)

// quirkIn reads out of a refusal what of the request it is about, nothing if it
// is about something else. Relays word the billing line's refusal under several
// statuses, all else comes as 400.
func quirkIn(status int, refusal string) quirk {
	folded := strings.ToLower(refusal)
	switch {
	case status >= 400 && status < 500 && strings.Contains(folded, "x-anthropic-billing-header"):
		return noBilling
	case status != http.StatusBadRequest:
		return 0
	case unknownCallID.MatchString(refusal):
		return noCallIDs
	case smallBudget(folded):
		return noSmallBudget
	case effortConflict(folded):
		return noEffort
	case refusedThinking.MatchString(refusal):
		return noForeignThinking
	case streamOptions.MatchString(refusal):
		return noStreamOptions
	case codex.WantsInstructions(refusal):
		return wantsInstructions
	}
	return 0
}

// smallBudget knows the refusal of a thinking budget below the least there is.
func smallBudget(folded string) bool {
	return strings.Contains(folded, "budget_tokens") && strings.Contains(folded, "thinking") && strings.Contains(folded, "1024")
}

// effortConflict knows the refusal of an effort for thinking that is off.
func effortConflict(folded string) bool {
	return strings.Contains(folded, "cannot be disabled") &&
		(strings.Contains(folded, "reasoning_effort") || strings.Contains(folded, "output_config"))
}
