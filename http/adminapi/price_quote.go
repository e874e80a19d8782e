package adminapi

import (
	"context"
	"encoding/json"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/http/gateway/metering"
	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

type quoteInput struct {
	Body struct {
		Model       string          `json:"model"                 minLength:"1" maxLength:"200" doc:"as a client asks for it"`
		Usage       json.RawMessage `json:"usage"                 doc:"a usage object, or a whole answer, of any protocol"`
		Format      string          `json:"format,omitempty"      enum:"claude,chat,responses,gemini" doc:"of the usage; by default it is told by its members"`
		ProviderID  int64           `json:"providerId,omitempty"  doc:"whose seller and multiplier count; without one the list price"`
		Group       string          `json:"group,omitempty"       maxLength:"200" doc:"whose multiplier counts"`
		ServiceTier string          `json:"serviceTier,omitempty" maxLength:"32"  doc:"as requested"`
		Fast        bool            `json:"fast,omitempty"        doc:"fast mode is asked for"`
	}
}

type quoteOutput struct {
	Body struct {
		Format string    `json:"format" doc:"as which the usage was read"`
		Cost   *costBody `json:"cost"`
	}
}

func (a *API) quotePrice(_ context.Context, in *quoteInput) (*quoteOutput, error) {
	format := neutral.Format(in.Body.Format)
	if format == "" {
		format = formatOf(gjson.ParseBytes(in.Body.Usage))
	}
	usage, tier, ok := readUsage(format, in.Body.Usage)
	if !ok {
		return nil, problem.Invalid(problem.InvalidParam{
			Path: []any{"usage"}, Code: "invalid_format", Message: "holds no token counts of a known protocol",
		})
	}
	w := pricing.Work{
		Class: domain.CallGenerate, Requested: in.Body.Model, Sent: in.Body.Model,
		Asked:    domain.ServiceAsked{Tier: in.Body.ServiceTier, Fast: in.Body.Fast},
		Provider: &domain.Provider{Routing: domain.Routing{CostMultiplier: domain.MultiplierOne}},
		Group:    domain.MultiplierOne, User: domain.MultiplierOne,
		Ended: true, Outcome: domain.ClassOK, Metered: metering.Of(usage, tier), Evidence: domain.UsageUpstream,
	}
	c := a.Catalog.Current()
	if in.Body.ProviderID != 0 {
		if w.Provider = c.Provider(domain.ProviderID(in.Body.ProviderID)); w.Provider == nil {
			return nil, problem.Invalid(problem.InvalidParam{Path: []any{"providerId"}, Code: "invalid_choice", Message: "does not exist"})
		}
	}
	if in.Body.Group != "" {
		g := c.Group(in.Body.Group)
		if g == nil {
			return nil, problem.Invalid(problem.InvalidParam{Path: []any{"group"}, Code: "invalid_choice", Message: "does not exist"})
		}
		w.Group = g.CostMultiplier
	}
	cost := pricing.Tariff{Prices: a.prices(), Settings: c.Settings()}.Charge(&w)
	out := &quoteOutput{}
	out.Body.Format, out.Body.Cost = string(format), showCost(&cost)
	return out, nil
}

// formatOf tells a protocol by the names of its token counts.
func formatOf(root gjson.Result) neutral.Format {
	for _, inner := range []string{"response", "usage"} {
		if v := root.Get(inner); v.IsObject() {
			root = v
		}
	}
	switch {
	case root.Get("usageMetadata").Exists(), root.Get("promptTokenCount").Exists(), root.Get("candidatesTokenCount").Exists():
		return neutral.Gemini
	case root.Get("prompt_tokens").Exists(), root.Get("completion_tokens").Exists():
		return neutral.Chat
	case root.Get("input_tokens_details").Exists(), root.Get("output_tokens_details.reasoning_tokens").Exists(),
		root.Get("total_tokens").Exists():
		return neutral.Responses
	}
	if inner := root.Get("usage"); inner.IsObject() {
		return formatOf(inner)
	}
	return neutral.Claude
}

// readUsage reads a usage object or a whole answer with the reader that bills
// requests.
func readUsage(format neutral.Format, raw []byte) (passes []neutral.Usage, tier string, ok bool) {
	root := gjson.ParseBytes(raw)
	if !root.IsObject() {
		return nil, "", false
	}
	member := "usage"
	if format == neutral.Gemini {
		member = "usageMetadata"
	}
	if inner := root.Get("response"); inner.IsObject() {
		root = inner
	}
	body := []byte(root.Raw)
	if !root.Get(member).Exists() { // the object alone
		body = []byte(`{"` + member + `":` + root.Raw + `}`)
	}
	tap := neutral.NewTap(format, false)
	tap.Body(body)
	passes = tap.Usage()
	return passes, tap.ServiceTier(), len(passes) > 0
}
