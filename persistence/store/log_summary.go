package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Summary sums up the newest rows that a filter selects, at most so many.
func (r RequestLogs) Summary(ctx context.Context, f domain.LogFilter, atMost int) (s domain.LogSummary, err error) {
	if used, err := r.mayMatch(ctx, f); err != nil || !used {
		return s, err
	}
	columns := []string{
		"COUNT(*)", "SUM(CASE WHEN status_code IS NULL THEN 1 ELSE 0 END)", endedAs(domain.OutcomeSuccess),
		endedAs(domain.OutcomeFailure), endedAs(domain.OutcomeBlocked), "SUM(input_tokens)", "SUM(output_tokens)",
		"SUM(cache_read_input_tokens)", "SUM(cache_creation_5m_input_tokens)", "SUM(cache_creation_1h_input_tokens)",
		"SUM(reasoning_tokens)", "SUM(cost_nusd)", "SUM(duration_ms)", "SUM(ttft_ms)", "COUNT(ttft_ms)", "MIN(created_at)",
	}
	var cost, duration, ttft, oldest int64
	into := []any{
		&s.Requests, &s.Running, &s.Successes, &s.Failures, &s.Blocked, &s.Tokens.Input, &s.Tokens.Output, &s.Tokens.CacheRead,
		&s.Tokens.CacheWrite5m, &s.Tokens.CacheWrite1h, &s.Tokens.Reasoning, &cost, &duration, &ttft, &s.TTFTs, &oldest,
	}
	above := "0"
	bounds := latencyBounds()
	for i, bound := range append(bounds[:], 1<<40) {
		upto := strconv.FormatInt(bound, 10)
		columns = append(columns, "SUM(CASE WHEN ttft_ms > "+above+" AND ttft_ms <= "+upto+" THEN 1 ELSE 0 END)")
		into, above = append(into, &s.Latency[i]), upto
	}
	q := r.newestOf(f, atMost)
	for _, c := range columns {
		q = q.ColumnExpr("COALESCE(" + c + ", 0)")
	}
	if err := q.Scan(ctx, into...); err != nil {
		return s, fmt.Errorf("sum up request logs: %w", err)
	}
	s.Cost, s.Duration, s.TTFT = domain.Money(cost), millis(duration), millis(ttft)
	if oldest > 0 {
		s.Since = fromMillis(oldest)
	}
	return s, nil
}

func endedAs(o domain.Outcome) string {
	return "SUM(CASE WHEN outcome = '" + string(o) + "' THEN 1 ELSE 0 END)"
}

// Histogram counts the newest rows that a filter selects, at most so many, by
// the bucket in which they began and the class of their status.
func (r RequestLogs) Histogram(ctx context.Context, f domain.LogFilter, bucket time.Duration, atMost int) ([]domain.LogCount, error) {
	if used, err := r.mayMatch(ctx, f); err != nil || !used {
		return nil, err
	}
	var rows []struct {
		Number int64 `bun:"number"`
		Class  int   `bun:"class"`
		Rows   int64 `bun:"row_count"`
	}
	width := bucket.Milliseconds()
	err := r.newestOf(f, atMost).ColumnExpr("created_at / ? AS number", width).
		ColumnExpr("COALESCE(status_code, 0) / 100 AS class").ColumnExpr("COUNT(*) AS row_count").
		GroupExpr("1, 2").OrderExpr("1, 2").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("count request logs: %w", err)
	}
	counts := make([]domain.LogCount, len(rows))
	for i, row := range rows {
		counts[i] = domain.LogCount{At: fromMillis(row.Number * width), Class: row.Class, Rows: row.Rows}
	}
	return counts, nil
}

// maxFacets bounds how many pairs of a model and an endpoint are told: clients
// choose names.
const maxFacets = 500

// Facets are the models and endpoints of the newest rows that a filter selects,
// at most so many; of very many the most used ones. Rows that run are left out:
// not every engine's indexes have them.
func (r RequestLogs) Facets(ctx context.Context, f domain.LogFilter, atMost int) (facets domain.LogFacets, err error) {
	var pairs []struct {
		Model    string `bun:"model"`
		Endpoint string `bun:"endpoint"`
	}
	newest := r.apply(r.s.logs.read.NewSelect().Model((*logRow)(nil)).Column("model_requested", "endpoint"), f).
		Where("status_code IS NOT NULL").Order("id DESC").Limit(int64(atMost))
	err = r.s.logs.read.NewSelect().TableExpr("(?) AS newest_rows", newest).
		ColumnExpr("COALESCE(model_requested, '') AS model").ColumnExpr("endpoint").
		GroupExpr("1, 2").OrderExpr("COUNT(*) DESC, 1, 2").Limit(maxFacets).Scan(ctx, &pairs)
	if err != nil {
		return facets, fmt.Errorf("list what request logs are about: %w", err)
	}
	for _, p := range pairs {
		if p.Model != "" {
			facets.Models = append(facets.Models, p.Model)
		}
		facets.Endpoints = append(facets.Endpoints, p.Endpoint)
	}
	for _, names := range []*[]string{&facets.Models, &facets.Endpoints} {
		slices.Sort(*names)
		*names = slices.Compact(*names)
	}
	return facets, nil
}

// mayMatch tells whether a filter may select anything, as far as indexes tell.
func (r RequestLogs) mayMatch(ctx context.Context, f domain.LogFilter) (bool, error) {
	if f.Model == "" {
		return true, nil
	}
	return r.usesModel(ctx, f.Model)
}

// newestOf is a query over the newest rows that a filter selects.
func (r RequestLogs) newestOf(f domain.LogFilter, atMost int) *bun.SelectQuery {
	columns := strings.Fields("created_at status_code outcome input_tokens output_tokens cache_read_input_tokens" +
		" cache_creation_5m_input_tokens cache_creation_1h_input_tokens reasoning_tokens cost_nusd duration_ms ttft_ms")
	rows := r.s.logs.read.NewSelect().Model((*logRow)(nil)).Column(columns...).Order("id DESC").Limit(int64(atMost))
	return r.s.logs.read.NewSelect().TableExpr("(?) AS newest_rows", r.apply(rows, f))
}
