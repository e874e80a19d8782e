package adminapi

import (
	"cmp"
	"context"
	"encoding/json"

	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
	"github.com/claude-code-hub/cch/internal/secrets"
)

// exampleRequestID stands where answers name their request.
const exampleRequestID = "req_0000000000000"

type testErrorRulesInput struct {
	Body struct {
		Text       string `json:"text"                minLength:"1" maxLength:"16384" doc:"what an upstream answered"`
		StatusCode int    `json:"statusCode,omitempty" minimum:"400" maximum:"599" default:"400" doc:"with which status"`
		Client     string `json:"client,omitempty"    enum:"claude,chat,responses,gemini,gemini-cli" default:"claude" doc:"whose answer to show"`
		Rule       *struct {
			Pattern string `json:"pattern" minLength:"1" maxLength:"500"`
			ErrorRuleFields
		} `json:"rule,omitempty" doc:"to be tried alone; left out = the rules in force"`
	}
}

type testErrorRulesBody struct {
	Class    string         `json:"class"    doc:"what the outcome counts as; client_error is given to the client and to nobody else"`
	Rule     *errorRuleBody `json:"rule"     doc:"the first that matches, null if none does"`
	TooLong  bool           `json:"tooLong"  doc:"the text says that the conversation does not fit into the model's context"`
	Response *errorPreview  `json:"response" doc:"what the client gets, null if another provider is asked first"`
}

type errorPreview struct {
	StatusCode int             `json:"statusCode"`
	Body       json.RawMessage `json:"body" doc:"null where the upstream's own bytes go out that are no JSON"`
	Overridden bool            `json:"overridden"`
}

func (a *API) testErrorRules(_ context.Context, in *testErrorRulesInput) (*struct{ Body testErrorRulesBody }, error) {
	b := &in.Body
	rules := a.Catalog.Current().ErrorRules()
	if b.Rule != nil {
		r := domain.ErrorRule{Pattern: b.Rule.Pattern, MatchType: domain.MatchContains, Category: "test"}
		var wrong, named faults
		b.Rule.apply(&r, &wrong)
		if named.within(wrong, "rule"); len(named) > 0 {
			return nil, named.err()
		}
		r.Enabled = true
		rules = domain.NewErrorRules([]*domain.ErrorRule{&r})
	}
	v := routing.Classify(rules, routing.Facts{Failure: domain.FailStatus, Status: b.StatusCode, Text: b.Text})
	out := testErrorRulesBody{Class: string(v.Class), TooLong: v.ContextTooLong}
	if v.Matched != nil {
		shown := showErrorRule(v.Matched)
		out.Rule = &shown
	}
	if v.Class == domain.ClassClientError {
		out.Response = previewError(v.Matched, neutral.Format(b.Client), b.StatusCode, b.Text)
	}
	return &struct{ Body testErrorRulesBody }{out}, nil
}

// previewError is what a client gets of an error that its own request is to blame
// for, from a provider of the client's own protocol.
func previewError(rule *domain.ErrorRule, client neutral.Format, status int, text string) *errorPreview {
	p := &errorPreview{StatusCode: status}
	switch status {
	case 401, 402, 403:
		p.StatusCode = 400
	}
	if json.Valid([]byte(text)) {
		p.Body = json.RawMessage(text)
	}
	if rule != nil {
		o := &rule.Override
		p.StatusCode = cmp.Or(o.Status, p.StatusCode)
		p.Overridden = o.Status != 0 || len(o.Response) > 0
		if len(o.Response) > 0 {
			p.Body = convert.Override(client, o.Response, p.StatusCode, routing.PublicMessage(secrets.Redact(text), status), exampleRequestID)
		}
	}
	if p.Body == nil {
		p.Body = json.RawMessage("null")
	}
	return p
}
