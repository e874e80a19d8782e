package routing

import (
	"regexp"
	"strings"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Facts are what is known about an upstream call that ended.
type Facts struct {
	ClientGone bool // the client left first; whatever else happened is its doing
	Overloaded bool // the call was given up for want of our own resources

	Failure domain.FailureKind // FailNone and a 2xx is success
	Status  int                // upstream's, inferred from a fake 200, or synthetic; 0 = none

	// Rectifier names the one that knows this refusal but found nothing to put
	// right in the request; empty = none knows it.
	Rectifier string

	// Text is what the upstream said, as much of it as was read. Only texts of
	// the upstream belong here, never our own.
	Text string
}

// Verdict is the class of an outcome with what led to it.
type Verdict struct {
	Class          domain.AttemptClass
	ContextTooLong bool              // the conversation does not fit into the model's context
	Rule           string            // what the text matched, if anything: asking the same provider again is pointless
	Matched        *domain.ErrorRule // nil = none did
}

// An upstream that pools accounts answers 404 with this text when none of them
// has the model; relays built on one-api answer 400 with both disk texts when
// they are out of space. The status misleads in both cases.
const (
	noAccountText   = "not supported by any configured account in this group"
	diskCreateText  = "disk storage creation failed"
	diskReserveText = "disk free-space floor reached"
)

// The wordings of Anthropic, OpenAI and Google for a conversation that is too long.
var contextTooLong = regexp.MustCompile(`(?i)context_length_exceeded` +
	`|prompt is too long` +
	`|maximum context length is` +
	`|input token count.{0,40}exceeds the maximum number of tokens`)

// Classify sorts the outcome of an upstream call; the first matching row of the
// matrix wins. It decides by status and kind of failure, and by text only where
// the upstream's own words are the only sign.
func Classify(rules *domain.ErrorRules, f Facts) Verdict {
	switch {
	case f.ClientGone:
		return Verdict{Class: domain.ClassClientAbort}
	case f.Overloaded:
		return Verdict{Class: domain.ClassLocalOverload}
	case f.Failure == domain.FailNone && f.Status >= 200 && f.Status < 300:
		return Verdict{Class: domain.ClassOK}
	case f.Failure == domain.FailStatus && f.Status >= 500:
		return Verdict{Class: domain.ClassProviderError}
	}
	if v, ok := classifyTransport(f.Failure); ok {
		return v
	}
	return classifyAnswer(rules, f)
}

// classifyTransport covers failures in which the upstream said nothing that
// could be read.
func classifyTransport(k domain.FailureKind) (Verdict, bool) {
	switch k {
	case domain.FailDial, domain.FailProxy, domain.FailReset:
		return Verdict{Class: domain.ClassSystemError}, true
	case domain.FailTimeout, domain.FailStreamBroken, domain.FailEmpty, domain.FailRequest:
		return Verdict{Class: domain.ClassProviderError}, true
	case domain.FailInternal:
		return Verdict{Class: domain.ClassLocalOverload}, true
	case domain.FailNone, domain.FailStatus, domain.FailFake200, domain.FailGate:
	}
	return Verdict{}, false
}

func classifyAnswer(rules *domain.ErrorRules, f Facts) Verdict {
	folded := strings.ToLower(f.Text)
	switch {
	case f.Status == 404 && strings.Contains(folded, noAccountText):
		return Verdict{Class: domain.ClassResourceNotFound, Rule: noAccountText}
	case f.Status == 400 && strings.Contains(folded, diskCreateText) && strings.Contains(folded, diskReserveText):
		return Verdict{Class: domain.ClassProviderError}
	}
	tooLong := contextTooLong.MatchString(f.Text)
	rule := rules.Match(f.Text)
	if rule != nil || tooLong || f.Rectifier != "" {
		v := Verdict{Class: domain.ClassClientError, ContextTooLong: tooLong, Rule: f.Rectifier, Matched: rule}
		if rule != nil {
			v.Rule = rule.Pattern
		}
		return v
	}
	return Verdict{Class: classOfStatus(f)}
}

// RefusesModel tells whether a refusal is about the model asked for alone: the
// upstream is out of something and its own words name the model.
func RefusesModel(status int, text, model string) bool {
	switch status {
	case 429, 503, 529:
		return model != "" && strings.Contains(strings.ToLower(text), strings.ToLower(model))
	}
	return false
}

// classOfStatus sorts an answer whose text says nothing special. A status that
// was merely inferred from a 2xx answer blames the provider, except for 404:
// an upstream that hides its errors behind 200 is not one to trust on whose
// fault they are.
func classOfStatus(f Facts) domain.AttemptClass {
	answered := f.Failure == domain.FailStatus
	switch f.Status {
	case 404:
		return domain.ClassResourceNotFound
	case 400, 409, 413, 415, 422, 451:
		if answered {
			return domain.ClassUpstreamRejected
		}
	}
	if answered || f.Failure == domain.FailFake200 || f.Failure == domain.FailGate {
		return domain.ClassProviderError
	}
	return domain.ClassSystemError
}
