package breaker_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/breaker"
	"github.com/claude-code-hub/cch/internal/domain"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	status := func(code int) breaker.Outcome {
		return breaker.Outcome{
			Class: domain.ClassProviderError, Failure: domain.FailStatus,
			Call: domain.CallGenerate, Status: code, GivenUp: true,
		}
	}
	failure := func(class domain.AttemptClass, f domain.FailureKind, code int) breaker.Outcome {
		return breaker.Outcome{Class: class, Failure: f, Call: domain.CallGenerate, Status: code, GivenUp: true}
	}
	but := func(o breaker.Outcome, change func(*breaker.Outcome)) breaker.Outcome {
		change(&o)
		return o
	}
	tests := map[string]struct {
		outcome breaker.Outcome
		want    breaker.Verdict
		network breaker.Verdict // when connections count
	}{
		"success":                {failure(domain.ClassOK, domain.FailNone, 200), breaker.Good, breaker.Good},
		"success before the end": {breaker.Outcome{Class: domain.ClassOK, Call: domain.CallGenerate}, breaker.Good, breaker.Good},
		"500":                    {status(500), breaker.Bad, breaker.Bad},
		"retried 500":            {but(status(500), func(o *breaker.Outcome) { o.GivenUp = false }), breaker.Neutral, breaker.Neutral},
		"500 of a count call":    {but(status(500), func(o *breaker.Outcome) { o.Call = domain.CallCount }), breaker.Neutral, breaker.Neutral},
		"200 of a resource call": {breaker.Outcome{Class: domain.ClassOK, Call: domain.CallResource}, breaker.Neutral, breaker.Neutral},
		"429":                    {status(429), breaker.Bad, breaker.Bad},
		"429 with a time":        {but(status(429), func(o *breaker.Outcome) { o.RetryAfter = true }), breaker.Neutral, breaker.Neutral},
		"503 with a time":        {but(status(503), func(o *breaker.Outcome) { o.RetryAfter = true }), breaker.Neutral, breaker.Neutral},
		"500 with a time":        {but(status(500), func(o *breaker.Outcome) { o.RetryAfter = true }), breaker.Bad, breaker.Bad},
		"529":                    {status(529), breaker.Bad, breaker.Bad},
		"401":                    {status(401), breaker.Bad, breaker.Bad},
		"402":                    {status(402), breaker.Bad, breaker.Bad},
		"403":                    {status(403), breaker.Bad, breaker.Bad},
		"full disk of a relay":   {status(400), breaker.Bad, breaker.Bad},
		"410":                    {status(410), breaker.Neutral, breaker.Neutral},
		"empty":                  {failure(domain.ClassProviderError, domain.FailEmpty, 520), breaker.Bad, breaker.Bad},
		"timeout":                {failure(domain.ClassProviderError, domain.FailTimeout, 524), breaker.Bad, breaker.Bad},
		"broken stream":          {failure(domain.ClassProviderError, domain.FailStreamBroken, 502), breaker.Bad, breaker.Bad},
		"fake 200":               {failure(domain.ClassProviderError, domain.FailFake200, 502), breaker.Bad, breaker.Bad},
		"fake 200 about a model": {failure(domain.ClassProviderError, domain.FailFake200, 404), breaker.Neutral, breaker.Neutral},
		"gate":                   {failure(domain.ClassProviderError, domain.FailGate, 502), breaker.Bad, breaker.Bad},
		"404":                    {failure(domain.ClassResourceNotFound, domain.FailStatus, 404), breaker.Neutral, breaker.Neutral},
		"rejected":               {failure(domain.ClassUpstreamRejected, domain.FailStatus, 422), breaker.Neutral, breaker.Neutral},
		"client's fault":         {failure(domain.ClassClientError, domain.FailStatus, 500), breaker.Neutral, breaker.Neutral},
		"client left":            {failure(domain.ClassClientAbort, domain.FailNone, 499), breaker.Neutral, breaker.Neutral},
		"our own overload":       {failure(domain.ClassLocalOverload, domain.FailNone, 503), breaker.Neutral, breaker.Neutral},
		"dial":                   {failure(domain.ClassSystemError, domain.FailDial, 0), breaker.Neutral, breaker.Bad},
		"reset":                  {failure(domain.ClassSystemError, domain.FailReset, 0), breaker.Neutral, breaker.Bad},
		"upstream proxy":         {failure(domain.ClassSystemError, domain.FailProxy, 0), breaker.Neutral, breaker.Neutral},
		"bad URL":                {failure(domain.ClassSystemError, domain.FailRequest, 0), breaker.Neutral, breaker.Neutral},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, breaker.Judge(tc.outcome, false))
			require.Equal(t, tc.network, breaker.Judge(tc.outcome, true), "network errors counted")
		})
	}
}
