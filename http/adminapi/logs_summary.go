package adminapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	logSummaryKept = 30 * time.Second
	// maxSummedLogs is how many log rows are summed up at most, the newest.
	maxSummedLogs = 200_000
	logDefaultAge = 24 * time.Hour
	maxLogPoints  = 120
)

func (a *API) declareLogSummary() {
	tags := []string{"Request logs"}
	about := "Takes the filters of the list; the last 24 hours where from is left out. At most the newest 200,000 rows are looked at."
	operation(a, LevelSelf, huma.Operation{
		OperationID: "usageLogStats", Method: http.MethodGet, Path: "/usage-logs/stats", Tags: tags,
		Summary: "Sum up the requests that a filter selects", Description: about,
	}, a.logStats)
	operation(a, LevelSelf, huma.Operation{
		OperationID: "usageLogHistogram", Method: http.MethodGet, Path: "/usage-logs/histogram", Tags: tags,
		Summary: "Count the requests that a filter selects over time, by class of status", Description: about,
	}, a.logHistogram)
}

type logStatsBody struct {
	From             time.Time  `json:"from"`
	To               time.Time  `json:"to"`
	Requests         int64      `json:"requests"`
	Running          int64      `json:"running"`
	Successes        int64      `json:"successes"`
	Failures         int64      `json:"failures"`
	Blocked          int64      `json:"blocked"     doc:"refused before a provider was called"`
	InputTokens      int64      `json:"inputTokens"`
	OutputTokens     int64      `json:"outputTokens"`
	CacheReadTokens  int64      `json:"cacheReadInputTokens"`
	CacheWriteTokens int64      `json:"cacheCreationInputTokens"`
	ReasoningTokens  int64      `json:"reasoningTokens"`
	CostUSD          float64    `json:"costUsd"`
	AvgDurationMs    *float64   `json:"avgDurationMs"`
	TTFTP50Ms        *float64   `json:"ttftP50Ms"`
	TTFTP95Ms        *float64   `json:"ttftP95Ms"`
	Truncated        bool       `json:"truncated"   doc:"there may be older rows that were not looked at"`
	Since            *time.Time `json:"since"       doc:"when the oldest row that was looked at began"`
}

type logStatsOutput struct{ Body logStatsBody }

type logSummaryKey struct {
	histogram bool
	user      domain.UserID // 0 = an administrator
	in        LogFilterInput
}

// summed is the filter of a summary and the time that it is about.
func (in *LogFilterInput) summed(c *caller, now time.Time) (domain.LogFilter, error) {
	f, err := in.filter(c)
	if err != nil {
		return f, err
	}
	if f.To.IsZero() {
		f.To = now
	}
	if f.From.IsZero() {
		f.From = f.To.Add(-logDefaultAge)
	}
	_, err = checkRange(f.From, f.To, now)
	return f, err
}

func (a *API) logStats(ctx context.Context, in *LogFilterInput) (*logStatsOutput, error) {
	c := callerOf(ctx)
	if err := a.mayFilter(c, in.UserID, 0); err != nil {
		return nil, err
	}
	f, err := in.summed(c, a.Now())
	if err != nil {
		return nil, err
	}
	a.logView(c).restrict(&f)
	key := logSummaryKey{user: a.viewerOf(c).user, in: *in}
	return answer(ctx, a.answers, key, logSummaryKept, func(ctx context.Context) (*logStatsOutput, error) {
		s, err := a.Stores.Logs.Summary(ctx, f, maxSummedLogs)
		if err != nil {
			return nil, err
		}
		return &logStatsOutput{Body: logStatsBody{
			From: f.From.UTC(), To: f.To.UTC(), Requests: s.Requests, Running: s.Running, Successes: s.Successes, Failures: s.Failures,
			Blocked: s.Blocked, InputTokens: s.Tokens.Input, OutputTokens: s.Tokens.Output, CacheReadTokens: s.Tokens.CacheRead,
			CacheWriteTokens: s.Tokens.CacheWrite5m + s.Tokens.CacheWrite1h, ReasoningTokens: s.Tokens.Reasoning, CostUSD: s.Cost.USD(),
			AvgDurationMs: share(s.Duration.Milliseconds(), s.Requests-s.Running),
			TTFTP50Ms:     firstToken(50)(&s.UsageFigures), TTFTP95Ms: firstToken(95)(&s.UsageFigures),
			Truncated: s.Requests >= maxSummedLogs, Since: instant(s.Since),
		}}, nil
	})
}

type logHistogramBody struct {
	BucketMs  int64              `json:"bucketMs"`
	Points    []time.Time        `json:"points"    doc:"where the buckets begin"`
	Counts    map[string][]int64 `json:"counts"    doc:"one a point, by 2xx, 3xx, 4xx, 5xx or running"`
	Truncated bool               `json:"truncated" doc:"there may be older rows that were not looked at"`
}

type logHistogramOutput struct{ Body logHistogramBody }

func (a *API) logHistogram(ctx context.Context, in *LogFilterInput) (*logHistogramOutput, error) {
	c := callerOf(ctx)
	if err := a.mayFilter(c, in.UserID, 0); err != nil {
		return nil, err
	}
	f, err := in.summed(c, a.Now())
	if err != nil {
		return nil, err
	}
	a.logView(c).restrict(&f)
	key := logSummaryKey{histogram: true, user: a.viewerOf(c).user, in: *in}
	return answer(ctx, a.answers, key, logSummaryKept, func(ctx context.Context) (*logHistogramOutput, error) {
		width := bucketWidth(f.To.Sub(f.From))
		counts, err := a.Stores.Logs.Histogram(ctx, f, width, maxSummedLogs)
		if err != nil {
			return nil, err
		}
		return &logHistogramOutput{Body: showHistogram(f, width, counts)}, nil
	})
}

// bucketWidth is the shortest of a few widths that cuts a time into no more than
// maxLogPoints.
func bucketWidth(d time.Duration) time.Duration {
	widths := []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour}
	for _, w := range widths {
		if d < w*(maxLogPoints-1) { // the first and the last may be cut
			return w
		}
	}
	return 7 * 24 * time.Hour
}

func showHistogram(f domain.LogFilter, width time.Duration, counts []domain.LogCount) logHistogramBody {
	b := logHistogramBody{BucketMs: width.Milliseconds(), Points: []time.Time{}, Counts: map[string][]int64{}}
	ms := width.Milliseconds()
	first := f.From.UnixMilli() / ms * ms
	for at := first; at < f.To.UnixMilli(); at += ms {
		b.Points = append(b.Points, time.UnixMilli(at).UTC())
	}
	total := int64(0)
	for _, c := range counts {
		class := "running"
		if c.Class > 0 {
			class = strconv.Itoa(c.Class) + "xx"
		}
		if b.Counts[class] == nil {
			b.Counts[class] = make([]int64, len(b.Points))
		}
		// The time of an id and that of its row may lie in two buckets.
		i := min(max(0, (c.At.UnixMilli()-first)/ms), int64(len(b.Points)-1))
		b.Counts[class][i] += c.Rows
		total += c.Rows
	}
	b.Truncated = total >= maxSummedLogs
	return b
}
