package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

// refused is a request, what a provider says against it, and the request with
// which it is content.
type refused struct {
	told                domain.SpecialType
	path, body, refusal string
	want                string
	status              int // of the refusal
	kind                domain.ProviderType
	off                 func(*domain.Settings)
	lasting             bool
}

const (
	billed = `{"model":"m","max_tokens":9,"metadata":{"user_id":"u"},"system":[` +
		`{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1.197; cch=1a2b3;"}, {"type":"text","text":"Be brief."}],` +
		`"messages":[{"role":"user","content":"hi"}]}`
	unbilled = `{"model":"m","max_tokens":9,"metadata":{"user_id":"u"},"system":[{"type":"text","text":"Be brief."}],` +
		`"messages":[{"role":"user","content":"hi"}]}`
	billingRefusal = `{"error":{"message":"system.0: x-anthropic-billing-header is a reserved keyword"}}`
	budgetRefusal  = `{"type":"error","error":{"type":"invalid_request_error","message":"thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"}}`
	effortRefusal  = `{"error":{"message":"thinking cannot be disabled when reasoning_effort or output_config.effort is set"}}`
)

func refusals() []refused {
	return []refused{
		{
			told: domain.SpecialThinkingBudget, path: "/v1/messages", refusal: budgetRefusal, status: 400, kind: domain.TypeClaude,
			body: `{"model":"m","max_tokens":100, "thinking":{"type":"enabled","budget_tokens":50},"metadata":{"user_id":"u"},"messages":[{"role":"user","content":"h\u0069"}]}`,
			want: `{"model":"m","max_tokens":64000, "thinking":{"type":"enabled","budget_tokens":32000},"metadata":{"user_id":"u"},"messages":[{"role":"user","content":"h\u0069"}]}`,
			off:  func(s *domain.Settings) { s.ThinkingBudgetRectifier = false },
		},
		{
			told: domain.SpecialEffortConflict, path: "/v1/messages", refusal: effortRefusal, status: 400, kind: domain.TypeClaude,
			body: `{"model":"m","max_tokens":100,"thinking":{"type":"disabled"}, "output_config":{"effort":"high"},"metadata":{"user_id":"u"},"messages":[]}`,
			want: `{"model":"m","max_tokens":100,"thinking":{"type":"disabled"},"metadata":{"user_id":"u"},"messages":[]}`,
			off:  func(s *domain.Settings) { s.EffortConflictRectifier = false },
		},
		{
			told: domain.SpecialEffortConflict, path: "/v1/chat/completions", refusal: effortRefusal, status: 400, kind: domain.TypeOpenAICompatible,
			body: `{"model":"m","reasoning_effort":"high","thinking":{"type":"disabled"},"messages":[{"role":"user","content":"hi"}]}`,
			want: `{"model":"m","thinking":{"type":"disabled"},"messages":[{"role":"user","content":"hi"}]}`,
			off:  func(s *domain.Settings) { s.EffortConflictRectifier = false },
		},
		{
			told: domain.SpecialBillingHeader, path: "/v1/messages", refusal: billingRefusal, status: 403, kind: domain.TypeClaude,
			body: billed, want: unbilled, lasting: true,
			off: func(s *domain.Settings) { s.BillingHeaderRectifier = domain.BillingHeaderOff },
		},
	}
}

func (c *refused) world(t *testing.T, ok func(string) bool, change func(*domain.Settings)) (*world, func() []string) {
	t.Helper()
	answer := message
	if c.kind == domain.TypeOpenAICompatible {
		answer = as("m", wires()["chat"].document)
	}
	h, bodies := picky(ok, c.refusal, says(200, "application/json", answer))
	if c.status != 400 {
		inner := h
		h = func(w http.ResponseWriter, r *http.Request) { inner(&restatus{w, c.status}, r) }
	}
	w := newWorld(t, func(w *world) {
		w.config.Providers[0].Type = c.kind
		if change != nil {
			change(&w.config.Settings)
		}
	}, h)
	return w, bodies
}

// restatus answers refusals with another status.
type restatus struct {
	http.ResponseWriter
	status int
}

func (w *restatus) WriteHeader(status int) {
	if status == http.StatusBadRequest {
		status = w.status
	}
	w.ResponseWriter.WriteHeader(status)
}

// What a rectifier knows is put right and asked again in the same attempt; every
// other byte stays as the client sent it.
func TestRefusalsThatRectifiersKnow(t *testing.T) {
	t.Parallel()
	for _, c := range refusals() {
		w, bodies := c.world(t, func(body string) bool { return body == c.want }, nil)
		a := w.callTo("POST", c.path, c.body)
		require.Equal(t, http.StatusOK, a.status, a.body)
		require.Equal(t, []string{c.body, c.want}, bodies())
		require.Equal(t, domain.SpecialSetting{Type: c.told, ProviderID: 1, Attempt: 1, Trigger: domain.TriggerRefused}, w.actor.only(t).Special[0])

		require.Equal(t, http.StatusOK, w.callTo("POST", c.path, c.body).status)
		sent, trigger := 2, domain.TriggerRefused
		if c.lasting {
			sent, trigger = 1, domain.TriggerRemembered
		}
		require.Len(t, bodies(), sent, c.told)
		require.Equal(t, trigger, w.actor.wait(t, 2)[1].Special[0].Trigger)
	}
}

// A refusal that a rectifier knows, of a request in which it finds nothing to put
// right, is the client's own fault; so is one that comes again.
func TestRefusalsThatRectifiersCannotHelp(t *testing.T) {
	t.Parallel()
	for _, c := range refusals() {
		w, bodies := c.world(t, func(string) bool { return false }, nil)
		require.NotEqual(t, http.StatusOK, w.callTo("POST", c.path, c.want).status)
		require.Equal(t, []string{c.want}, bodies(), c.told)
		require.Equal(t, domain.ClassClientError, w.actor.only(t).Class, c.told)

		require.NotEqual(t, http.StatusOK, w.callTo("POST", c.path, c.body).status)
		require.Equal(t, []string{c.body, c.want}, bodies(), "once more, not for ever")
		require.Equal(t, domain.ClassClientError, w.actor.wait(t, 2)[1].Class, c.told)
	}
}

// A rectifier that is turned off knows nothing.
func TestRectifiersThatAreTurnedOff(t *testing.T) {
	t.Parallel()
	for _, c := range refusals() {
		if c.told == domain.SpecialThinkingBudget {
			continue // an error rule knows this one as well
		}
		w, bodies := c.world(t, func(string) bool { return false }, c.off)
		require.NotEqual(t, http.StatusOK, w.callTo("POST", c.path, c.body).status)
		require.Equal(t, []string{c.body}, bodies())
		require.NotEqual(t, domain.ClassClientError, w.actor.only(t).Class, c.told)
	}
}

func TestBillingLinesThatNobodyIsToSee(t *testing.T) {
	t.Parallel()
	c := refusals()[3]
	w, bodies := c.world(t, anything, func(s *domain.Settings) { s.BillingHeaderRectifier = domain.BillingHeaderAlways })
	require.Equal(t, http.StatusOK, w.post(billed).status)
	require.Equal(t, []string{unbilled}, bodies())
	require.Equal(t, domain.TriggerForced, w.actor.only(t).Special[0].Trigger)

	plain := strings.Replace(billed, "x-anthropic-billing-header", "about billing", 1)
	require.Equal(t, http.StatusOK, w.post(plain).status)
	require.Equal(t, []string{plain}, bodies())
	require.Empty(t, w.actor.wait(t, 2)[1].Special)
}
