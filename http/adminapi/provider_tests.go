package adminapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
)

func (a *API) declareProviderTests() {
	tags := []string{"Provider tests"}
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "testProviderDraft", Method: http.MethodPost, Path: "/providers/test", Tags: tags,
		Summary: "Call an upstream that is not saved, or one that is with changes",
	}, a.testDraft)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "testProvider", Method: http.MethodPost, Path: "/providers/{id}/test", Tags: tags,
		Summary: "Call a saved provider",
	}, a.testProvider)
}

// ProbeFields say how to test.
type ProbeFields struct {
	Model     string `json:"model,omitempty"     maxLength:"128" doc:"left out: a small model of the type"`
	TimeoutMs int64  `json:"timeoutMs,omitempty" minimum:"1000" maximum:"120000"`
	SlowMs    int64  `json:"slowMs,omitempty"    minimum:"1" maximum:"120000" doc:"above it the verdict is yellow; left out: 5000"`
	Expect    string `json:"expect,omitempty"    maxLength:"256" doc:"text the answer should hold; left out: pong"`
}

func (f *ProbeFields) test(p domain.Provider) domain.ConnectionTest {
	return domain.ConnectionTest{
		Provider: p, Model: f.Model, Expect: f.Expect,
		Slow: time.Duration(f.SlowMs) * time.Millisecond, Timeout: time.Duration(f.TimeoutMs) * time.Millisecond,
	}
}

type testDraftInput struct {
	Body struct {
		ProviderID    int64             `json:"providerId,omitempty"            minimum:"1" doc:"what is left out is taken from this provider"`
		Type          string            `json:"type,omitempty"                  enum:"claude,claude-auth,codex,openai-compatible,gemini,gemini-cli"`
		URL           string            `json:"url,omitempty"                   maxLength:"255"`
		Key           string            `json:"key,omitempty"                   maxLength:"16384" writeOnly:"true"`
		ProxyURL      field[string]     `json:"proxyUrl,omitzero"              maxLength:"512" writeOnly:"true"`
		ProxyFallback field[bool]       `json:"proxyFallbackToDirect,omitzero"`
		AuthStyle     string            `json:"authStyle,omitempty"             enum:"auto,x-api-key,bearer,both"`
		Headers       map[string]string `json:"headers,omitempty"               writeOnly:"true"`
		ProbeFields
	}
}

// testDraft tests what a form holds. Like a change of a provider it never sends
// a stored key to another host.
func (a *API) testDraft(ctx context.Context, in *testDraftInput) (*reportOutput, error) {
	p := newProvider("", "", "")
	if in.Body.ProviderID != 0 {
		stored, err := a.Stores.Providers.Get(ctx, domain.ProviderID(in.Body.ProviderID))
		if err != nil {
			return nil, err
		}
		p = stored
	}
	if err := in.merge(&p); err != nil {
		return nil, err
	}
	return a.runTest(ctx, in.Body.test(p))
}

func (in *testDraftInput) merge(p *domain.Provider) error {
	body, before := &in.Body, p.URL
	var wrong faults
	if body.Type != "" {
		p.Type = domain.ProviderType(body.Type)
	}
	if body.URL != "" && body.URL != p.URL {
		p.URL = body.URL
		wrong.checkURL(&p.URL)
	}
	switch {
	case body.Key != "":
		setProviderKey(p, body.Key)
	case hostOf(p.URL) != hostOf(before):
		wrong.add("required", "is required for this host", "key")
	}
	if body.ProxyURL.set {
		p.Transport.ProxyURL = domain.Secret(body.ProxyURL.value)
	}
	body.ProxyFallback.to(&p.Transport.ProxyFallbackToDirect, false)
	if body.AuthStyle != "" {
		p.Transport.AuthStyle = domain.AuthStyle(body.AuthStyle)
	}
	if body.Headers != nil {
		p.Transport.CustomHeaders = map[string]domain.Secret{}
		for name, value := range body.Headers {
			p.Transport.CustomHeaders[name] = domain.Secret(value)
		}
	}
	wrong.checkTransport(&p.Transport)
	for name, missing := range map[string]bool{"type": p.Type == "", "url": p.URL == ""} {
		if missing {
			wrong.add("required", "is required", name)
		}
	}
	return wrong.err()
}

type testProviderInput struct {
	ProviderIDInput
	Body *ProbeFields `required:"false"`
}

func (a *API) testProvider(ctx context.Context, in *testProviderInput) (*reportOutput, error) {
	p, err := a.Stores.Providers.Get(ctx, domain.ProviderID(in.ID))
	if err != nil {
		return nil, err
	}
	fields := in.Body
	if fields == nil {
		fields = &ProbeFields{}
	}
	return a.runTest(ctx, fields.test(p))
}

type reportOutput struct{ Body reportBody }

type reportBody struct {
	Status      string              `json:"status"     enum:"green,yellow,red"`
	SubStatus   string              `json:"subStatus"  enum:"success,slow_latency,auth_error,rate_limit,invalid_request,client_error,server_error,network_error,content_mismatch"`
	HTTPStatus  *int                `json:"httpStatus"`
	LatencyMs   int64               `json:"latencyMs"`
	FirstByteMs *int64              `json:"firstByteMs"`
	Model       *string             `json:"model"      doc:"as the upstream names it"`
	Content     *string             `json:"content"`
	Usage       *testUsageBody      `json:"usage"`
	Error       *string             `json:"error"`
	RawSample   *string             `json:"rawSample"  doc:"at most 4 KiB, credentials masked"`
	UsedProxy   bool                `json:"usedProxy"`
	Attempts    []reportAttemptBody `json:"attempts"`
}

type testUsageBody struct {
	InputTokens  int64 `json:"inputTokens"`
	OutputTokens int64 `json:"outputTokens"`
}

type reportAttemptBody struct {
	Preset     string  `json:"preset"`
	URL        string  `json:"url"`
	HTTPStatus *int    `json:"httpStatus"`
	SubStatus  string  `json:"subStatus"`
	Error      *string `json:"error"`
}

func (a *API) runTest(ctx context.Context, t domain.ConnectionTest) (*reportOutput, error) {
	r, err := a.Tester.Test(ctx, t)
	if err != nil {
		if domain.IsKind(err, domain.KindInvalid) {
			return nil, problem.New(http.StatusBadRequest, "request.invalid", domain.AsFault(err).Detail)
		}
		return nil, err
	}
	b := reportBody{
		Status: string(r.Status), SubStatus: r.SubStatus, HTTPStatus: optional(r.HTTPStatus),
		LatencyMs: r.Latency.Milliseconds(), FirstByteMs: reached(r.FirstByte), Model: optional(r.Model),
		Content: optional(r.Content), Error: optional(r.Error), RawSample: optional(r.RawSample),
		UsedProxy: r.UsedProxy, Attempts: []reportAttemptBody{},
	}
	if !r.Usage.IsZero() {
		b.Usage = &testUsageBody{InputTokens: r.Usage.Input, OutputTokens: r.Usage.Output}
	}
	for _, try := range r.Attempts {
		b.Attempts = append(b.Attempts, reportAttemptBody{
			Preset: try.Preset, URL: try.URL, HTTPStatus: optional(try.HTTPStatus), SubStatus: try.SubStatus,
			Error: optional(try.Error),
		})
	}
	return &reportOutput{Body: b}, nil
}
