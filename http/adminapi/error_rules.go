package adminapi

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

func (a *API) declareErrorRules() {
	tags := []string{"Error rules"}
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "listErrorRules", Method: http.MethodGet, Path: "/error-rules", Tags: tags,
		Summary: "List the rules that say which errors of upstreams are the client's own fault",
	}, a.listErrorRules)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "createErrorRule", Method: http.MethodPost, Path: "/error-rules", Tags: tags, Summary: "Create an error rule",
		DefaultStatus: http.StatusCreated,
	}, a.createErrorRule)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "testErrorRules", Method: http.MethodPost, Path: "/error-rules/test", Tags: tags,
		Summary: "Tell what would become of an error, by the rules in force or by one that is only thought of",
	}, a.testErrorRules)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "restoreErrorRules", Method: http.MethodPost, Path: "/error-rules/restore-defaults", Tags: tags,
		Summary: "Put the rules that came with the program back as they came; others stay", DefaultStatus: http.StatusNoContent,
	}, a.restoreErrorRules)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "getErrorRule", Method: http.MethodGet, Path: "/error-rules/{id}", Tags: tags, Summary: "Read an error rule",
	}, a.getErrorRule)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "updateErrorRule", Method: http.MethodPatch, Path: "/error-rules/{id}", Tags: tags,
		Summary: "Change an error rule; what a default one looks for cannot be changed",
	}, a.updateErrorRule)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "deleteErrorRule", Method: http.MethodDelete, Path: "/error-rules/{id}", Tags: tags,
		Summary: "Delete an error rule; a default one can only be disabled", DefaultStatus: http.StatusNoContent,
	}, a.deleteErrorRule)
}

type errorRuleBody struct {
	ID                 int64           `json:"id"`
	Version            int             `json:"version"`
	Pattern            string          `json:"pattern"`
	MatchType          string          `json:"matchType" enum:"contains,exact,regex"`
	Category           string          `json:"category"`
	Description        *string         `json:"description"`
	Priority           int             `json:"priority"`
	IsEnabled          bool            `json:"isEnabled"`
	IsDefault          bool            `json:"isDefault" doc:"it came with the program"`
	OverrideResponse   json.RawMessage `json:"overrideResponse" doc:"null = what the upstream said"`
	OverrideStatusCode *int            `json:"overrideStatusCode" doc:"null = the upstream's"`
	CreatedAt          time.Time       `json:"createdAt"`
	UpdatedAt          time.Time       `json:"updatedAt"`
}

func showErrorRule(r *domain.ErrorRule) errorRuleBody {
	b := errorRuleBody{
		ID: int64(r.ID), Version: r.Version, Pattern: r.Pattern, MatchType: string(r.MatchType), Category: r.Category,
		Description: optional(r.Description), Priority: r.Priority, IsEnabled: r.Enabled, IsDefault: r.Default,
		OverrideResponse: r.Override.Response, OverrideStatusCode: optional(r.Override.Status),
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
	if len(b.OverrideResponse) == 0 {
		b.OverrideResponse = json.RawMessage("null")
	}
	return b
}

// ErrorRuleFields are what can be said about an error rule beside its pattern.
type ErrorRuleFields struct {
	MatchType          field[string]          `json:"matchType,omitzero"          enum:"contains,exact,regex" doc:"all ignore case; regex is RE2, without look-around"`
	Category           field[string]          `json:"category,omitzero"           minLength:"1" maxLength:"50"`
	Description        field[string]          `json:"description,omitzero"        maxLength:"500"`
	Priority           field[int]             `json:"priority,omitzero"           minimum:"-10000" maximum:"10000" doc:"highest is tried first"`
	IsEnabled          field[bool]            `json:"isEnabled,omitzero"`
	OverrideResponse   field[json.RawMessage] `json:"overrideResponse,omitzero"   doc:"an error in the form of Claude, OpenAI or Gemini, at most 10 KiB, put into the client's own form; an empty message is filled with what the upstream said, as far as it may be shown"`
	OverrideStatusCode field[int]             `json:"overrideStatusCode,omitzero" minimum:"400" maximum:"599"`
}

// apply changes a rule and notes what is wrong with the change.
func (f *ErrorRuleFields) apply(r *domain.ErrorRule, wrong *faults) {
	named(f.MatchType, &r.MatchType, domain.MatchContains)
	f.Category.to(&r.Category, "")
	f.Description.to(&r.Description, "")
	f.Priority.to(&r.Priority, 0)
	f.IsEnabled.to(&r.Enabled, true)
	f.OverrideStatusCode.to(&r.Override.Status, 0)
	switch {
	case f.OverrideResponse.null:
		r.Override.Response = nil
	case f.OverrideResponse.set:
		r.Override.Response = wrong.overrideResponse(f.OverrideResponse.value)
	}
	if r.Category = strings.TrimSpace(r.Category); r.Category == "" {
		wrong.add("required", "is required", "category")
	}
	if r.Pattern = strings.TrimSpace(r.Pattern); r.Pattern == "" {
		wrong.add("too_short", "is empty", "pattern")
	} else if err := r.Check(); err != nil {
		wrong.add("invalid_format", "is not usable: "+err.Error(), "pattern")
	}
}

// overrideResponse checks what is to be told in an upstream's stead.
func (f *faults) overrideResponse(doc json.RawMessage) []byte {
	var text bytes.Buffer
	if err := json.Compact(&text, doc); err != nil {
		f.add("invalid_format", "is no JSON", "overrideResponse")
		return nil
	}
	if text.Len() > domain.MaxOverrideResponse {
		f.add("too_long", "has more than 10 KiB", "overrideResponse")
	}
	if form, _ := neutral.ErrorFormOf(text.Bytes()); form == "" {
		f.add("invalid_format", "is no error of Claude, OpenAI or Gemini: it has no object named error", "overrideResponse")
	}
	return text.Bytes()
}

type errorRuleListInput struct {
	PageInput
	Query    string `query:"q"        maxLength:"200" doc:"in pattern, category or description"`
	Category string `query:"category" maxLength:"50"`
}

func (a *API) listErrorRules(ctx context.Context, in *errorRuleListInput) (*listOutput[errorRuleBody], error) {
	rules, err := a.Stores.ErrorRules.List(ctx)
	if err != nil {
		return nil, err
	}
	var match []domain.ErrorRule
	q := strings.ToLower(in.Query)
	for i := range rules {
		r := &rules[i]
		text := strings.ToLower(r.Pattern + "\n" + r.Category + "\n" + r.Description)
		if strings.Contains(text, q) && (in.Category == "" || r.Category == in.Category) {
			match = append(match, *r)
		}
	}
	return pageOf(match, in.PageInput, false, func(r *domain.ErrorRule) string { return idKey(r.ID) }, showErrorRule)
}

type createErrorRuleInput struct {
	Body struct {
		Pattern string `json:"pattern" minLength:"1" maxLength:"500"`
		ErrorRuleFields
	}
}

func (a *API) createErrorRule(ctx context.Context, in *createErrorRuleInput) (*output[errorRuleBody], error) {
	r := domain.ErrorRule{Pattern: in.Body.Pattern, MatchType: domain.MatchContains, Enabled: true}
	var wrong faults
	in.Body.apply(&r, &wrong)
	if err := wrong.err(); err != nil {
		return nil, err
	}
	created, version, err := a.Stores.ErrorRules.Create(ctx, r)
	if err != nil {
		return nil, taken(err, "pattern")
	}
	a.settled(ctx, version)
	return &output[errorRuleBody]{ETag: etag(created.Version), Body: showErrorRule(&created)}, nil
}

// ErrorRuleIDInput names an error rule in the path.
type ErrorRuleIDInput struct {
	ID int64 `path:"id" minimum:"1"`
}

func (a *API) getErrorRule(ctx context.Context, in *ErrorRuleIDInput) (*output[errorRuleBody], error) {
	r, err := a.Stores.ErrorRules.Get(ctx, domain.ErrorRuleID(in.ID))
	if err != nil {
		return nil, err
	}
	return &output[errorRuleBody]{ETag: etag(r.Version), Body: showErrorRule(&r)}, nil
}

type updateErrorRuleInput struct {
	ErrorRuleIDInput
	VersionInput
	Body struct {
		Pattern field[string] `json:"pattern,omitzero" minLength:"1" maxLength:"500"`
		ErrorRuleFields
	}
}

func (a *API) updateErrorRule(ctx context.Context, in *updateErrorRuleInput) (*output[errorRuleBody], error) {
	e := edit[domain.ErrorRuleID, domain.ErrorRule, errorRuleBody]{
		repo:    a.Stores.ErrorRules,
		version: func(r *domain.ErrorRule) int { return r.Version },
		show:    showErrorRule,
		apply: func(_ context.Context, r *domain.ErrorRule) error {
			var wrong faults
			in.Body.Pattern.to(&r.Pattern, "")
			in.Body.apply(r, &wrong)
			return wrong.err()
		},
	}
	out, err := e.run(ctx, a, domain.ErrorRuleID(in.ID), in.VersionInput)
	return out, taken(err, "pattern")
}

type deleteErrorRuleInput struct {
	ErrorRuleIDInput
	VersionInput
}

func (a *API) deleteErrorRule(ctx context.Context, in *deleteErrorRuleInput) (*struct{}, error) {
	return remove(ctx, a, a.Stores.ErrorRules, domain.ErrorRuleID(in.ID), in.VersionInput)
}

func (a *API) restoreErrorRules(ctx context.Context, _ *struct{}) (*struct{}, error) {
	defaults, err := routing.DefaultErrorRules()
	if err != nil {
		return nil, err
	}
	version, err := a.Stores.ErrorRules.RestoreDefaults(ctx, defaults)
	if err != nil {
		return nil, err
	}
	a.settled(ctx, version)
	return &struct{}{}, nil
}
