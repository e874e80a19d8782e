package adminapi

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
)

// maxOwnModels is how many models have figures of their own.
const maxOwnModels = 50

func (a *API) declareMyUsage() {
	operation(a, LevelSelf, huma.Operation{
		OperationID: "myToday", Method: http.MethodGet, Path: "/me/today", Tags: meTags(),
		Summary: "What the calling key and its user used today", Description: aboutMe,
	}, a.myToday)
	operation(a, LevelSelf, huma.Operation{
		OperationID: "myStats", Method: http.MethodGet, Path: "/me/stats", Tags: meTags(),
		Summary: "What the calling key or its user used over time and by model", Description: aboutMe,
	}, a.myStats)
}

type myTodayBody struct {
	From     time.Time   `json:"from"`
	To       time.Time   `json:"to"       doc:"the end of the day"`
	Timezone string      `json:"timezone" doc:"whose calendar day it is"`
	Key      figuresBody `json:"key"`
	User     figuresBody `json:"user"     doc:"of all keys"`
}

type myTodayOutput struct{ Body myTodayBody }

type myTodayKey struct {
	user domain.UserID
	key  domain.KeyID
}

func (a *API) myToday(ctx context.Context, _ *struct{}) (*myTodayOutput, error) {
	c, err := userOf(ctx)
	if err != nil {
		return nil, err
	}
	user, key := c.user.ID, c.key.ID
	return answer(ctx, a.answers, myTodayKey{user, key}, overviewKept, func(ctx context.Context) (*myTodayOutput, error) {
		zone := a.Catalog.Current().Zone()
		r := namedRange("today", a.Now(), zone)
		groups, err := a.Stores.Usage.Usage(ctx, domain.UsageQuery{From: r.from, To: r.to, Zone: zone, By: domain.ByKey, User: user})
		if err != nil {
			return nil, err
		}
		var mine, all domain.UsageFigures
		for i := range groups {
			all.Add(&groups[i].UsageFigures)
			if groups[i].ID == int64(key) {
				mine.Add(&groups[i].UsageFigures)
			}
		}
		v := viewer{user: user}
		return &myTodayOutput{Body: myTodayBody{
			From: r.from.UTC(), To: r.to.UTC(), Timezone: zone.String(), Key: v.figures(&mine), User: v.figures(&all),
		}}, nil
	})
}

type myStatsInput struct {
	From   time.Time `query:"from"   doc:"seven days back where from and to are left out"`
	To     time.Time `query:"to"     doc:"now where it is left out"`
	Bucket string    `query:"bucket" enum:"hour,day" doc:"hours of UTC, for up to 14 days, or days of the system's time zone; hours for up to 48 hours by default"`
	Scope  string    `query:"scope"  enum:"key,user" doc:"by default the user with a key that may sign in to the dashboard, else the key"`
}

type myStatsBody struct {
	From     time.Time      `json:"from"`
	To       time.Time      `json:"to"`
	Timezone string         `json:"timezone"`
	Scope    string         `json:"scope"   enum:"key,user"`
	Bucket   string         `json:"bucket"  enum:"hour,day"`
	Buckets  []myBucketBody `json:"buckets" doc:"all of the time asked for, also those without requests"`
	ByModel  []myModelUsage `json:"byModel" doc:"by cost, then by tokens, the greatest first"`
	Total    figuresBody    `json:"total"`
}

type myBucketBody struct {
	At      time.Time   `json:"at" doc:"begin"`
	Figures figuresBody `json:"figures"`
}

type myModelUsage struct {
	Model   *string     `json:"model" doc:"null = all that are not listed by name"`
	Figures figuresBody `json:"figures"`
}

type myStatsOutput struct{ Body myStatsBody }

type myStatsKey struct {
	user domain.UserID
	key  domain.KeyID // 0 = all of the user's
	in   myStatsInput
}

func (a *API) myStats(ctx context.Context, in *myStatsInput) (*myStatsOutput, error) {
	c, err := userOf(ctx)
	if err != nil {
		return nil, err
	}
	user, key := c.user.ID, c.rowsOf()
	switch in.Scope {
	case "key":
		key = c.key.ID
	case "user":
		key = 0
	}
	zone := a.Catalog.Current().Zone()
	asked := statisticsInput{From: in.From, To: in.To, Bucket: in.Bucket}
	r, err := asked.span(a.Now(), zone)
	if err != nil {
		return nil, err
	}
	return answer(ctx, a.answers, myStatsKey{user, key, *in}, statisticsKept, func(ctx context.Context) (*myStatsOutput, error) {
		q := domain.UsageQuery{
			From: r.from, To: r.to, Zone: zone, By: domain.ByModel, Bucket: domain.UsageBucket(asked.bucket(r)), User: user, Key: key,
		}
		groups, err := a.Stores.Usage.Usage(ctx, q)
		if err != nil {
			return nil, err
		}
		return &myStatsOutput{Body: showMyStats(q, groups)}, nil
	})
}

func showMyStats(q domain.UsageQuery, groups []domain.UsageGroup) myStatsBody {
	v, points := viewer{user: q.User}, usageRange{q.From, q.To}.points(q.Bucket, q.Zone)
	b := myStatsBody{From: q.From.UTC(), To: q.To.UTC(), Timezone: q.Zone.String(), Scope: "user", Bucket: string(q.Bucket)}
	if q.Key != 0 {
		b.Scope = "key"
	}
	buckets, total := make([]domain.UsageFigures, len(points)), domain.UsageFigures{}
	byModel := make(map[string]*domain.UsageFigures)
	for i := range groups {
		g := &groups[i]
		if byModel[g.Model] == nil {
			byModel[g.Model] = &domain.UsageFigures{}
		}
		byModel[g.Model].Add(&g.UsageFigures)
		buckets[pointOf(points, g.At)].Add(&g.UsageFigures)
		total.Add(&g.UsageFigures)
	}
	b.Buckets = make([]myBucketBody, len(points))
	for i := range points {
		b.Buckets[i] = myBucketBody{At: points[i], Figures: v.figures(&buckets[i])}
	}
	b.ByModel, b.Total = v.models(byModel), v.figures(&total)
	return b
}

// models shows the models that cost most, and the rest as one.
func (v viewer) models(figures map[string]*domain.UsageFigures) []myModelUsage {
	others, names := figures[""], make([]string, 0, len(figures))
	for name := range figures {
		if name != "" {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(x, y string) int {
		fx, fy := figures[x], figures[y]
		return cmp.Or(cmp.Compare(fy.Cost, fx.Cost), cmp.Compare(fy.TotalTokens(), fx.TotalTokens()), cmp.Compare(x, y))
	})
	shown := make([]myModelUsage, 0, min(len(names), maxOwnModels)+1)
	for i, name := range names {
		if i < maxOwnModels {
			shown = append(shown, myModelUsage{Model: &name, Figures: v.figures(figures[name])})
			continue
		}
		if others == nil {
			others = &domain.UsageFigures{}
		}
		others.Add(figures[name])
	}
	if others != nil {
		shown = append(shown, myModelUsage{Figures: v.figures(others)})
	}
	return shown
}
