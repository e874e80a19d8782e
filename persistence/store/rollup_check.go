package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// checkedFigures are what a check compares, in order. They are columns of the
// roll-ups.
func checkedFigures() []string {
	return []string{
		"requests", "successes", "failures", "input_tokens", "output_tokens", "cache_read_input_tokens",
		"cache_creation_5m_input_tokens", "cache_creation_1h_input_tokens", "reasoning_tokens", "cost_nusd", "provider_cost_nusd",
	}
}

// figures are the sums of a user, in the order of checkedFigures.
type figures [11]int64

// checkedFromLedger are checkedFigures out of ledger rows.
const checkedFromLedger = "COALESCE(SUM(CASE WHEN is_final THEN 1 ELSE 0 END), 0)," +
	" COALESCE(SUM(CASE WHEN counts_for_rate AND is_success THEN 1 ELSE 0 END), 0)," +
	" COALESCE(SUM(CASE WHEN counts_for_rate AND NOT is_success THEN 1 ELSE 0 END), 0)," +
	" SUM(input_tokens), SUM(output_tokens), SUM(cache_read_input_tokens), SUM(cache_creation_5m_input_tokens)," +
	" SUM(cache_creation_1h_input_tokens), SUM(reasoning_tokens), SUM(charge_nusd), SUM(provider_cost_nusd)"

const checkedFromRollup = "SUM(requests), SUM(successes), SUM(failures), SUM(input_tokens), SUM(output_tokens)," +
	" SUM(cache_read_input_tokens), SUM(cache_creation_5m_input_tokens), SUM(cache_creation_1h_input_tokens)," +
	" SUM(reasoning_tokens), SUM(cost_nusd), SUM(provider_cost_nusd)"

// Differences compares the roll-ups of all whole hours and closed days that
// touch [from, to) with the ledger, user by user. It may run beside appends:
// each comparison sees one moment.
func (r Rollups) Differences(ctx context.Context, from, to time.Time) ([]domain.LedgerDifference, error) {
	var out []domain.LedgerDifference
	for hour := from.UnixMilli() / hourMs; hour*hourMs < to.UnixMilli(); hour++ {
		where := "usage_hourly " + time.UnixMilli(hour*hourMs).UTC().Format("2006-01-02T15Z")
		diffs, err := r.compare(ctx, where, "usage_hourly WHERE hour_no = ?", hour, hour*hourMs, (hour+1)*hourMs)
		if err != nil {
			return nil, err
		}
		out = append(out, diffs...)
	}
	d, err := r.days(ctx)
	if err != nil || d == nil {
		return out, err
	}
	last := min(d.closed, dayOf(to.UnixMilli()-1, d.zone))
	for day := max(d.from, dayOf(from.UnixMilli(), d.zone)); day <= last; day++ {
		where := "usage_daily " + time.Unix(day*24*3600, 0).UTC().Format(time.DateOnly)
		diffs, err := r.compare(ctx, where, "usage_daily WHERE day_no = ?", day, dayStart(day, d.zone), dayStart(day+1, d.zone))
		if err != nil {
			return nil, err
		}
		out = append(out, diffs...)
		diffs, err = r.compare(ctx, strings.Replace(where, "usage_daily", "usage_daily_by", 1), "usage_daily_by WHERE by_day = ?",
			byUser.at(day), dayStart(day, d.zone), dayStart(day+1, d.zone))
		if err != nil {
			return nil, err
		}
		out = append(out, diffs...)
	}
	return out, nil
}

// Span is the time from the first ledger or roll-up row to the last; zero times
// if there is none.
func (r Rollups) Span(ctx context.Context) (from, to time.Time, err error) {
	var first, last int64
	err = r.s.main.read.NewRaw("SELECT COALESCE(MIN(f), 0), COALESCE(MAX(l), 0) FROM ("+
		" SELECT MIN(admitted_at) AS f, MAX(admitted_at) AS l FROM usage_ledger"+
		" UNION ALL SELECT MIN(hour_no) * ?, MAX(hour_no) * ? FROM usage_hourly) AS spans", hourMs, hourMs).Scan(ctx, &first, &last)
	if err != nil {
		return from, to, fmt.Errorf("read the span of the ledger: %w", err)
	}
	if last == 0 {
		return from, to, nil
	}
	return time.UnixMilli(first), time.UnixMilli(last + 1), nil
}

// compare holds one hour or day against the ledger.
func (r Rollups) compare(ctx context.Context, where, rollup string, at, from, to int64) ([]domain.LedgerDifference, error) {
	// One statement, so that both sides are of one moment.
	rows, err := r.s.main.read.DB.QueryContext(ctx, r.s.main.bind("SELECT 0, user_id, "+checkedFromLedger+
		" FROM usage_ledger WHERE admitted_at >= ? AND admitted_at < ? GROUP BY user_id"+
		" UNION ALL SELECT 1, user_id, "+checkedFromRollup+" FROM "+rollup+" GROUP BY user_id"), from, to, at)
	if err != nil {
		return nil, fmt.Errorf("compare %s: %w", where, err)
	}
	sides, err := scanSides(rows)
	if err != nil {
		return nil, fmt.Errorf("compare %s: %w", where, err)
	}
	return differences(where, sides[0], sides[1]), nil
}

// scanSides reads the figures of the ledger and of a roll-up, by user.
func scanSides(rows *sql.Rows) (sides [2]map[domain.UserID]figures, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	sides[0], sides[1] = map[domain.UserID]figures{}, map[domain.UserID]figures{}
	for rows.Next() {
		var side int
		var user domain.UserID
		var f figures
		dest := []any{&side, &user}
		for i := range f {
			dest = append(dest, &f[i])
		}
		if err := rows.Scan(dest...); err != nil {
			return sides, err
		}
		sides[side][user] = f
	}
	return sides, rows.Err()
}

func differences(where string, ledger, found map[domain.UserID]figures) (out []domain.LedgerDifference) {
	users := maps.Clone(ledger)
	maps.Copy(users, found)
	for _, user := range slices.SortedFunc(maps.Keys(users), cmp.Compare[domain.UserID]) {
		for i, name := range checkedFigures() {
			if l, f := ledger[user][i], found[user][i]; l != f {
				out = append(out, domain.LedgerDifference{UserID: user, Where: where, Figure: name, Ledger: l, Found: f})
			}
		}
	}
	return out
}
