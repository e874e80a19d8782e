package routing

import (
	"slices"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// maxListed bounds the lists of a decision context: with hundreds of providers
// the explanation must not outweigh the request.
const (
	maxListed   = 100
	maxDetailed = 20 // entries that also say until when
)

// explanation collects why a selection went as it did.
type explanation struct {
	context *domain.DecisionContext
}

func newExplanation(in *Input) explanation {
	ctx := &domain.DecisionContext{
		TotalProviders: len(in.Plan.entries),
		TargetType:     targetType(in.Protocol),
		RequestedModel: in.Model,
	}
	if len(in.Groups) > 0 {
		ctx.UserGroup = in.Groups[0]
		if len(in.Groups) > 1 {
			ctx.UserGroup = joinGroups(in.Groups)
		}
		ctx.GroupFilterApplied = !slices.Contains(in.Groups, domain.GroupAll)
	}
	for i := range in.Excluded {
		ctx.ExcludedProviderIDs = append(ctx.ExcludedProviderIDs, in.Excluded[i].ID)
	}
	return explanation{context: ctx}
}

func joinGroups(groups []string) string {
	n := len(groups) - 1
	for _, g := range groups {
		n += len(g)
	}
	joined := make([]byte, 0, n)
	for i, g := range groups {
		if i > 0 {
			joined = append(joined, ',')
		}
		joined = append(joined, g...)
	}
	return string(joined)
}

// targetType names the kind of provider that speaks the protocol natively.
func targetType(p domain.Protocol) string {
	switch p {
	case domain.ProtocolClaude:
		return string(domain.TypeClaude)
	case domain.ProtocolChat:
		return string(domain.TypeOpenAICompatible)
	case domain.ProtocolResponses:
		return string(domain.TypeCodex)
	case domain.ProtocolGemini:
		return string(domain.TypeGemini)
	case domain.ProtocolGeminiCLI:
		return string(domain.TypeGeminiCLI)
	}
	return string(p)
}

func (x explanation) filtered(e *entry, reason, details string) {
	if len(x.context.Filtered) == maxListed {
		x.context.FilteredOmitted++
		return
	}
	x.context.Filtered = append(x.context.Filtered, domain.FilteredProvider{
		ID: e.ID, Name: e.Name, Reason: reason, Details: details,
	})
}

// maxClient bounds the User-Agent in the record.
const maxClient = 200

// restricted adds the lists to the record of a provider that they keep out.
func (x explanation) restricted(e *entry, in *Input) {
	n := len(x.context.Filtered)
	if n == 0 || n > maxDetailed || x.context.Filtered[n-1].ID != e.ID {
		return
	}
	agent := in.Client.UserAgent
	r := &domain.ClientRestriction{
		MatchType: "allowlist", Client: agent[:min(len(agent), maxClient)],
		Allowed: e.Routing.AllowedClients, Blocked: e.Routing.BlockedClients,
	}
	if i := slices.IndexFunc(e.clients.blocked, func(rule clientRule) bool { return rule.matches(&in.Client) }); i >= 0 {
		r.MatchType, r.Pattern = "blocklist", e.clients.blocked[i].pattern
	}
	x.context.Filtered[n-1].ClientRestriction = r
}

// unhealthy records a provider that was out for its health. It counts as
// examined: beforeHealthCheck minus afterHealthCheck are those.
func (x explanation) unhealthy(e *entry, reason string, until time.Time) {
	details := ""
	if !until.IsZero() && len(x.context.Filtered) < maxDetailed {
		var room [32]byte
		details = string(until.UTC().AppendFormat(append(room[:0], "until "...), time.RFC3339))
	}
	x.filtered(e, reason, details)
}

// unreachable adds the facts to the record of a provider that has no endpoint.
func (x explanation) unreachable(e *entry, in *Input) {
	if n := len(x.context.Filtered); n > 0 && x.context.Filtered[n-1].ID == e.ID {
		f := &x.context.Filtered[n-1]
		f.BlockCause, f.Endpoints = blockNoCandidates, e.pool.stats(in.poolHealth(e.pool), in.Now)
	}
}

// level records a priority that has a healthy provider.
func (x explanation) level(priority int) {
	levels := x.context.PriorityLevels
	if at, found := slices.BinarySearch(levels, priority); !found && len(levels) < maxListed {
		x.context.PriorityLevels = slices.Insert(levels, at, priority)
	}
}

// tier records who could have been drawn, the winner in any case.
func (x explanation) tier(t rivals, winner int) {
	x.context.SelectedPriority = t[winner].tier.Priority
	listed := make([]domain.Candidate, 0, min(len(t), maxListed))
	for i := range t {
		if len(listed) == maxListed {
			break
		}
		listed = append(listed, describe(&t[i]))
	}
	if winner >= maxListed {
		listed[maxListed-1] = describe(&t[winner])
	}
	x.context.Candidates = listed
}

func describe(c *candidate) domain.Candidate {
	d := domain.Candidate{
		ID: c.ID, Name: c.Name, Weight: c.Routing.Weight,
		CostMultiplier: c.Routing.CostMultiplier.Float(), Probability: c.odds,
	}
	if c.left.known {
		d.Headroom = new(c.left.headroom)
	}
	if c.left.factor != 1 {
		d.QuotaFactor = c.left.factor
	}
	return d
}
