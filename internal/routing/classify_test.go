package routing_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

func rules(t testing.TB) *domain.ErrorRules {
	t.Helper()
	list, err := routing.DefaultErrorRules()
	require.NoError(t, err)
	for i := range list {
		list[i].ID = domain.ErrorRuleID(i + 1)
	}
	return domain.NewErrorRules(refs(list))
}

func refs(list []domain.ErrorRule) (out []*domain.ErrorRule) {
	for i := range list {
		out = append(out, &list[i])
	}
	return out
}

func TestClassify(t *testing.T) {
	t.Parallel()
	status := func(code int, text string) routing.Facts {
		return routing.Facts{Failure: domain.FailStatus, Status: code, Text: text}
	}
	tests := map[string]struct {
		facts routing.Facts
		want  domain.AttemptClass
	}{
		"2xx":                             {routing.Facts{Status: 200}, domain.ClassOK},
		"client gone beats everything":    {routing.Facts{ClientGone: true, Failure: domain.FailReset, Status: 500}, domain.ClassClientAbort},
		"our own want of resources":       {routing.Facts{Overloaded: true, Failure: domain.FailReset}, domain.ClassLocalOverload},
		"a panic of our own":              {routing.Facts{Failure: domain.FailInternal, Status: 500}, domain.ClassLocalOverload},
		"500":                             {status(500, ""), domain.ClassProviderError},
		"529":                             {status(529, "overloaded_error"), domain.ClassProviderError},
		"5xx is never the client's fault": {status(500, "prompt is too long: 9 tokens > 8 maximum"), domain.ClassProviderError},
		"a real 524 is a 5xx":             {status(524, ""), domain.ClassProviderError},
		"dial":                            {routing.Facts{Failure: domain.FailDial}, domain.ClassSystemError},
		"upstream proxy":                  {routing.Facts{Failure: domain.FailProxy}, domain.ClassSystemError},
		"reset":                           {routing.Facts{Failure: domain.FailReset}, domain.ClassSystemError},
		"timeout":                         {routing.Facts{Failure: domain.FailTimeout, Status: 524}, domain.ClassProviderError},
		"broken stream":                   {routing.Facts{Failure: domain.FailStreamBroken, Status: 502}, domain.ClassProviderError},
		"empty answer":                    {routing.Facts{Failure: domain.FailEmpty, Status: 520}, domain.ClassProviderError},
		"malformed provider URL":          {routing.Facts{Failure: domain.FailRequest}, domain.ClassProviderError},
		"pool without the model":          {status(404, `{"error":"Not supported by any configured account in this group"}`), domain.ClassResourceNotFound},
		"relay out of disk":               {status(400, "Disk storage creation failed: disk free-space floor reached"), domain.ClassProviderError},
		"half the disk text":              {status(400, "disk storage creation failed"), domain.ClassUpstreamRejected},
		"context too long":                {status(400, "prompt is too long: 210000 tokens > 200000 maximum"), domain.ClassClientError},
		"rule in a 400":                   {status(400, "tool_use ids must be unique"), domain.ClassClientError},
		"rule in a 403":                   {status(403, "Your pricing plan does not include Long Context"), domain.ClassClientError},
		"rule in an error frame":          {routing.Facts{Failure: domain.FailGate, Text: "context_length_exceeded"}, domain.ClassClientError},
		"other 404":                       {status(404, "model: nope"), domain.ClassResourceNotFound},
		"inferred 404":                    {routing.Facts{Failure: domain.FailFake200, Status: 404}, domain.ClassResourceNotFound},
		"other 400":                       {status(400, "you shall not pass"), domain.ClassUpstreamRejected},
		"409":                             {status(409, ""), domain.ClassUpstreamRejected},
		"413":                             {status(413, ""), domain.ClassUpstreamRejected},
		"422":                             {status(422, ""), domain.ClassUpstreamRejected},
		"451":                             {status(451, ""), domain.ClassUpstreamRejected},
		"inferred 400 blames the hider":   {routing.Facts{Failure: domain.FailFake200, Status: 400}, domain.ClassProviderError},
		"401":                             {status(401, ""), domain.ClassProviderError},
		"402":                             {status(402, ""), domain.ClassProviderError},
		"429":                             {status(429, "slow down"), domain.ClassProviderError},
		"418":                             {status(418, ""), domain.ClassProviderError},
		"redirect":                        {status(302, ""), domain.ClassProviderError},
		"gate failure":                    {routing.Facts{Failure: domain.FailGate, Status: 502}, domain.ClassProviderError},
		"unknown":                         {routing.Facts{}, domain.ClassSystemError},
	}
	set := rules(t)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, routing.Classify(set, tc.facts).Class)
		})
	}
}

func TestClassifyNamesWhatMatched(t *testing.T) {
	t.Parallel()
	set := rules(t)

	v := routing.Classify(set, routing.Facts{Failure: domain.FailStatus, Status: 400, Text: "prompt is too long: 210000 tokens > 200000 maximum"})
	require.True(t, v.ContextTooLong)
	require.Equal(t, "prompt_limit", v.Matched.Category)
	require.NotEmpty(t, v.Rule)
	require.Equal(t, int64(2), int64(v.Matched.ID), "its place in the list")

	v = routing.Classify(set, routing.Facts{Failure: domain.FailStatus, Status: 400, Text: "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."})
	require.True(t, v.ContextTooLong)
	require.Equal(t, domain.ClassClientError, v.Class)

	v = routing.Classify(set, routing.Facts{Failure: domain.FailStatus, Status: 400, Text: "all messages must have non-empty content"})
	require.False(t, v.ContextTooLong)
	require.Equal(t, "validation_error", v.Matched.Category)
}

func TestEveryBuiltinRuleIsKnownAndNamed(t *testing.T) {
	t.Parallel()
	require.Equal(t, 34, rules(t).Len())
}

func TestErrorRulesGoByPriorityAndIgnoreCase(t *testing.T) {
	t.Parallel()
	set := domain.NewErrorRules(refs([]domain.ErrorRule{
		{Pattern: "too", MatchType: domain.MatchContains, Category: "low", Priority: 1, Enabled: true},
		{Pattern: "TOO .* much", MatchType: domain.MatchRegex, Category: "high", Priority: 9, Enabled: true},
		{Pattern: "Just This", MatchType: domain.MatchExact, Category: "exact", Priority: 5, Enabled: true},
		{Pattern: "bad", MatchType: domain.MatchContains, Category: "off", Priority: 99},
		{Pattern: "(", MatchType: domain.MatchRegex, Category: "broken", Priority: 99, Enabled: true},
	}))
	require.Equal(t, 3, set.Len())
	category := func(text string) string {
		if r := routing.Classify(set, routing.Facts{Failure: domain.FailStatus, Status: 400, Text: text}).Matched; r != nil {
			return r.Category
		}
		return ""
	}
	require.Equal(t, "high", category("that is too very MUCH"))
	require.Equal(t, "low", category("Too bad"))
	require.Equal(t, "exact", category(" just this "))
	require.Empty(t, category("just this and that"))
}

// A refusal that a rectifier knows but cannot help is the client's own fault,
// unless the status says otherwise.
func TestClassifyWhatNoRectifierCanHelp(t *testing.T) {
	t.Parallel()
	f := routing.Facts{Failure: domain.FailStatus, Status: 400, Rectifier: "thinking_budget_rectifier", Text: "?"}
	v := routing.Classify(rules(t), f)
	require.Equal(t, domain.ClassClientError, v.Class)
	require.Equal(t, "thinking_budget_rectifier", v.Rule)
	require.Nil(t, v.Matched)
	f.Status = 500
	require.Equal(t, domain.ClassProviderError, routing.Classify(rules(t), f).Class)
}

func TestRefusesModel(t *testing.T) {
	t.Parallel()
	const model = "claude-opus-4-1"
	for name, tc := range map[string]struct {
		status int
		text   string
		want   bool
	}{
		"names it":         {429, `{"error":{"message":"rate limit reached for Claude-Opus-4-1"}}`, true},
		"is overloaded":    {529, "no capacity for claude-opus-4-1", true},
		"names none":       {429, "too many requests", false},
		"names another":    {429, "rate limit reached for claude-sonnet-4-5", false},
		"is another fault": {500, "claude-opus-4-1 crashed", false},
	} {
		require.Equal(t, tc.want, routing.RefusesModel(tc.status, tc.text, model), name)
	}
	require.False(t, routing.RefusesModel(429, "anything", ""))
}
