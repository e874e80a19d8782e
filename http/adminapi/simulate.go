package adminapi

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

func (a *API) declareSimulate() {
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "simulateDispatch", Method: http.MethodPost, Path: "/dispatch/simulate", Tags: []string{"Routing"},
		Summary:     "Explain which provider a request would go to, and why no other, and what would be changed in it, without making a call",
		Description: "The decision is made by the code that serves requests, from the configuration and the providers' state at this moment.",
	}, a.simulate)
}

type simulateInput struct {
	Body struct {
		KeyID  int64    `json:"keyId,omitempty"  minimum:"1" doc:"whose request it is; its groups count"`
		UserID int64    `json:"userId,omitempty" minimum:"1" doc:"instead of keyId: a key without groups of its own"`
		Groups []string `json:"groups,omitempty" maxItems:"100" doc:"instead of the caller's"`

		Format    string            `json:"format"              enum:"claude,chat,responses,gemini,gemini-cli" doc:"protocol of the client"`
		Class     string            `json:"class,omitempty"     enum:"generate,count,resource" default:"generate"`
		Model     string            `json:"model,omitempty"     maxLength:"128"`
		SessionID string            `json:"sessionId,omitempty" maxLength:"256" doc:"with keyId: its binding counts"`
		Features  []simulateFeature `json:"features,omitempty"  maxItems:"32" doc:"what a provider of another protocol must be able to carry"`
		Client    simulateClient    `json:"client,omitzero"`
		Body      json.RawMessage   `json:"body,omitempty"      doc:"what the client sends, a JSON object of at most 256 KiB: then the answer tells what would be changed in it. The model that it names, if any, counts"`

		Seed  string         `json:"seed,omitempty"  maxLength:"32" doc:"of the draw: a number, or the id of a request whose draw is repeated"`
		At    time.Time      `json:"at,omitzero"     doc:"when; left out: now"`
		Edits []simulateEdit `json:"edits,omitempty" maxItems:"50" doc:"changes of providers that are supposed and not stored"`
	}
}

type simulateFeature string

// Schema lists the capabilities.
func (simulateFeature) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, name := range neutral.CapNames() {
		s.Enum = append(s.Enum, name)
	}
	return s
}

type simulateClient struct {
	UserAgent string `json:"userAgent,omitempty" maxLength:"512"`
	App       string `json:"app,omitempty"       maxLength:"64" doc:"header x-app"`
	Beta      bool   `json:"beta,omitempty"      doc:"it sends anthropic-beta"`
	UserID    bool   `json:"userId,omitempty"    doc:"its body has metadata.user_id"`
}

type simulateEdit struct {
	ID int64 `json:"id" minimum:"1"`
	ProviderFields
}

type simulateBody struct {
	Provider        *simulatedProvider        `json:"provider"        doc:"null = the request would be refused"`
	Reason          string                    `json:"reason"          enum:"session_reuse,initial_selection"`
	SelectionMethod *string                   `json:"selectionMethod"`
	ModelSent       *string                   `json:"modelSent"`
	GroupMultiplier *float64                  `json:"groupMultiplier"`
	Refusal         *simulatedRefusal         `json:"refusal"`
	Seed            string                    `json:"seed"`
	Draw            float64                   `json:"draw"            doc:"the number drawn, from 0 to 1; providers share the range in their order by their probabilities"`
	Providers       []simulatedProvider       `json:"providers"       doc:"every provider, in the order of the draw"`
	DecisionContext *domain.DecisionContext   `json:"decisionContext" doc:"as the decision chain of the request would show it"`
	Redirect        *domain.ModelRedirectUsed `json:"modelRedirect"`
	Filters         []simulatedFilter         `json:"filters"         doc:"those in force for such a request, in their order; bound ones for providers that list them"`
	Changes         *simulatedChanges         `json:"changes"         doc:"what would be done to the body before it is sent to the provider; null = no body is given, or nobody is called"`
}

type simulatedProvider struct {
	ID          int64   `json:"id"`
	Name        string  `json:"name"`
	Type        string  `json:"type"`
	Eligible    bool    `json:"eligible"    doc:"it takes part in the draw, or has the session"`
	Reason      *string `json:"reason"      doc:"why it does not"`
	Details     *string `json:"details"`
	Priority    int     `json:"priority"    doc:"for this caller's groups"`
	Converted   bool    `json:"converted"   doc:"the request would be put into another format"`
	Weight      int     `json:"weight"`
	Probability float64 `json:"probability"`

	FilterIDs []int64  `json:"filterIds" doc:"filters that are bound to it or to a group of its; those for all providers come besides"`
	Overrides []string `json:"overrides" doc:"values that are not left to the client, as the provider's overrides call them; cacheTtl may be the key's"`
}

type simulatedRefusal struct {
	Code         string `json:"code"`
	Message      string `json:"message"`
	RetryAfterMs int64  `json:"retryAfterMs"`
}

type simulateOutput struct{ Body simulateBody }

func (a *API) simulate(ctx context.Context, in *simulateInput) (*simulateOutput, error) {
	catalog, err := in.catalog(a.Catalog.Current())
	if err != nil {
		return nil, err
	}
	caller, err := in.caller(catalog)
	if err != nil {
		return nil, err
	}
	seed, id, err := in.seed()
	if err != nil {
		return nil, err
	}
	now := a.Now()
	if !in.Body.At.IsZero() {
		now = in.Body.At
	}
	bound, err := a.binding(ctx, in, now)
	if err != nil {
		return nil, err
	}
	supposed, err := a.suppose(catalog, in)
	if err != nil {
		return nil, err
	}
	if supposed != nil {
		defer supposed.Close()
	}
	call := in.call(caller, supposed)
	if needs, can := in.needs(supposed); can && in.Body.Class == string(domain.CallGenerate) {
		call.Lacks = a.Lacking(needs, neutral.Format(call.Protocol))
	}
	selection := routing.NewInput(routing.Compile(catalog), a.Live, call, now)
	selection.Bound, selection.Pools = bound.Provider, a.Live
	routed := routing.Route(&selection, bound, routing.NewDraw(seed, id))
	out := showSimulation(&selection, routed)
	in.showChanges(ctx, &out, catalog, &selection, routed, supposed)
	out.Seed, out.Draw = in.Body.Seed, routing.NewDraw(seed, id).Float64()
	if out.Seed == "" {
		out.Seed = strconv.FormatUint(seed, 10)
	}
	return &simulateOutput{Body: out}, nil
}

// catalog is the configuration with the supposed changes.
func (in *simulateInput) catalog(c *domain.Catalog) (*domain.Catalog, error) {
	var wrong faults
	edited := make([]*domain.Provider, 0, len(in.Body.Edits))
	for i := range in.Body.Edits {
		e := &in.Body.Edits[i]
		p := c.Provider(domain.ProviderID(e.ID))
		if p == nil {
			wrong.add("not_found", "is no provider", "edits", i, "id")
			continue
		}
		next := *p
		wrong.within(e.apply(&next), "edits", i)
		edited = append(edited, &next)
	}
	if err := wrong.err(); err != nil {
		return nil, err
	}
	return c.WithProviders(edited...), nil
}

// caller is the groups of whoever is supposed to call.
func (in *simulateInput) caller(c *domain.Catalog) ([]string, error) {
	key, user := c.Key(domain.KeyID(in.Body.KeyID)), c.User(domain.UserID(in.Body.UserID))
	switch {
	case in.Body.KeyID != 0 && key == nil:
		return nil, domain.NotFound("key", in.Body.KeyID)
	case in.Body.UserID != 0 && user == nil:
		return nil, domain.NotFound("user", in.Body.UserID)
	case len(in.Body.Groups) > 0:
		return in.Body.Groups, nil
	case key != nil:
		return domain.EffectiveGroups(key, c.User(key.UserID)), nil
	case user != nil:
		return domain.EffectiveGroups(&domain.Key{}, user), nil
	}
	return []string{domain.DefaultGroup}, nil
}

// call is what selection looks at, of the request as filters leave it.
func (in *simulateInput) call(groups []string, supposed Supposition) routing.Call {
	b := &in.Body
	c := routing.Call{
		Groups: groups, Protocol: domain.Protocol(b.Format), Model: b.Model,
		Client: domain.ClientFacts{
			UserAgent: b.Client.UserAgent, App: b.Client.App, Beta: b.Client.Beta, UserID: b.Client.UserID,
			Counting: b.Class == string(domain.CallCount),
		},
	}
	if supposed != nil {
		c.Model, c.Client.UserID = supposed.Model(), c.Client.UserID || supposed.HasUserID()
	}
	return c
}

// needs are the features named and those of the body; false = it could not be put
// into another protocol at all.
func (in *simulateInput) needs(supposed Supposition) (needs neutral.Caps, can bool) {
	for _, name := range in.Body.Features {
		needs |= neutral.CapNamed(string(name))
	}
	if supposed == nil {
		return needs, true
	}
	own, can := supposed.Needs()
	return needs | own, can
}

// seed is what the draw begins with: that of a request, a number, or any.
func (in *simulateInput) seed() (uint64, domain.RequestID, error) {
	if in.Body.Seed == "" {
		return rand.Uint64(), 0, nil
	}
	if id, err := domain.ParseRequestID(in.Body.Seed); err == nil {
		return uint64(id), id, nil
	}
	n, err := strconv.ParseUint(in.Body.Seed, 10, 64)
	if err != nil {
		var wrong faults
		wrong.add("invalid_format", "is neither a number nor the id of a request", "seed")
		return 0, 0, wrong.err()
	}
	return n, 0, nil
}

// binding is that of the session, if one is named.
func (a *API) binding(ctx context.Context, in *simulateInput, now time.Time) (routing.Bound, error) {
	b := routing.Bound{
		Session: domain.SessionKey{KeyID: domain.KeyID(in.Body.KeyID), ID: in.Body.SessionID},
		Source:  domain.SessionFromClient,
	}
	if b.Session.ID == "" || b.Session.KeyID == 0 {
		return b, nil
	}
	view, err := a.Actors.ReadSession(ctx, b.Session)
	if err != nil {
		return b, unreachable("the session's actor", err)
	}
	b.Provider = view.ProviderID
	b.Age = max(0, now.Sub(time.UnixMilli(view.BoundAt)))
	b.Idle = max(0, now.Sub(time.UnixMilli(view.LastUsedAt)))
	return b, nil
}

func showSimulation(in *routing.Input, r routing.Routed) simulateBody {
	out := simulateBody{Reason: string(r.Reason), DecisionContext: r.Context, Providers: []simulatedProvider{}, Filters: []simulatedFilter{}}
	for _, v := range routing.Standings(in, r) {
		shown := simulatedProvider{
			ID: int64(v.Provider.ID), Name: v.Provider.Name, Type: string(v.Provider.Type),
			Eligible: v.Reason == "", Reason: optional(v.Reason), Details: optional(v.Details),
			Priority: v.Priority, Converted: v.Converted, Weight: v.Provider.Routing.Weight, Probability: v.Odds,
			FilterIDs: []int64{}, Overrides: []string{},
		}
		out.Providers = append(out.Providers, shown)
		if r.Provider != nil && v.Provider.ID == r.Provider.ID {
			out.Provider = &shown
		}
	}
	if r.Provider == nil {
		out.Refusal = &simulatedRefusal{
			Code: string(r.Fault.Code), Message: r.Fault.Detail, RetryAfterMs: r.Fault.RetryAfter.Milliseconds(),
		}
		return out
	}
	model, redirect := in.Plan.Redirect(r.Provider.ID, in.Model)
	out.ModelSent, out.Redirect, out.SelectionMethod = optional(model), redirect, word(r.Method)
	out.GroupMultiplier = new(r.GroupMultiplier.Float())
	return out
}
