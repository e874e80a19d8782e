package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

// span is a part of a range, Unix ms, that one table answers.
type span struct {
	source   usageSource
	from, to int64
}

// usageSource is a table that usage is read from.
type usageSource int

const (
	fromLedger usageSource = iota
	fromHours
	fromDays
)

// spans cuts [from, to) into closed days, whole hours at their edges, and the
// parts of hours that are left. d is nil where days cannot be used.
func spans(from, to int64, d *closedDays) []span {
	if from >= to {
		return nil
	}
	if d == nil {
		return hourSpans(from, to)
	}
	first := max(d.from, dayOf(from, d.zone))
	if dayStart(first, d.zone) < from {
		first++
	}
	end := min(d.closed+1, dayOf(to, d.zone)) // the first day that is not whole
	if first >= end {
		return hourSpans(from, to)
	}
	begin, over := dayStart(first, d.zone), dayStart(end, d.zone)
	list := hourSpans(from, begin)
	list = append(list, span{fromDays, begin, over})
	return append(list, hourSpans(over, to)...)
}

// usageSpans are the spans of a query. Those that are not of closed days are cut
// where days of its zone begin, if it asks for days: each lies in one of them.
func usageSpans(q domain.UsageQuery, d *closedDays) (list []span) {
	for _, part := range spans(q.From.UnixMilli(), q.To.UnixMilli(), d) {
		if q.Bucket != domain.DayBucket || part.source == fromDays {
			list = append(list, part)
			continue
		}
		begin := part.from
		for day := dayOf(begin, q.Zone) + 1; ; day++ {
			cut := dayStart(day, q.Zone)
			if cut >= part.to {
				break
			}
			list = append(list, hourSpans(begin, cut)...)
			begin = cut
		}
		list = append(list, hourSpans(begin, part.to)...)
	}
	return list
}

func hourSpans(from, to int64) []span {
	first, end := (from+hourMs-1)/hourMs*hourMs, to/hourMs*hourMs
	if first > end { // within one hour
		return slices.DeleteFunc([]span{{fromLedger, from, to}}, span.empty)
	}
	return slices.DeleteFunc([]span{{fromLedger, from, first}, {fromHours, first, end}, {fromLedger, end, to}}, span.empty)
}

func (s span) empty() bool { return s.from >= s.to }

// Usage sums up what was used in a range: exactly, whatever its ends, at a cost
// that does not grow with the number of requests but for those of the hours at
// its ends. The groups come by bucket and then by what they are of.
func (r Rollups) Usage(ctx context.Context, q domain.UsageQuery) ([]domain.UsageGroup, error) {
	if q.Zone == nil {
		q.Zone = time.UTC
	}
	sums := make(map[usageGroupKey]*domain.UsageFigures)
	err := r.s.main.read.RunInTx(ctx, r.s.main.oneInstant(), func(ctx context.Context, tx bun.Tx) error {
		d, err := r.daysFor(ctx, tx, q)
		if err != nil {
			return err
		}
		for _, part := range usageSpans(q, d) {
			if err := r.addSpan(ctx, tx, q, part, d, sums); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read usage: %w", err)
	}
	return usageGroups(sums), nil
}

// daysFor are the closed days if they can answer the query: they know neither
// hours nor other zones, nor models that they do not list.
func (r Rollups) daysFor(ctx context.Context, tx bun.Tx, q domain.UsageQuery) (*closedDays, error) {
	if q.Bucket == domain.HourBucket || q.Model != "" {
		return nil, nil //nolint:nilnil // said above
	}
	d, err := r.daysIn(ctx, tx)
	if err != nil || d == nil || q.Bucket == domain.DayBucket && d.zone.String() != q.Zone.String() {
		return nil, err
	}
	return d, nil
}

// usageGroupKey names a group; at is the begin of its bucket, Unix ms.
type usageGroupKey struct {
	at       int64
	id       int64
	provider int64
	model    string
}

// addSpan adds what a table has of a part of the range.
func (r Rollups) addSpan(ctx context.Context, tx bun.Tx, q domain.UsageQuery, part span, d *closedDays, sums map[usageGroupKey]*domain.UsageFigures) error {
	query, args := usageSQL(q, part, d)
	rows, err := tx.Tx.QueryContext(ctx, r.s.main.bind(query), args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var key usageGroupKey
	var sum usageSum
	into := append([]any{&key.at, &key.id, &key.provider, &key.model}, sum.pointers(q.Latency)...)
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		group := key
		group.at = bucketStart(q, part, key.at, d)
		figures := sums[group]
		if figures == nil {
			figures = &domain.UsageFigures{}
			sums[group] = figures
		}
		figures.Add(sum.figures())
	}
	return rows.Err()
}

// usageSQL selects the number of the bucket in the table's own counting, the
// group and the figures.
func usageSQL(q domain.UsageQuery, part span, d *closedDays) (query string, args []any) {
	table, at, figures := "usage_ledger", "admitted_at", strings.Join(plainFromLedger(), ", ")
	if q.Latency {
		figures = usageFromLedger()
	}
	from, to := part.from, part.to
	provider := "COALESCE(provider_id, 0)"
	switch part.source {
	case fromHours:
		table, at, figures, provider = "usage_hourly", "hour_no", summed(q.Latency), "provider_id"
		from, to = from/hourMs, to/hourMs
	case fromDays:
		table, at, figures, provider = "usage_daily", "day_no", summed(q.Latency), "provider_id"
		from, to = dayOf(from, d.zone), dayOf(to, d.zone)
		if c, ok := coarsenessOf(q); ok {
			table, at = "usage_daily_by", "by_day"
			from, to = c.at(from), c.at(to)
		}
	case fromLedger:
	}
	bucket := "0"
	if q.Bucket != "" {
		bucket = at
		if part.source == fromLedger || part.source == fromHours && q.Bucket == domain.DayBucket { // it lies in one bucket
			bucket = strconv.FormatInt(part.from, 10)
		}
	}
	id, split, model := usageGrouping(q, provider)
	where, args := usageConditions(q, provider)
	query = "SELECT " + bucket + ", " + id + ", " + split + ", " + model + ", " + figures + " FROM " + table +
		" WHERE " + at + " >= ? AND " + at + " < ?" + where
	if group := grouping(bucket, id, split, model); group != "" {
		query += " GROUP BY " + group
	} else {
		query += " HAVING COUNT(*) > 0" // sums of nothing are NULL
	}
	return query, append([]any{from, to}, args...)
}

// usageGrouping are the columns that the groups of a query are told apart by.
func usageGrouping(q domain.UsageQuery, provider string) (id, split, model string) {
	id, split, model = "0", "0", "''"
	switch q.By {
	case domain.ByUser:
		id = "user_id"
	case domain.ByKey:
		id = "key_id"
	case domain.ByProvider:
		id = provider
	case domain.ByModel:
		model = "model"
	}
	switch q.Split {
	case domain.ByModel:
		model = "model"
	case domain.ByProvider:
		split = provider
	case domain.ByUser, domain.ByKey: // nobody asks
	}
	return id, split, model
}

// grouping names the columns that are not constant.
func grouping(columns ...string) string {
	columns = slices.DeleteFunc(columns, func(c string) bool {
		_, err := strconv.ParseInt(c, 10, 64)
		return err == nil || c == "''"
	})
	return strings.Join(columns, ", ")
}

func usageConditions(q domain.UsageQuery, provider string) (string, []any) {
	var where strings.Builder
	var args []any
	for _, c := range []struct {
		column string
		value  int64
	}{{"user_id", int64(q.User)}, {"key_id", int64(q.Key)}, {provider, int64(q.Provider)}} {
		if c.value != 0 {
			where.WriteString(" AND " + c.column + " = ?")
			args = append(args, c.value)
		}
	}
	if q.Model != "" {
		where.WriteString(" AND model = ?")
		args = append(args, q.Model)
	}
	if len(q.Users) > 0 {
		where.WriteString(" AND user_id IN (" + numbers(q.Users) + ")")
	}
	if len(q.Providers) > 0 {
		where.WriteString(" AND " + provider + " IN (" + numbers(q.Providers) + ")")
	}
	return where.String(), args
}

// numbers writes ids one after the other, for an IN list.
func numbers[ID ~int64](ids []ID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatInt(int64(id), 10)
	}
	return strings.Join(texts, ",")
}

// summed are the figures out of a roll-up.
func summed(latency bool) string {
	list := plainColumns
	if latency {
		list = usageColumns
	}
	columns := strings.Split(list, ",")
	for i, c := range columns {
		columns[i] = "SUM(" + strings.TrimSpace(c) + ")"
	}
	return strings.Join(columns, ", ")
}

// bucketStart is the begin of the bucket of a row, Unix ms.
func bucketStart(q domain.UsageQuery, part span, at int64, d *closedDays) int64 {
	if q.Bucket == "" {
		return 0
	}
	switch part.source {
	case fromHours:
		if q.Bucket == domain.HourBucket {
			at *= hourMs
		}
	case fromDays:
		at = dayStart(at%coarseDays, d.zone) // of usage_daily_by, too
	case fromLedger:
	}
	if q.Bucket == domain.HourBucket {
		return at / hourMs * hourMs
	}
	return dayStart(dayOf(at, q.Zone), q.Zone)
}

// pointers are where the figures are scanned to, in the order of usageColumns.
func (u *usageSum) pointers(latency bool) []any {
	list := []any{
		&u.requests, &u.successes, &u.failures, &u.input, &u.output, &u.cacheRead, &u.cacheWrite5m, &u.cacheWrite,
		&u.reasoning, &u.cost, &u.providerCost, &u.durationMs, &u.ttftMs, &u.ttfts,
	}
	if latency {
		for i := range u.latency {
			list = append(list, &u.latency[i])
		}
	}
	return list
}

func (u *usageSum) figures() *domain.UsageFigures {
	return &domain.UsageFigures{
		Requests: u.requests, Successes: u.successes, Failures: u.failures,
		Tokens: domain.Usage{
			Input: u.input, Output: u.output, CacheRead: u.cacheRead, CacheWrite5m: u.cacheWrite5m,
			CacheWrite1h: u.cacheWrite, Reasoning: u.reasoning,
		},
		Cost: domain.Money(u.cost), Paid: domain.Money(u.providerCost),
		Duration: millis(u.durationMs), TTFT: millis(u.ttftMs), TTFTs: u.ttfts, Latency: u.latency,
	}
}

func usageGroups(sums map[usageGroupKey]*domain.UsageFigures) []domain.UsageGroup {
	keys := slices.SortedFunc(maps.Keys(sums), func(a, b usageGroupKey) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id), cmp.Compare(a.model, b.model), cmp.Compare(a.provider, b.provider))
	})
	groups := make([]domain.UsageGroup, len(keys))
	for i, k := range keys {
		groups[i] = domain.UsageGroup{ID: k.id, Model: k.model, Provider: domain.ProviderID(k.provider), UsageFigures: *sums[k]}
		if k.at != 0 {
			groups[i].At = time.UnixMilli(k.at).UTC()
		}
	}
	return groups
}
