package adminapi

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sort"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	// hourlyUpTo is the longest range that has hours by default, hourlyAtMost the
	// longest that may have them.
	hourlyUpTo   = 48 * time.Hour
	hourlyAtMost = 14 * 24 * time.Hour
)

func (a *API) declareStatistics() {
	operation(a, LevelGlobal, huma.Operation{
		OperationID: "dashboardStatistics", Method: http.MethodGet, Path: "/dashboard/statistics", Tags: []string{"Statistics"},
		Summary: "Usage over time, by what it is asked for",
		Description: "Users get their own usage; with the setting allowGlobalUsageView everybody's, where users and keys that " +
			"are not theirs are one line.",
	}, a.statistics)
}

type statisticsInput struct {
	Range      string    `query:"range"      enum:"today,7d,30d,month" doc:"whole days of the system's time zone, the last of them today; 7d where from is left out, too"`
	From       time.Time `query:"from"       doc:"in place of range"`
	To         time.Time `query:"to"         doc:"now where it is left out"`
	By         string    `query:"by"         enum:"user,key,provider,model,status" default:"user"`
	Bucket     string    `query:"bucket"     enum:"hour,day" doc:"hours of UTC, for up to 14 days, or days of the system's time zone; hours for up to 48 hours by default"`
	Metric     string    `query:"metric"     enum:"cost,requests,tokens,errors" default:"cost"`
	Top        int       `query:"top"        minimum:"1" maximum:"50" default:"8" doc:"lines at most; the rest is one more"`
	UserID     int64     `query:"userId"     minimum:"1"`
	KeyID      int64     `query:"keyId"      minimum:"1"`
	ProviderID int64     `query:"providerId" minimum:"1"`
	Model      string    `query:"model"      maxLength:"128"`
}

type statisticsLine struct {
	ID     *int64      `json:"id"     doc:"user, key or provider; null with by=provider is what reached none"`
	Name   *string     `json:"name"   doc:"null where it is not known any more, or hidden"`
	Model  *string     `json:"model"`
	Status *string     `json:"status" enum:"success,failure,other" doc:"other: says nothing about its provider"`
	Others bool        `json:"others" doc:"all that has no line of its own"`
	Values []float64   `json:"values" doc:"of the metric, one a point"`
	Total  figuresBody `json:"total"  doc:"all zero but the metric's own figures with by=status"`
}

type statisticsBody struct {
	From     time.Time        `json:"from"`
	To       time.Time        `json:"to"       doc:"the end of the running hour or day where it is now"`
	Timezone string           `json:"timezone"`
	Scope    string           `json:"scope"    enum:"all,own"`
	By       string           `json:"by"`
	Bucket   string           `json:"bucket"`
	Metric   string           `json:"metric"`
	Points   []time.Time      `json:"points"   doc:"where the buckets begin"`
	Lines    []statisticsLine `json:"lines"    doc:"the greatest first, others last"`
	Total    figuresBody      `json:"total"`
}

type statisticsOutput struct{ Body statisticsBody }

type statisticsKey struct {
	v  viewer
	in statisticsInput
}

func (a *API) statistics(ctx context.Context, in *statisticsInput) (*statisticsOutput, error) {
	c := callerOf(ctx)
	v := a.viewerOf(c)
	if err := a.mayFilter(c, in.UserID, in.KeyID); err != nil {
		return nil, err
	}
	now, zone := a.Now(), a.Catalog.Current().Zone()
	r, err := in.span(now, zone)
	if err != nil {
		return nil, err
	}
	// What is left out of a request is not the same time for long, but for as long
	// as its answer is kept.
	return answer(ctx, a.answers, statisticsKey{v, *in}, statisticsKept, func(ctx context.Context) (*statisticsOutput, error) {
		q := domain.UsageQuery{
			From: r.from, To: r.to, Zone: zone, By: domain.UsageBy(in.By), Bucket: domain.UsageBucket(in.bucket(r)), User: v.of(),
			Key: domain.KeyID(in.KeyID), Provider: domain.ProviderID(in.ProviderID), Model: in.Model,
		}
		if in.By == "status" {
			q.By = ""
		}
		if in.UserID != 0 {
			q.User = domain.UserID(in.UserID)
		}
		groups, err := a.Stores.Usage.Usage(ctx, q)
		if err != nil {
			return nil, err
		}
		return &statisticsOutput{Body: a.showStatistics(v, in, q, groups)}, nil
	})
}

// mayFilter refuses to narrow down to what is not the caller's.
func (a *API) mayFilter(c *caller, user, key int64) error {
	if c.admin() {
		return nil
	}
	if user != 0 && user != int64(c.userID()) {
		return domain.NotFound("user", user)
	}
	if key != 0 {
		if k := a.Catalog.Current().Key(domain.KeyID(key)); k == nil || !c.owns(k.UserID) {
			return domain.NotFound("key", key)
		}
	}
	return nil
}

// span is the time that is asked for, once everything about it is right.
func (in *statisticsInput) span(now time.Time, zone *time.Location) (usageRange, error) {
	given := !in.From.IsZero() || !in.To.IsZero()
	if in.Range != "" && given {
		return usageRange{}, problem.Invalid(problem.InvalidParam{Path: []any{"range"}, Code: "conflict", Message: "goes without from and to"})
	}
	if in.By == "status" && (in.Metric == "cost" || in.Metric == "tokens") {
		return usageRange{}, problem.Invalid(problem.InvalidParam{Path: []any{"metric"}, Code: "invalid_choice", Message: "by=status counts requests or errors"})
	}
	r := namedRange(cmp.Or(in.Range, "7d"), now, zone)
	if given {
		var err error
		if r, err = checkRange(in.From, in.To, now); err != nil {
			return usageRange{}, err
		}
	}
	if in.Bucket == string(domain.HourBucket) && r.to.Sub(r.from) > hourlyAtMost {
		return usageRange{}, problem.Invalid(problem.InvalidParam{Path: []any{"bucket"}, Code: "too_big", Message: "hours are for up to 14 days"})
	}
	return r, nil
}

func (in *statisticsInput) bucket(r usageRange) string {
	switch {
	case in.Bucket != "":
		return in.Bucket
	case r.to.Sub(r.from) <= hourlyUpTo:
		return string(domain.HourBucket)
	}
	return string(domain.DayBucket)
}

func (a *API) showStatistics(v viewer, in *statisticsInput, q domain.UsageQuery, groups []domain.UsageGroup) statisticsBody {
	r := usageRange{q.From, q.To}
	b := statisticsBody{
		From: r.from.UTC(), To: r.to.UTC(), Timezone: q.Zone.String(), Scope: v.scope(), By: in.By, Bucket: string(q.Bucket), Metric: in.Metric,
		Points: r.points(q.Bucket, q.Zone), Lines: []statisticsLine{},
	}
	var total domain.UsageFigures
	for i := range groups {
		total.Add(&groups[i].UsageFigures)
	}
	b.Total = v.figures(&total)
	if in.By == "status" {
		b.Lines = statusLines(in.Metric, b.Points, groups)
		return b
	}
	for _, line := range a.foldLines(v, in, b.Points, groups) {
		b.Lines = append(b.Lines, a.showLine(v, in.By, in.Metric, line))
	}
	return b
}

// usageLine is a line that is being added up.
type usageLine struct {
	id     int64
	model  string
	others bool
	values []int64 // as metricOf counts
	sum    domain.UsageFigures
}

// foldLines adds groups up to lines: the greatest first, then one of all that
// has no line of its own or may not be seen alone.
func (a *API) foldLines(v viewer, in *statisticsInput, points []time.Time, groups []domain.UsageGroup) []*usageLine {
	own := a.ownLines(v, in.By)
	lines := make(map[usageLineKey]*usageLine)
	others := &usageLine{others: true, values: make([]int64, len(points))}
	hidden := false
	for i := range groups {
		g := &groups[i]
		line := others
		if own(g) {
			key := usageLineKey{g.ID, g.Model}
			if line = lines[key]; line == nil {
				line = &usageLine{id: g.ID, model: g.Model, values: make([]int64, len(points))}
				lines[key] = line
			}
		} else {
			hidden = true
		}
		line.values[pointOf(points, g.At)] += metricOf(in.Metric, &g.UsageFigures)
		line.sum.Add(&g.UsageFigures)
	}
	list := make([]*usageLine, 0, len(lines))
	for _, line := range lines {
		list = append(list, line)
	}
	slices.SortFunc(list, func(x, y *usageLine) int {
		return cmp.Or(cmp.Compare(metricOf(in.Metric, &y.sum), metricOf(in.Metric, &x.sum)), cmp.Compare(x.id, y.id), cmp.Compare(x.model, y.model))
	})
	if len(list) > in.Top {
		for _, line := range list[in.Top:] {
			others.sum.Add(&line.sum)
			for i, value := range line.values {
				others.values[i] += value
			}
		}
		list, hidden = list[:in.Top], true
	}
	if hidden {
		list = append(list, others)
	}
	return list
}

type usageLineKey struct {
	id    int64
	model string
}

// ownLines tells which groups have lines of their own: those that a user may see
// apart from others', and the models that days tell apart.
func (a *API) ownLines(v viewer, by string) func(g *domain.UsageGroup) bool {
	if by == string(domain.ByModel) {
		return func(g *domain.UsageGroup) bool { return g.Model != "" }
	}
	if v.admin || !v.wide || by == string(domain.ByProvider) {
		return func(*domain.UsageGroup) bool { return true }
	}
	if by == string(domain.ByUser) {
		return func(g *domain.UsageGroup) bool { return g.ID == int64(v.user) }
	}
	catalog := a.Catalog.Current()
	return func(g *domain.UsageGroup) bool {
		k := catalog.Key(domain.KeyID(g.ID))
		return k != nil && k.UserID == v.user
	}
}

// pointOf is the bucket that an instant is in.
func pointOf(points []time.Time, at time.Time) int {
	after := sort.Search(len(points), func(i int) bool { return points[i].After(at) })
	return max(0, after-1)
}

// metricOf is a figure in whole units: nano-USD or a count.
func metricOf(metric string, f *domain.UsageFigures) int64 {
	switch metric {
	case "requests":
		return f.Requests
	case "tokens":
		return f.TotalTokens()
	case "errors":
		return f.Failures
	}
	return int64(f.Cost)
}

// shownMetric is such a figure as the API shows it.
func shownMetric(metric string, n int64) float64 {
	if metric == "cost" {
		return domain.Money(n).USD()
	}
	return float64(n)
}

func (a *API) showLine(v viewer, by, metric string, line *usageLine) statisticsLine {
	b := statisticsLine{Others: line.others, Values: make([]float64, len(line.values)), Total: v.figures(&line.sum)}
	for i, n := range line.values {
		b.Values[i] = shownMetric(metric, n)
	}
	if line.others {
		return b
	}
	if by == string(domain.ByModel) {
		b.Model = &line.model
		return b
	}
	b.ID, b.Name = number(domain.UserID(line.id)), a.nameOf(v, domain.UsageBy(by), line.id)
	return b
}

// nameOf is the name of a user, a key or a provider, null where it is not known
// or not the viewer's to know.
func (a *API) nameOf(v viewer, by domain.UsageBy, id int64) *string {
	catalog := a.Catalog.Current()
	switch by {
	case domain.ByUser:
		if u := catalog.User(domain.UserID(id)); u != nil {
			return &u.Name
		}
	case domain.ByKey:
		if k := catalog.Key(domain.KeyID(id)); k != nil && (v.admin || k.UserID == v.user) {
			return &k.Name
		}
	case domain.ByProvider:
		if p := catalog.Provider(domain.ProviderID(id)); p != nil && v.names {
			return &p.Name
		}
	case domain.ByModel: // is a name
	}
	return nil
}

// statusLines are lines of how requests ended.
func statusLines(metric string, points []time.Time, groups []domain.UsageGroup) []statisticsLine {
	values := map[string][]float64{}
	total := map[string]int64{}
	words := []string{"success", "failure", "other"}
	for _, word := range words {
		values[word] = make([]float64, len(points))
	}
	for i := range groups {
		f, at := &groups[i].UsageFigures, pointOf(points, groups[i].At)
		counts := map[string]int64{"failure": f.Failures}
		if metric == "requests" {
			counts["success"], counts["other"] = f.Successes, max(0, f.Requests-f.Successes-f.Failures)
		}
		for word, n := range counts {
			values[word][at] += float64(n)
			total[word] += n
		}
	}
	list := []statisticsLine{}
	for _, word := range words {
		b := figuresBody{Requests: total[word]}
		switch word {
		case "success":
			b.Successes = total[word]
		case "failure":
			b.Failures = total[word]
		}
		list = append(list, statisticsLine{Status: &word, Values: values[word], Total: b})
	}
	return list
}
