package routing

import (
	"fmt"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// defaultRetryAfter is told to clients when nobody knows when it will get better.
const defaultRetryAfter = 5 * time.Second

// Conclude says what the client gets when attempts were made and none
// succeeded. The history is never empty; passText lets a cleaned form of the
// upstream's own words through. Not for requests whose client left or whose
// answer was committed: those have their answer.
func Conclude(history []Try, class domain.CallClass, passText bool) *domain.Fault {
	last := &history[len(history)-1]
	switch {
	case last.Failure == domain.FailInternal:
		return domain.NewFault(domain.KindInternal, domain.CodeInternalError, "internal error")
	case last.Class == domain.ClassLocalOverload:
		return overloaded()
	case last.Class == domain.ClassClientError:
		return relayed(last, true)
	case last.Class == domain.ClassUpstreamRejected, all(history, notFound):
		return relayed(last, false)
	case all(history, rateLimited):
		return concluded(history, passText, domain.KindUpstreamRateLimited, domain.CodeUpstreamRateLimited, smallestRetryAfter(history))
	case class != domain.CallGenerate && switchesUsed(history) == 0:
		return singleProvider(history, passText)
	}
	return concluded(history, passText, domain.KindAllFailed, domain.CodeAllProvidersFailed, smallestRetryAfter(history))
}

func overloaded() *domain.Fault {
	f := domain.NewFault(domain.KindOverloaded, domain.CodeOverloaded, "the gateway is overloaded, try again shortly")
	f.RetryAfter = defaultRetryAfter
	return f
}

// relayed hands the upstream's own refusal on. A 401, 402 or 403 concerns our
// credentials: where a rule blames the request it becomes a plain 400, else the
// client learns only that the upstream failed.
func relayed(t *Try, byRule bool) *domain.Fault {
	f := domain.NewFault(domain.KindUpstreamRefused, domain.CodeUpstreamError, genericMessage(t.Status))
	f.RetryAfter = t.RetryAfter
	if text := publicMessage(t.Excerpt); text != "" {
		f.Detail = text
	}
	if t.Upstream == nil {
		return f
	}
	up := *t.Upstream
	switch {
	case up.Overridden:
	case up.Status == 401, up.Status == 402, up.Status == 403:
		if !byRule {
			return f
		}
		up.Status = 400
	}
	f.Upstream = &up
	return f
}

// singleProvider is the outcome of a call that only one provider was asked for,
// such as a token count without fallback.
func singleProvider(history []Try, passText bool) *domain.Fault {
	last := &history[len(history)-1]
	if last.Failure == domain.FailTimeout {
		return concluded(history, passText, domain.KindUpstreamTimeout, domain.CodeUpstreamTimeout, 0)
	}
	return concluded(history, passText, domain.KindUpstreamRefused, domain.CodeUpstreamError, 0)
}

func concluded(history []Try, passText bool, kind domain.Kind, code domain.Code, retryAfter time.Duration) *domain.Fault {
	last := &history[len(history)-1]
	f := domain.NewFault(kind, code, genericMessage(last.Status))
	f.RetryAfter = retryAfter
	if passText && upstreamSpoke(last.Failure) {
		if text := publicMessage(last.Excerpt); text != "" {
			f.Detail = text
		}
	}
	return f
}

// upstreamSpoke tells whether the excerpt of such a failure has the upstream's
// words. Of a call without an answer it has only our own account of the network.
func upstreamSpoke(f domain.FailureKind) bool {
	switch f {
	case domain.FailDial, domain.FailProxy, domain.FailReset, domain.FailTimeout, domain.FailRequest, domain.FailInternal:
		return false
	case domain.FailNone, domain.FailStatus, domain.FailEmpty, domain.FailFake200, domain.FailGate, domain.FailStreamBroken:
	}
	return true
}

func genericMessage(status int) string {
	switch status {
	case 429:
		return "the upstream is limiting requests"
	case domain.StatusTimeout, 408, 504:
		return "the upstream did not answer in time"
	case domain.StatusEmptyResponse:
		return "the upstream gave an empty answer"
	case 0:
		return "the upstream could not be reached"
	case 401, 402, 403:
		return "the upstream refused the gateway"
	}
	return fmt.Sprintf("the upstream answered with status %d", status)
}

func all(history []Try, is func(*Try) bool) bool {
	for i := range history {
		if !is(&history[i]) {
			return false
		}
	}
	return true
}

func notFound(t *Try) bool { return t.Class == domain.ClassResourceNotFound }

func rateLimited(t *Try) bool { return t.Status == 429 }

// smallestRetryAfter is when the first of the tried providers may be asked
// again, so far as anybody knows.
func smallestRetryAfter(history []Try) time.Duration {
	best := time.Duration(0)
	for i := range history {
		d := history[i].RetryAfter
		if d <= 0 && history[i].Status == 529 {
			d = domain.OverloadedPause
		}
		if d > 0 && (best == 0 || d < best) {
			best = d
		}
	}
	if best == 0 {
		return defaultRetryAfter
	}
	return best
}
