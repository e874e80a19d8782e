package routing_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

// at makes a failed attempt.
func at(id domain.ProviderID, class domain.AttemptClass, edit ...func(*routing.Try)) routing.Try {
	t := routing.Try{Provider: id, Class: class, Failure: domain.FailStatus}
	for _, e := range edit {
		e(&t)
	}
	return t
}

func status(code int) func(*routing.Try) { return func(t *routing.Try) { t.Status = code } }

func kind(k domain.FailureKind) func(*routing.Try) { return func(t *routing.Try) { t.Failure = k } }

func retryAfter(d time.Duration) func(*routing.Try) { return func(t *routing.Try) { t.RetryAfter = d } }

func excerpt(s string) func(*routing.Try) { return func(t *routing.Try) { t.Excerpt = s } }

func upstream(f domain.UpstreamFault) func(*routing.Try) {
	return func(t *routing.Try) { t.Upstream = &f }
}

const (
	failed   = domain.ClassProviderError
	rejected = domain.ClassUpstreamRejected
	missing  = domain.ClassResourceNotFound
	sysError = domain.ClassSystemError
)

func TestNext(t *testing.T) {
	t.Parallel()
	usual := routing.Budget{Switches: 3, PerProvider: 2, Total: 8}
	h := func(tries ...routing.Try) []routing.Try { return tries }
	tests := map[string]struct {
		budget  routing.Budget
		history []routing.Try
		want    routing.Action
	}{
		"first 500":                      {usual, h(at(1, failed, status(500))), routing.Retry},
		"second 500":                     {usual, h(at(1, failed, status(500)), at(1, failed, status(500))), routing.Switch},
		"success":                        {usual, h(at(1, domain.ClassOK)), routing.End},
		"client's mistake":               {usual, h(at(1, domain.ClassClientError)), routing.End},
		"client left":                    {usual, h(at(1, domain.ClassClientAbort)), routing.End},
		"our overload":                   {usual, h(at(1, domain.ClassLocalOverload)), routing.End},
		"committed":                      {usual, h(at(1, failed, func(t *routing.Try) { t.Committed = true })), routing.End},
		"out of time":                    {routing.Budget{Switches: 3, PerProvider: 2, Total: 8, Expired: true}, h(at(1, failed)), routing.End},
		"401":                            {usual, h(at(1, failed, status(401))), routing.Switch},
		"402":                            {usual, h(at(1, failed, status(402))), routing.Switch},
		"403":                            {usual, h(at(1, failed, status(403))), routing.Switch},
		"429":                            {usual, h(at(1, failed, status(429))), routing.Switch},
		"503 that names a time":          {usual, h(at(1, failed, status(503), retryAfter(time.Second))), routing.Switch},
		"dial":                           {usual, h(at(1, sysError, kind(domain.FailDial))), routing.Switch},
		"upstream proxy down":            {usual, h(at(1, sysError, kind(domain.FailProxy))), routing.Switch},
		"reset":                          {usual, h(at(1, sysError, kind(domain.FailReset))), routing.Retry},
		"timeout":                        {usual, h(at(1, failed, kind(domain.FailTimeout), status(524))), routing.Switch},
		"404":                            {usual, h(at(1, missing, status(404))), routing.Retry},
		"404 of a pool without it":       {usual, h(at(1, missing, status(404), func(t *routing.Try) { t.Rule = "x" })), routing.Switch},
		"rejected once":                  {usual, h(at(1, rejected, status(400))), routing.Switch},
		"rejected twice":                 {usual, h(at(1, rejected, status(400)), at(2, rejected, status(400))), routing.End},
		"rejected after other failures":  {usual, h(at(1, failed, status(429)), at(2, rejected, status(400))), routing.Switch},
		"third switch":                   {usual, h(at(1, failed, status(429)), at(2, failed, status(429)), at(3, failed, status(429))), routing.Switch},
		"no fourth switch":               {usual, h(at(1, failed, status(429)), at(2, failed, status(429)), at(3, failed, status(429)), at(4, failed, status(429))), routing.End},
		"last provider still gets two":   {routing.Budget{PerProvider: 2, Total: 8}, h(at(1, failed, status(500))), routing.Retry},
		"eight in all":                   {routing.Budget{Switches: 3, PerProvider: 10, Total: 2}, h(at(1, failed), at(1, failed)), routing.End},
		"empty answer is worth a second": {usual, h(at(1, failed, kind(domain.FailEmpty), status(520))), routing.Retry},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want.String(), routing.Next(tc.budget, tc.history).String())
		})
	}
}

func TestBudgetOf(t *testing.T) {
	t.Parallel()
	s := domain.DefaultSettings()
	require.Equal(t, routing.Budget{Switches: 3, PerProvider: 2, Total: 8}, routing.BudgetOf(&s, domain.CallGenerate, provider(1), 0))
	require.Equal(t, 4, routing.BudgetOf(&s, domain.CallGenerate, provider(1), 4).PerProvider)
	own := provider(1, func(p *domain.Provider) { p.Routing.MaxAttempts = 6 })
	require.Equal(t, 6, routing.BudgetOf(&s, domain.CallGenerate, own, 4).PerProvider)
	require.Equal(t, 10, routing.BudgetOf(&s, domain.CallGenerate, nil, 400).PerProvider)
	require.Equal(t, routing.Budget{Switches: 3, PerProvider: 1, Total: 8}, routing.BudgetOf(&s, domain.CallCount, own, 4))
	s.AllowNonConversationFallback = false
	s.MaxTotalAttempts = 0
	require.Equal(t, routing.Budget{PerProvider: 1, Total: 8}, routing.BudgetOf(&s, domain.CallResource, own, 4))
}

// Whatever goes wrong in whatever order, the budgets hold.
func TestNextNeverExceedsTheBudget(t *testing.T) {
	t.Parallel()
	classes := []domain.AttemptClass{failed, sysError, missing, rejected}
	kinds := []domain.FailureKind{domain.FailStatus, domain.FailDial, domain.FailReset, domain.FailTimeout, domain.FailEmpty, domain.FailGate}
	rapid.Check(t, func(t *rapid.T) {
		b := routing.Budget{
			Switches:    rapid.IntRange(0, 5).Draw(t, "switches"),
			PerProvider: rapid.IntRange(1, 5).Draw(t, "per provider"),
			Total:       rapid.IntRange(1, 12).Draw(t, "total"),
		}
		var history []routing.Try
		id, perProvider := domain.ProviderID(1), map[domain.ProviderID]int{}
		for {
			perProvider[id]++
			history = append(history, at(id, rapid.SampledFrom(classes).Draw(t, "class"),
				kind(rapid.SampledFrom(kinds).Draw(t, "kind")), status(rapid.SampledFrom([]int{0, 400, 401, 404, 429, 500}).Draw(t, "status"))))
			action := routing.Next(b, history)
			if action == routing.End {
				break
			}
			if action == routing.Switch {
				id++
			}
		}
		if len(history) > b.Total || int(id) > b.Switches+1 {
			t.Fatalf("%d attempts at %d providers with %+v", len(history), id, b)
		}
		for id, n := range perProvider {
			if n > b.PerProvider {
				t.Fatalf("%d attempts at provider %d with %+v", n, id, b)
			}
		}
	})
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	draw := seeded(3)
	for range 1000 {
		d := routing.Backoff(draw)
		require.GreaterOrEqual(t, d, 50*time.Millisecond)
		require.Less(t, d, 150*time.Millisecond)
	}
}

func TestConclude(t *testing.T) {
	t.Parallel()
	body := func(code int) domain.UpstreamFault {
		return domain.UpstreamFault{Status: code, ContentType: "application/json", Body: []byte(`{"e":1}`)}
	}
	h := func(tries ...routing.Try) []routing.Try { return tries }
	tests := map[string]struct {
		history  []routing.Try
		class    domain.CallClass
		kind     domain.Kind
		code     domain.Code
		after    time.Duration
		upstream int // status that reaches the client; 0 = none does
	}{
		"our own fault": {
			history: h(at(1, domain.ClassLocalOverload, func(t *routing.Try) { t.Failure = domain.FailInternal })),
			kind:    domain.KindInternal, code: domain.CodeInternalError,
		},
		"client error": {
			history: h(at(1, failed, status(500)), at(2, domain.ClassClientError, status(400), upstream(body(400)))),
			kind:    domain.KindUpstreamRefused, code: domain.CodeUpstreamError, upstream: 400,
		},
		"client error by a rule, behind our credentials": {
			history: h(at(1, domain.ClassClientError, status(403), upstream(body(403)))),
			kind:    domain.KindUpstreamRefused, code: domain.CodeUpstreamError, upstream: 400,
		},
		"rejected, nobody else to ask": {
			history: h(at(1, rejected, status(422), upstream(body(422)))),
			kind:    domain.KindUpstreamRefused, code: domain.CodeUpstreamError, upstream: 422,
		},
		"all 404": {
			history: h(at(1, missing, status(404), upstream(body(404))), at(2, missing, status(404), upstream(body(404)))),
			kind:    domain.KindUpstreamRefused, code: domain.CodeUpstreamError, upstream: 404,
		},
		"not all 404": {
			history: h(at(1, failed, status(500)), at(2, missing, status(404), upstream(body(404)))),
			kind:    domain.KindAllFailed, code: domain.CodeAllProvidersFailed, after: 5 * time.Second,
		},
		"all 429": {
			history: h(at(1, failed, status(429), retryAfter(9*time.Second)), at(2, failed, status(429), retryAfter(4*time.Second))),
			kind:    domain.KindUpstreamRateLimited, code: domain.CodeUpstreamRateLimited, after: 4 * time.Second,
		},
		"all 429, no time named": {
			history: h(at(1, failed, status(429), upstream(body(429)))),
			kind:    domain.KindUpstreamRateLimited, code: domain.CodeUpstreamRateLimited, after: 5 * time.Second,
		},
		"mixed": {
			history: h(at(1, failed, status(429), retryAfter(2*time.Second)), at(2, sysError, kind(domain.FailDial))),
			kind:    domain.KindAllFailed, code: domain.CodeAllProvidersFailed, after: 2 * time.Second,
		},
		"401 never reaches the client": {
			history: h(at(1, failed, status(401), upstream(body(401)))),
			kind:    domain.KindAllFailed, code: domain.CodeAllProvidersFailed, after: 5 * time.Second,
		},
		"401 of a token count": {
			history: h(at(1, failed, status(401), upstream(body(401)))), class: domain.CallCount,
			kind: domain.KindUpstreamRefused, code: domain.CodeUpstreamError,
		},
		"token count timed out": {
			history: h(at(1, failed, kind(domain.FailTimeout), status(524))), class: domain.CallCount,
			kind: domain.KindUpstreamTimeout, code: domain.CodeUpstreamTimeout,
		},
		"token count at several": {
			history: h(at(1, failed, status(500)), at(2, failed, status(500))), class: domain.CallCount,
			kind: domain.KindAllFailed, code: domain.CodeAllProvidersFailed, after: 5 * time.Second,
		},
		"overloaded ourselves": {
			history: h(at(1, domain.ClassLocalOverload)),
			kind:    domain.KindOverloaded, code: domain.CodeOverloaded, after: 5 * time.Second,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			class := tc.class
			if class == "" {
				class = domain.CallGenerate
			}
			f := routing.Conclude(tc.history, class, true)
			require.Equal(t, tc.kind, f.Kind)
			require.Equal(t, tc.code, f.Code)
			require.Equal(t, tc.after, f.RetryAfter)
			require.NotEmpty(t, f.Detail)
			if tc.upstream == 0 {
				require.Nil(t, f.Upstream)
				return
			}
			require.Equal(t, tc.upstream, f.Upstream.Status)
			require.Equal(t, []byte(`{"e":1}`), f.Upstream.Body)
		})
	}
}

func TestConcludeDoesNotTouchTheHistory(t *testing.T) {
	t.Parallel()
	original := &domain.UpstreamFault{Status: 403}
	history := []routing.Try{{Class: domain.ClassClientError, Upstream: original}}
	require.Equal(t, 400, routing.Conclude(history, domain.CallGenerate, true).Upstream.Status)
	require.Equal(t, 403, original.Status)
}

func TestConcludePassesOnlyCleanText(t *testing.T) {
	t.Parallel()
	const generic = "the upstream answered with status 500"
	tests := map[string]struct{ excerpt, want string }{
		"plain":          {"The model is busy", "The model is busy"},
		"claude shape":   {`{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, "Overloaded"},
		"error as text":  {`{"error":"no capacity"}`, "no capacity"},
		"message":        {`{"message":"no capacity"}`, "no capacity"},
		"detail":         {`{"detail":"no capacity"}`, "no capacity"},
		"array":          {`[{"error":{"message":"no capacity"}}]`, "no capacity"},
		"broken JSON":    {`{"error":{"mess`, generic},
		"vendor":         {"OpenAI says no", generic},
		"nested JSON":    {`{"error":{"message":"upstream said {\"a\":1}"}}`, generic},
		"HTML":           {"<html>502</html>", generic},
		"nothing":        {"", generic},
		"URL":            {"see https://relay.example.com/x?key=1 for more", "see for more"},
		"host":           {"cannot reach api.relay.io:443 now", "cannot reach now"},
		"address":        {"connect 10.1.2.3:8443 refused", "connect refused"},
		"IPv6":           {"connect [2001:db8:0:0:1::7]:443 refused", "connect refused"},
		"key":            {"bad key sk-ant-api03-abcdefghijklmnop given", "bad key given"},
		"JWT":            {"token eyJhbGciOi.eyJzdWIiOi.c2ln expired", "token expired"},
		"e-mail":         {"account bob@corp.example is out", "account is out"},
		"request id":     {"failed (req_011CSHoEeqs5C35K2UUqR7Fy)", "failed ()"},
		"long is cut":    {strings.Repeat("é", 200), strings.Repeat("é", 120)},
		"spaces squeeze": {"a \n\t b", "a b"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			history := []routing.Try{at(1, failed, status(500), excerpt(tc.excerpt))}
			require.Equal(t, tc.want, routing.Conclude(history, domain.CallGenerate, true).Detail)
			require.Equal(t, generic, routing.Conclude(history, domain.CallGenerate, false).Detail)
		})
	}
}
