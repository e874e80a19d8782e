package gateway_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Whoever puts a service into what is sent, or takes it out, decides what the
// provider is asked for.
func TestTheServiceThatIsAskedFor(t *testing.T) {
	t.Parallel()
	const (
		codex    = `{"model":"m","store":false,"prompt_cache_key":"none","input":[]}`
		priority = `{"model":"m","store":false,"service_tier":"Priority","prompt_cache_key":"none","input":[]}`
		chat     = `{"model":"m","service_tier":"flex","messages":[{"role":"user","content":"hi"}]}`
		fast     = `{"model":"m","speed":"fast","metadata":{"user_id":"u"},"messages":[]}`
		beta     = "fast-mode-2026-02-01"
	)
	tier := func(phase domain.FilterPhase, value string) *domain.RequestFilter {
		return boundTo(doing(t, "tier", phase, `[{"op":"set","path":"service_tier","value":"`+value+`"}]`), 1)
	}
	overridden := func(to string) func(*world) {
		return func(w *world) { w.config.Providers[0].Overrides = &domain.Overrides{ServiceTier: to} }
	}
	asked := func(tier string) *domain.ServiceAsked { return &domain.ServiceAsked{Tier: tier} }
	for name, c := range map[string]struct {
		kind   domain.ProviderType
		change func(*world)
		body   string
		betas  string
		client string               // the tier that the client asks for
		want   *domain.ServiceAsked // nil = as the client asks
	}{
		"nobody interferes":               {domain.TypeCodex, nil, priority, "", "priority", nil},
		"an override":                     {domain.TypeCodex, overridden("priority"), codex, "", "", asked("priority")},
		"an override of the client's":     {domain.TypeCodex, overridden("default"), priority, "", "priority", asked("default")},
		"an override of something else":   {domain.TypeCodex, func(w *world) { w.config.Providers[0].Overrides = &domain.Overrides{ReasoningEffort: "low"} }, priority, "", "priority", asked("priority")},
		"a filter of the final phase":     {domain.TypeCodex, filtering(tier(domain.FilterFinal, "flex")), codex, "", "", asked("flex")},
		"a filter takes it out":           {domain.TypeCodex, filtering(doing(t, "no tier", domain.FilterFinal, `[{"op":"remove","path":"service_tier"}]`)), priority, "", "priority", asked("")},
		"a filter bound to the provider":  {domain.TypeCodex, filtering(tier(domain.FilterGuard, "flex")), codex, "", "", asked("flex")},
		"a filter of all that is sent in": {domain.TypeCodex, filtering(doing(t, "tier", domain.FilterGuard, `[{"op":"set","path":"service_tier","value":"flex"}]`)), codex, "", "flex", nil},
		"a conversion carries it":         {domain.TypeCodex, converting(t, domain.TypeCodex), chat, "", "flex", asked("flex")},
		"a conversion has no place for":   {domain.TypeClaude, converting(t, domain.TypeClaude), chat, "", "flex", asked("")},
		"fast":                            {domain.TypeClaude, nil, fast, beta, "", &domain.ServiceAsked{Fast: true}},
		"fast without its beta":           {domain.TypeClaude, nil, fast, "", "", asked("")},
		"fast by a filter": {
			domain.TypeClaude, filtering(doing(t, "fast", domain.FilterFinal, `[{"op":"set","path":"speed","value":"fast"},{"op":"set","scope":"header","path":"anthropic-beta","value":"`+beta+`"}]`)),
			plainBody, "", "", &domain.ServiceAsked{Fast: true},
		},
		"fast by the provider's header": {domain.TypeClaude, func(w *world) {
			w.config.Providers[0].Transport.CustomHeaders = map[string]domain.Secret{"anthropic-beta": beta}
		}, fast, "", "", &domain.ServiceAsked{Fast: true}},
		"a filter takes the beta away": {
			domain.TypeClaude, filtering(doing(t, "slow", domain.FilterFinal, `[{"op":"remove","scope":"header","path":"anthropic-beta"}]`)),
			fast, beta, "", asked(""),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, answer := "/v1/responses", as("m", wires()["responses"].document)
			switch {
			case strings.Contains(c.body, "metadata"):
				path, answer = "/v1/messages", message
			case c.body == chat:
				path = "/v1/chat/completions"
			}
			if c.kind == domain.TypeClaude {
				answer = message
			}
			w := newWorld(t, func(w *world) {
				w.config.Providers[0].Type = c.kind
				if c.change != nil {
					c.change(w)
				}
			}, says(200, "application/json", answer))
			r := w.request(t.Context(), c.body)
			r.URL.Path = path
			if c.betas != "" {
				r.Header.Set("Anthropic-Beta", "one,"+c.betas)
			}
			a := w.do(r)
			require.Equal(t, 200, a.status, a.body)
			require.Equal(t, c.client, w.actor.lastAdmit(t).Service.Tier)
			require.Equal(t, c.want, w.actor.only(t).Service)
		})
	}
}
