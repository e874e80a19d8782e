package adminapi

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

// maxExpanded is how many parts of a row are shown.
const maxExpanded = 10

func (a *API) declareLeaderboard() {
	operation(a, LevelGlobal, huma.Operation{
		OperationID: "leaderboard", Method: http.MethodGet, Path: "/leaderboard", Tags: []string{"Statistics"},
		Summary: "Who and what was used most, beside the period before",
		Description: "Users see their own rows and ranks; providers and models by their own usage. With the setting " +
			"allowGlobalUsageView they see all users, providers and models, of keys still only their own.",
	}, a.leaderboard)
}

type leaderboardInput struct {
	Scope        string    `query:"scope"        enum:"user,key,provider,model" default:"user"`
	Metric       string    `query:"metric"       enum:"cost,requests,tokens,cacheHitRate" default:"cost"`
	Period       string    `query:"period"       enum:"daily,weekly,monthly,allTime,custom" default:"daily" doc:"in the system's time zone; weeks begin on Monday"`
	At           time.Time `query:"at"           doc:"some instant of the day, week or month; now where it is left out"`
	From         time.Time `query:"from"         doc:"of a custom period"`
	To           time.Time `query:"to"           doc:"of a custom period; now where it is left out"`
	ProviderType string    `query:"providerType" enum:"claude,claude-auth,codex,openai-compatible,gemini,gemini-cli" doc:"what went to providers of a type"`
	Groups       []string  `query:"groups"       maxItems:"20" doc:"what users of one of these groups did"`
	Expand       string    `query:"expand"       enum:"models,providers" doc:"each row by its models or providers, the ten greatest"`
	Limit        int       `query:"limit"        minimum:"1" maximum:"200" default:"50"`
}

type leaderboardRow struct {
	Rank         int               `json:"rank"`
	PreviousRank *int              `json:"previousRank" doc:"in the period before; null = it had none"`
	ID           *int64            `json:"id"           doc:"user, key or provider"`
	Name         *string           `json:"name"         doc:"null where it is not known any more, or hidden"`
	Model        *string           `json:"model"        doc:"empty = those beyond the fifty that a day tells apart"`
	Share        *float64          `json:"share"        doc:"of the metric's total, 0..1; null for a rate, and where the total is not the caller's to know"`
	Figures      figuresBody       `json:"figures"`
	CostPerMTok  *float64          `json:"costPerMTokUsd" doc:"of a million tokens"`
	Parts        []leaderboardPart `json:"parts,omitempty" doc:"with expand"`
}

type leaderboardPart struct {
	ProviderID   *int64      `json:"providerId"`
	ProviderName *string     `json:"providerName"`
	Model        *string     `json:"model"`
	Figures      figuresBody `json:"figures"`
}

type leaderboardBody struct {
	From         time.Time        `json:"from"`
	To           time.Time        `json:"to"`
	PreviousFrom *time.Time       `json:"previousFrom"`
	PreviousTo   *time.Time       `json:"previousTo"`
	Timezone     string           `json:"timezone"`
	View         string           `json:"view"  enum:"all,own"`
	Items        []leaderboardRow `json:"items"`
	Count        int              `json:"count" doc:"rows there are for the caller, shown or not"`
	Total        *figuresBody     `json:"total" doc:"of everything that matches; null where it is not the caller's to know"`
}

type leaderboardOutput struct{ Body leaderboardBody }

type leaderboardKey struct {
	v      viewer
	in     string
	at     time.Time
	period usageRange
}

func (a *API) leaderboard(ctx context.Context, in *leaderboardInput) (*leaderboardOutput, error) {
	v := a.viewerOf(callerOf(ctx))
	now, zone := a.Now(), a.Catalog.Current().Zone()
	r, before, err := in.periods(now, zone)
	if err != nil {
		return nil, err
	}
	if in.Expand == in.Scope+"s" {
		return nil, problem.Invalid(problem.InvalidParam{Path: []any{"expand"}, Code: "invalid_choice", Message: "must be something else than scope"})
	}
	key := leaderboardKey{v: v, in: in.text(), at: in.At, period: usageRange{in.From, in.To}}
	return answer(ctx, a.answers, key, leaderboardKept, func(ctx context.Context) (*leaderboardOutput, error) {
		body, err := a.workOutLeaderboard(ctx, v, in, r, before)
		return &leaderboardOutput{Body: body}, err
	})
}

// text tells requests for different things apart, but for their times.
func (in *leaderboardInput) text() string {
	return strings.Join(append([]string{
		in.Scope, in.Metric, in.Period, in.ProviderType, in.Expand, strconv.Itoa(in.Limit),
	}, in.Groups...), "\x00")
}

// periods are the time that is asked for and the one before, which for all time
// is empty.
func (in *leaderboardInput) periods(now time.Time, zone *time.Location) (r, before usageRange, err error) {
	if in.Period == "custom" {
		if r, err = checkRange(in.From, in.To, now); err != nil {
			return r, before, err
		}
		return r, usageRange{r.from.Add(r.from.Sub(r.to)), r.from}, nil
	}
	if !in.From.IsZero() || !in.To.IsZero() {
		return r, before, problem.Invalid(problem.InvalidParam{Path: []any{"period"}, Code: "conflict", Message: "from and to need the period custom"})
	}
	at := in.At
	switch {
	case at.IsZero():
		at = now
	case at.Year() < 1971 || at.Year() > 9998:
		return r, before, problem.Invalid(problem.InvalidParam{Path: []any{"at"}, Code: "invalid_range", Message: "is out of bounds"})
	}
	around := map[string]func(time.Time, *time.Location) (time.Time, time.Time){
		"daily": limits.Day, "weekly": limits.Week, "monthly": limits.Month,
	}[in.Period]
	if around == nil { // all time
		_, end := limits.Day(now, zone)
		return usageRange{time.UnixMilli(0), end}, before, nil
	}
	r.from, r.to = around(at, zone)
	before.from, before.to = around(r.from.Add(-time.Millisecond), zone)
	return r, before, nil
}

func (a *API) workOutLeaderboard(ctx context.Context, v viewer, in *leaderboardInput, r, before usageRange) (leaderboardBody, error) {
	zone := a.Catalog.Current().Zone()
	b := leaderboardBody{From: r.from.UTC(), To: r.to.UTC(), Timezone: zone.String(), View: v.scope(), Items: []leaderboardRow{}}
	q := domain.UsageQuery{From: r.from, To: r.to, Zone: zone, By: domain.UsageBy(in.Scope)}
	matches, err := a.narrowBoard(ctx, v, in, &q)
	if err != nil || !matches {
		return b, err
	}
	ranking, err := a.rank(ctx, in, q)
	if err != nil {
		return b, err
	}
	previous := map[usageLineKey]int{}
	if before.from.Before(before.to) {
		b.PreviousFrom, b.PreviousTo = new(before.from.UTC()), new(before.to.UTC())
		earlier := q
		earlier.From, earlier.To = before.from, before.to
		then, err := a.rank(ctx, in, earlier)
		if err != nil {
			return b, err
		}
		for i := range then.groups {
			previous[keyOfGroup(&then.groups[i])] = i + 1
		}
	}
	mine := a.boardRows(v, in.Scope)
	for i := range ranking.groups {
		g := &ranking.groups[i]
		if !mine(g) {
			continue
		}
		if b.Count++; len(b.Items) == in.Limit {
			continue
		}
		row := a.showRow(v, in, g, i+1, previous)
		if mayKnowTotal(v, in.Scope) && in.Metric != "cacheHitRate" {
			row.Share = share(metricOf(in.Metric, &g.UsageFigures), metricOf(in.Metric, &ranking.total))
		}
		b.Items = append(b.Items, row)
	}
	if mayKnowTotal(v, in.Scope) {
		b.Total = new(v.figures(&ranking.total))
	}
	return b, a.expandRows(ctx, v, in, q, b.Items)
}

// narrowBoard adds what the caller filters by, and what the caller may see; false
// where nothing can match.
func (a *API) narrowBoard(ctx context.Context, v viewer, in *leaderboardInput, q *domain.UsageQuery) (bool, error) {
	if in.Scope == "provider" || in.Scope == "model" {
		q.User = v.of() // ranks of users and keys are among all
	}
	if in.ProviderType != "" {
		for _, p := range a.Catalog.Current().Providers() {
			if string(p.Type) == in.ProviderType {
				q.Providers = append(q.Providers, p.ID)
			}
		}
		if len(q.Providers) == 0 {
			return false, nil
		}
	}
	if len(in.Groups) == 0 {
		return true, nil
	}
	users, err := a.Stores.Users.List(ctx)
	if err != nil {
		return false, err
	}
	for i := range users {
		if slices.ContainsFunc(in.Groups, func(group string) bool { return slices.Contains(users[i].Groups, group) }) {
			q.Users = append(q.Users, users[i].ID)
		}
	}
	if len(q.Users) > domain.MaxUsageList || len(q.Providers) > domain.MaxUsageList {
		return false, domain.NewFault(domain.KindInvalid, "", "too many users or providers match")
	}
	return len(q.Users) > 0, nil
}

func mayKnowTotal(v viewer, scope string) bool {
	return v.wide || scope == "provider" || scope == "model"
}

// boardRows tells which rows the viewer may see.
func (a *API) boardRows(v viewer, scope string) func(g *domain.UsageGroup) bool {
	switch {
	case v.admin, scope == "provider", scope == "model":
		return func(*domain.UsageGroup) bool { return true }
	case scope == "user":
		return func(g *domain.UsageGroup) bool { return v.wide || g.ID == int64(v.user) }
	}
	return a.ownLines(viewer{wide: true, user: v.user}, scope)
}

// ranking are groups, the greatest first.
type ranking struct {
	groups []domain.UsageGroup
	total  domain.UsageFigures
}

func keyOfGroup(g *domain.UsageGroup) usageLineKey { return usageLineKey{g.ID, g.Model} }

func (a *API) rank(ctx context.Context, in *leaderboardInput, q domain.UsageQuery) (ranking, error) {
	groups, err := a.Stores.Usage.Usage(ctx, q)
	r := ranking{groups: groups}
	for i := range groups {
		r.total.Add(&groups[i].UsageFigures)
	}
	// What reached no provider has no place among them.
	r.groups = slices.DeleteFunc(r.groups, func(g domain.UsageGroup) bool {
		return q.By == domain.ByProvider && g.ID == 0 || in.Metric == "cacheHitRate" && g.InputTokens() == 0
	})
	slices.SortFunc(r.groups, func(x, y domain.UsageGroup) int {
		return cmp.Or(compareMetric(in.Metric, &y.UsageFigures, &x.UsageFigures), cmp.Compare(x.ID, y.ID), cmp.Compare(x.Model, y.Model))
	})
	return r, err
}

func compareMetric(metric string, x, y *domain.UsageFigures) int {
	if metric == "cacheHitRate" {
		return cmp.Compare(*share(x.Tokens.CacheRead, x.InputTokens()), *share(y.Tokens.CacheRead, y.InputTokens()))
	}
	return cmp.Compare(metricOf(metric, x), metricOf(metric, y))
}

func (a *API) showRow(v viewer, in *leaderboardInput, g *domain.UsageGroup, rank int, previous map[usageLineKey]int) leaderboardRow {
	row := leaderboardRow{Rank: rank, Figures: v.figures(&g.UsageFigures)}
	if before := previous[keyOfGroup(g)]; before > 0 {
		row.PreviousRank = &before
	}
	if tokens := g.TotalTokens(); tokens > 0 {
		row.CostPerMTok = new(g.Cost.USD() * 1e6 / float64(tokens))
	}
	if in.Scope == string(domain.ByModel) {
		row.Model = &g.Model
		return row
	}
	row.ID, row.Name = number(domain.UserID(g.ID)), a.nameOf(v, domain.UsageBy(in.Scope), g.ID)
	return row
}

// expandRows adds to each row what it is made of.
func (a *API) expandRows(ctx context.Context, v viewer, in *leaderboardInput, q domain.UsageQuery, rows []leaderboardRow) error {
	if in.Expand == "" || len(rows) == 0 {
		return nil
	}
	q.Split = domain.UsageBy(strings.TrimSuffix(in.Expand, "s"))
	groups, err := a.Stores.Usage.Usage(ctx, q)
	if err != nil {
		return err
	}
	parts := make(map[usageLineKey][]*domain.UsageGroup)
	for i := range groups {
		key := usageLineKey{groups[i].ID, ""}
		if q.By == domain.ByModel {
			key.model = groups[i].Model
		}
		parts[key] = append(parts[key], &groups[i])
	}
	for i := range rows {
		key := usageLineKey{}
		if rows[i].ID != nil {
			key.id = *rows[i].ID
		}
		if rows[i].Model != nil {
			key.model = *rows[i].Model
		}
		rows[i].Parts = a.showParts(v, in, q, parts[key])
	}
	return nil
}

func (a *API) showParts(v viewer, in *leaderboardInput, q domain.UsageQuery, groups []*domain.UsageGroup) []leaderboardPart {
	metric := in.Metric
	if metric == "cacheHitRate" {
		metric = "tokens"
	}
	slices.SortStableFunc(groups, func(x, y *domain.UsageGroup) int { return compareMetric(metric, &y.UsageFigures, &x.UsageFigures) })
	list := []leaderboardPart{}
	for _, g := range groups[:min(len(groups), maxExpanded)] {
		part := leaderboardPart{Figures: v.figures(&g.UsageFigures)}
		if q.Split == domain.ByModel {
			part.Model = &g.Model
		} else {
			part.ProviderID = number(g.Provider)
			part.ProviderName = a.nameOf(v, domain.ByProvider, int64(g.Provider))
		}
		list = append(list, part)
	}
	return list
}
