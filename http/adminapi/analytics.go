package adminapi

import (
	"context"
	"time"

	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

// How long answers about usage are kept, and with it how old they may be.
const (
	overviewKept    = 5 * time.Second
	statisticsKept  = 30 * time.Second
	leaderboardKept = time.Minute
)

// longestUsageRange bounds what is asked for with from and to.
const longestUsageRange = 366 * 24 * time.Hour

// UsageRepository sums up what was used.
type UsageRepository interface {
	// Usage returns the groups by bucket and then by what they are of.
	Usage(ctx context.Context, q domain.UsageQuery) ([]domain.UsageGroup, error)
}

// viewer is what decides which sums somebody sees. It is part of the key of kept
// answers: administrators share theirs, as do all who see everybody's sums where
// nothing of their own is shown beside.
type viewer struct {
	admin bool
	wide  bool          // sees everybody's sums; always so for administrators
	names bool          // and which providers there are
	user  domain.UserID // 0 = an administrator
}

func (a *API) viewerOf(c *caller) viewer {
	if c.admin() {
		return viewer{admin: true, wide: true, names: true}
	}
	s := a.Catalog.Current().Settings()
	return viewer{wide: s.AllowGlobalUsageView, names: s.ExposeProviderNames, user: c.userID()}
}

// of is the user whose rows are summed up, 0 = everybody's.
func (v viewer) of() domain.UserID {
	if v.wide {
		return 0
	}
	return v.user
}

// scope tells the reader of an answer what it is about.
func (v viewer) scope() string {
	if v.wide {
		return "all"
	}
	return "own"
}

// figuresBody are sums over requests that were admitted in a time. What cannot
// be told without requests is null.
type figuresBody struct {
	Requests                 int64    `json:"requests"`
	Successes                int64    `json:"successes"                doc:"of those that count for the rate of their provider"`
	Failures                 int64    `json:"failures"`
	InputTokens              int64    `json:"inputTokens"`
	OutputTokens             int64    `json:"outputTokens"`
	CacheReadInputTokens     int64    `json:"cacheReadInputTokens"`
	CacheCreationInputTokens int64    `json:"cacheCreationInputTokens" doc:"of both lifetimes"`
	ReasoningTokens          int64    `json:"reasoningTokens"          doc:"part of outputTokens"`
	TotalTokens              int64    `json:"totalTokens"              doc:"input, output and both kinds of cached tokens"`
	CostUSD                  float64  `json:"costUsd"`
	ProviderCostUSD          *float64 `json:"providerCostUsd"          doc:"what providers charge; for administrators"`
	SuccessRate              *float64 `json:"successRate"              doc:"0..1"`
	CacheReadShare           *float64 `json:"cacheReadShare"           doc:"of all input tokens, 0..1"`
	AvgResponseMs            *float64 `json:"avgResponseMs"`
	AvgTTFTMs                *float64 `json:"avgTtftMs"                doc:"to the first token"`
	TokensPerSecond          *float64 `json:"tokensPerSecond"          doc:"output after the first token"`
}

func (v viewer) figures(f *domain.UsageFigures) figuresBody {
	b := figuresBody{
		Requests: f.Requests, Successes: f.Successes, Failures: f.Failures, InputTokens: f.Tokens.Input, OutputTokens: f.Tokens.Output,
		CacheReadInputTokens: f.Tokens.CacheRead, CacheCreationInputTokens: f.Tokens.CacheWrite5m + f.Tokens.CacheWrite1h,
		ReasoningTokens: f.Tokens.Reasoning, TotalTokens: f.TotalTokens(), CostUSD: f.Cost.USD(),
		SuccessRate:     share(f.Successes, f.Successes+f.Failures),
		CacheReadShare:  share(f.Tokens.CacheRead, f.InputTokens()),
		AvgResponseMs:   share(f.Duration.Milliseconds(), f.Requests),
		AvgTTFTMs:       share(f.TTFT.Milliseconds(), f.TTFTs),
		TokensPerSecond: tokensPerSecond(f),
	}
	if v.admin {
		b.ProviderCostUSD = new(f.Paid.USD())
	}
	return b
}

// share is a part of a whole, null where there is none.
func share(part, whole int64) *float64 {
	if whole <= 0 {
		return nil
	}
	return new(float64(part) / float64(whole))
}

func tokensPerSecond(f *domain.UsageFigures) *float64 {
	after := f.Duration - f.TTFT
	if after <= 0 || f.Tokens.Output == 0 {
		return nil
	}
	return new(float64(f.Tokens.Output) / after.Seconds())
}

// usageRange is a time that sums are about. The last instant of a range that
// reaches into the future is that of its last hour or day: nothing was admitted
// later, and whole hours and days are cheaper to sum up.
type usageRange struct{ from, to time.Time }

// namedRange is one of today, 7d, 30d and month, all in whole days of the zone,
// the last of them today.
func namedRange(name string, now time.Time, zone *time.Location) usageRange {
	from, to := limits.Day(now, zone)
	switch name {
	case "7d":
		from = daysBefore(from, 6, zone)
	case "30d":
		from = daysBefore(from, 29, zone)
	case "month":
		from, _ = limits.Month(now, zone)
	}
	return usageRange{from, to}
}

// daysBefore is the begin of the day so many days before the one that begins at
// an instant.
func daysBefore(begin time.Time, days int, zone *time.Location) time.Time {
	for range days {
		begin, _ = limits.Day(begin.Add(-time.Millisecond), zone)
	}
	return begin
}

// checkRange checks from and to as they are given, and fills in what is left out.
func checkRange(from, to, now time.Time) (usageRange, error) {
	if to.IsZero() {
		to = now
	}
	wrong := func(code, message, name string) (usageRange, error) {
		return usageRange{}, problem.Invalid(problem.InvalidParam{Path: []any{name}, Code: code, Message: message})
	}
	switch {
	case from.IsZero():
		return wrong("required", "is needed where to is given", "from")
	case !from.Before(to):
		return wrong("invalid_range", "must be later than from", "to")
	case to.Sub(from) > longestUsageRange:
		return wrong("too_big", "at most 366 days", "from")
	case from.Year() < 1970 || to.Year() > 9999:
		return wrong("invalid_range", "is out of bounds", "from")
	}
	return usageRange{from, to}, nil
}

// points are the begins of the buckets of a range: hours of UTC, or days of the
// zone. The first may lie before the range.
func (r usageRange) points(bucket domain.UsageBucket, zone *time.Location) (list []time.Time) {
	if bucket == domain.HourBucket {
		for at := r.from.UTC().Truncate(time.Hour); at.Before(r.to); at = at.Add(time.Hour) {
			list = append(list, at)
		}
		return list
	}
	for at, next := limits.Day(r.from, zone); at.Before(r.to); at, next = limits.Day(next, zone) {
		list = append(list, at.UTC())
	}
	return list
}
