package adminapi

import (
	"context"
	"strings"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/filter"
	"github.com/claude-code-hub/cch/internal/override"
	"github.com/claude-code-hub/cch/internal/routing"
)

// maxSupposedBody bounds the body of a supposed request, in bytes.
const maxSupposedBody = 256 << 10

// simulatedFilter is a filter that such a request would go through.
type simulatedFilter struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	Binding string `json:"binding" enum:"global,providers,groups"`
	Phase   string `json:"phase"   enum:"guard,final"`
}

// simulatedChanges are what the first attempt would do to the body.
type simulatedChanges struct {
	Special []domain.SpecialSetting  `json:"special" doc:"as specialSettings of the record; what a provider has refused before is not known here"`
	Edits   []domain.ParameterChange `json:"edits"   doc:"where what is sent differs from what the client sends, 100 at most; null = it is put into another format"`
	Drops   []string                 `json:"drops"   doc:"what the other format cannot say"`
	Refused *string                  `json:"refused" doc:"why nothing would be sent"`
}

// suppose has the gateway read the request; nil where it would read nothing of it.
func (a *API) suppose(c *domain.Catalog, in *simulateInput) (Supposition, error) {
	b := &in.Body
	var wrong faults
	switch {
	case len(b.Body) > maxSupposedBody:
		wrong.add("too_long", "has more than 256 KiB", "body")
	case len(b.Body) > 0 && !strings.HasPrefix(strings.TrimSpace(string(b.Body)), "{"):
		wrong.add("invalid_type", "is a JSON object", "body")
	}
	if err := wrong.err(); err != nil {
		return nil, err
	}
	s := domain.Supposed{
		Key: c.Key(domain.KeyID(b.KeyID)), Protocol: domain.Protocol(b.Format), Class: domain.CallClass(b.Class),
		Model: b.Model, SessionID: b.SessionID, Body: b.Body, Header: b.Client.header(),
	}
	if s.User = c.User(domain.UserID(b.UserID)); s.Key != nil {
		s.User = c.User(s.Key.UserID)
	}
	return a.Suppose(c, &s)
}

// header is what the client's program sends of itself.
func (c *simulateClient) header() map[string][]string {
	h := make(map[string][]string)
	for name, value := range map[string]string{"User-Agent": c.UserAgent, "X-App": c.App} {
		if value != "" {
			h[name] = []string{value}
		}
	}
	if c.Beta {
		h["Anthropic-Beta"] = []string{"supposed"}
	}
	return h
}

// showChanges adds what filters and overrides would do. Of calls that generate
// nothing they leave everything as it is.
func (in *simulateInput) showChanges(ctx context.Context, out *simulateBody, c *domain.Catalog, s *routing.Input, r routing.Routed, supposed Supposition) {
	if in.Body.Class != string(domain.CallGenerate) {
		return
	}
	filters := filter.InForce(c)
	for _, f := range filters {
		out.Filters = append(out.Filters, simulatedFilter{int64(f.ID), f.Name, string(f.Binding), string(f.Phase)})
	}
	key := c.Key(domain.KeyID(in.Body.KeyID))
	if key == nil {
		key = &domain.Key{}
	}
	for i := range out.Providers {
		p := &out.Providers[i]
		p.concerned(c, c.Provider(domain.ProviderID(p.ID)), key, filters, s)
		if out.Provider != nil && out.Provider.ID == p.ID {
			out.Provider = p
		}
	}
	if r.Provider == nil || supposed == nil || len(in.Body.Body) == 0 {
		return
	}
	model, redirect := s.Plan.Redirect(r.Provider.ID, s.Model)
	seen := supposed.Foresee(ctx, &domain.SupposedCall{
		Provider: r.Provider, Model: model, Redirected: redirect != nil, Converted: r.Converted,
	})
	out.Changes = &simulatedChanges{Special: list(seen.Special), Edits: seen.Edits, Drops: list(seen.Drops), Refused: optional(seen.Refused)}
}

// concerned adds the filters that are bound to a provider and the values that are
// the operator's.
func (p *simulatedProvider) concerned(c *domain.Catalog, provider *domain.Provider, key *domain.Key, filters []*domain.RequestFilter, s *routing.Input) {
	for _, f := range filters {
		if f.Binding != domain.FilterGlobal && filter.Meant(c, f, provider) {
			p.FilterIDs = append(p.FilterIDs, int64(f.ID))
		}
	}
	model, _ := s.Plan.Redirect(provider.ID, s.Model)
	request := override.Request{Provider: provider, Model: model, CacheTTL: domain.EffectiveCacheTTL(key, provider)}
	p.Overrides = request.Names()
}
