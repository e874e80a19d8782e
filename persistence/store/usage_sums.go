package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

const hourMs = int64(time.Hour / time.Millisecond)

// usageKey is what usage is summed up by.
type usageKey struct {
	at       int64 // number of the hour, or of the day
	user     int64
	key      int64
	provider int64
	model    string
}

// latencyBounds are the upper bounds of the histogram in milliseconds.
func latencyBounds() (bounds [latencyBuckets - 1]int64) {
	for i, b := range domain.LatencyBounds() {
		bounds[i] = b.Milliseconds()
	}
	return bounds
}

const latencyBuckets = domain.LatencyBuckets

// usageSum is one row of usage_hourly or usage_daily, without its key, in the
// order of usageColumns.
type usageSum struct {
	requests, successes, failures       int64
	input, output                       int64
	cacheRead, cacheWrite5m, cacheWrite int64 // the last: 1h
	reasoning                           int64
	cost, providerCost                  int64
	durationMs, ttftMs, ttfts           int64
	latency                             [latencyBuckets]int64
}

// plainColumns are those but the histogram.
const plainColumns = "requests, successes, failures, input_tokens, output_tokens, cache_read_input_tokens," +
	" cache_creation_5m_input_tokens, cache_creation_1h_input_tokens, reasoning_tokens, cost_nusd, provider_cost_nusd," +
	" duration_sum_ms, ttft_sum_ms, ttft_n"

const usageColumns = plainColumns + "," + " lat_0, lat_1, lat_2, lat_3, lat_4, lat_5, lat_6, lat_7, lat_8, lat_9, lat_10, lat_11"

// values are the figures in the order of usageColumns.
func (u *usageSum) values() []int64 {
	return append([]int64{
		u.requests, u.successes, u.failures, u.input, u.output, u.cacheRead, u.cacheWrite5m, u.cacheWrite,
		u.reasoning, u.cost, u.providerCost, u.durationMs, u.ttftMs, u.ttfts,
	}, u.latency[:]...)
}

// count adds a ledger row.
func (u *usageSum) count(r *domain.LedgerRow) {
	u.cost += int64(r.Charge)
	u.providerCost += int64(r.ProviderCost)
	u.input += r.Usage.Input
	u.output += r.Usage.Output
	u.cacheRead += r.Usage.CacheRead
	u.cacheWrite5m += r.Usage.CacheWrite5m
	u.cacheWrite += r.Usage.CacheWrite1h
	u.reasoning += r.Usage.Reasoning
	if r.CountsForRate && r.IsSuccess {
		u.successes++
	} else if r.CountsForRate {
		u.failures++
	}
	if !r.IsFinal {
		return
	}
	u.requests++
	u.durationMs += begunMillis(r.Duration)
	ttft := begunMillis(r.TTFT)
	if ttft <= 0 {
		return
	}
	u.ttftMs += ttft
	u.ttfts++
	bucket := 0
	for bounds := latencyBounds(); bucket < len(bounds) && ttft > bounds[bucket]; {
		bucket++
	}
	u.latency[bucket]++
}

// addUsageSQL adds to a row of usage_hourly or usage_daily.
func addUsageSQL(table, at string) string {
	return mergeUsageSQL(table, at, "VALUES (?, ?, ?, ?, ?"+strings.Repeat(", ?", usageFigures)+")")
}

// usageFigures is how many columns usageColumns names.
const usageFigures = 14 + latencyBuckets

// mergeUsageSQL adds new rows to those of usage_hourly or usage_daily.
func mergeUsageSQL(table, at, rows string) string {
	columns := strings.Split(usageColumns, ",")
	set := make([]string, len(columns))
	for i, c := range columns {
		c = strings.TrimSpace(c)
		set[i] = c + " = " + table + "." + c + " + EXCLUDED." + c
	}
	return "INSERT INTO " + table + " (" + at + ", user_id, key_id, provider_id, model, " + usageColumns + ") " + rows +
		" ON CONFLICT (" + at + ", user_id, key_id, provider_id, model) DO UPDATE SET " + strings.Join(set, ", ")
}

// usageSums is what a batch of new ledger rows adds to the roll-ups.
type usageSums struct {
	rows     []*domain.LedgerRow
	hours    map[usageKey]*usageSum
	sessions map[domain.SessionKey]*sessionCost
}

// count notes a row that was really inserted.
func (s *usageSums) count(r *domain.LedgerRow) {
	if s.hours == nil {
		s.hours = make(map[usageKey]*usageSum)
		s.sessions = make(map[domain.SessionKey]*sessionCost)
	}
	s.rows = append(s.rows, r)
	into(s.hours, usageKeyOf(r, r.AdmittedAt/hourMs)).count(r)
	if r.SessionID != "" {
		key := domain.SessionKey{KeyID: r.KeyID, ID: storable(r.SessionID)}
		c := s.sessions[key]
		if c == nil {
			c = &sessionCost{user: r.UserID, firstAt: r.AdmittedAt}
			s.sessions[key] = c
		}
		c.count(r)
	}
}

func usageKeyOf(r *domain.LedgerRow, at int64) usageKey {
	return usageKey{at: at, user: int64(r.UserID), key: int64(r.KeyID), provider: int64(r.ProviderID), model: storable(r.Model)}
}

func into(sums map[usageKey]*usageSum, key usageKey) *usageSum {
	sum := sums[key]
	if sum == nil {
		sum = &usageSum{}
		sums[key] = sum
	}
	return sum
}

// add writes what was counted, and what of it belongs to days that are closed,
// in the transaction of the rows.
func (s *usageSums) add(ctx context.Context, conn driver.Conn, w *ledgerWriter, days map[usageKey]*usageSum) error {
	if err := w.addUsage(ctx, conn, &w.stmt.addHourly, s.hours); err != nil {
		return fmt.Errorf("add to usage_hourly: %w", err)
	}
	if err := w.addUsage(ctx, conn, &w.stmt.addDaily, days); err != nil {
		return fmt.Errorf("add to usage_daily: %w", err)
	}
	if err := w.addUsage(ctx, conn, &w.stmt.addDailyBy, coarse(days)); err != nil {
		return fmt.Errorf("add to usage_daily_by: %w", err)
	}
	return w.addSessions(ctx, conn, s.sessions)
}

func (w *ledgerWriter) addUsage(ctx context.Context, conn driver.Conn, add *hotStatement, sums map[usageKey]*usageSum) error {
	for k, sum := range sums {
		w.args = append(w.args[:0], k.at, k.user, k.key, k.provider, k.model)
		for _, v := range sum.values() {
			w.args = append(w.args, v)
		}
		if _, err := add.exec(ctx, conn, w.args); err != nil {
			return err
		}
	}
	return nil
}

// closedDays are the sums of the rows that came after their day was closed. A
// model that the day did not list is among the others.
func (s *usageSums) closedDays(ctx context.Context, b *ledgerBatch) (map[usageKey]*usageSum, error) {
	var zone string
	var from, closed int64
	err := b.tx.StmtContext(ctx, b.w.stmt.days).QueryRowContext(ctx).Scan(&zone, &from, &closed) //nolint:sqlclosecheck // closed with its transaction
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // no day was closed yet: there is nothing to add
	}
	if err != nil {
		return nil, fmt.Errorf("read which days are closed: %w", err)
	}
	d := closedDays{from: from, closed: closed}
	if d.zone, err = b.w.days.load(zone); err != nil {
		return nil, err
	}
	return s.ofDays(d, func(day int64, model string) (listed bool, err error) {
		return listed, b.tx.StmtContext(ctx, b.w.stmt.topModel).QueryRowContext(ctx, byModel.at(day), model).Scan(&listed) //nolint:sqlclosecheck // closed with its transaction
	})
}

// ofDays are the sums of the rows of closed days. A model that listed does not
// find is among the others.
func (s *usageSums) ofDays(d closedDays, listed func(day int64, model string) (bool, error)) (map[usageKey]*usageSum, error) {
	days := make(map[usageKey]*usageSum)
	for _, r := range s.rows {
		day := dayOf(r.AdmittedAt, d.zone)
		if day < d.from || day > d.closed {
			continue
		}
		key := usageKeyOf(r, day)
		found, err := listed(day, key.model)
		if err != nil {
			return nil, fmt.Errorf("look for a model of day %d: %w", day, err)
		}
		if !found {
			key.model = ""
		}
		into(days, key).count(r)
	}
	return days, nil
}

// dayOf numbers the calendar day of a time, counted from 1970-01-01.
func dayOf(ms int64, zone *time.Location) int64 {
	y, m, d := time.UnixMilli(ms).In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 3600)
}

// zones remembers time zones by name. Safe for concurrent use.
type zones struct{ known sync.Map }

func (z *zones) load(name string) (*time.Location, error) {
	if zone, ok := z.known.Load(name); ok {
		return zone.(*time.Location), nil //nolint:forcetypeassert // nothing else is in it
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("time zone of the daily roll-up: %w", err)
	}
	z.known.Store(name, zone)
	return zone, nil
}

// sessionCost is what a batch adds to one session.
type sessionCost struct {
	user            domain.UserID
	provider        domain.ProviderID
	model           string
	firstAt, lastAt int64 // as far as admission times tell
	usage           domain.Usage
	cost            domain.Money
}

func (c *sessionCost) count(r *domain.LedgerRow) {
	c.firstAt = min(c.firstAt, r.AdmittedAt)
	if r.AdmittedAt >= c.lastAt {
		c.lastAt, c.model = r.AdmittedAt, storable(r.Model)
	}
	if r.IsSuccess && r.ProviderID != 0 {
		c.provider = r.ProviderID
	}
	c.usage.Input += r.Usage.Input
	c.usage.Output += r.Usage.Output
	c.usage.CacheRead += r.Usage.CacheRead
	c.usage.CacheWrite5m += r.Usage.CacheWrite5m
	c.usage.CacheWrite1h += r.Usage.CacheWrite1h
	c.usage.Reasoning += r.Usage.Reasoning
	c.cost += r.Charge
}

func (w *ledgerWriter) addSessions(ctx context.Context, conn driver.Conn, sessions map[domain.SessionKey]*sessionCost) error {
	for key, c := range sessions {
		w.args = append(w.args[:0], int64(key.KeyID), key.ID, key.Hash(), int64(c.user), number(c.provider),
			c.model, c.firstAt, c.lastAt, c.usage.Input, c.usage.Output, c.usage.CacheRead,
			c.usage.CacheWrite5m, c.usage.CacheWrite1h, c.usage.Reasoning, int64(c.cost))
		if _, err := w.stmt.addSession.exec(ctx, conn, w.args); err != nil {
			return fmt.Errorf("add to a session: %w", err)
		}
	}
	return nil
}

// addSessionCostSQL adds tokens and costs to a session; what it is like is told
// by the request log, which may come later.
const addSessionCostSQL = `
	INSERT INTO sessions (key_id, session_id, id, user_id, provider_id, model, client_kind, first_at, last_at, requests,
		input_tokens, output_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens,
		cache_creation_1h_input_tokens, reasoning_tokens, cost_nusd)
	VALUES (?, ?, ?, ?, ?, ?, '', ?, ?, 0, ?, ?, ?, ?, ?, ?, ?)` + onPaidSession

// onPaidSession is what becomes of a session that is there.
const onPaidSession = `
	ON CONFLICT (key_id, session_id) DO UPDATE SET
		input_tokens = sessions.input_tokens + EXCLUDED.input_tokens,
		output_tokens = sessions.output_tokens + EXCLUDED.output_tokens,
		cache_read_input_tokens = sessions.cache_read_input_tokens + EXCLUDED.cache_read_input_tokens,
		cache_creation_5m_input_tokens = sessions.cache_creation_5m_input_tokens + EXCLUDED.cache_creation_5m_input_tokens,
		cache_creation_1h_input_tokens = sessions.cache_creation_1h_input_tokens + EXCLUDED.cache_creation_1h_input_tokens,
		reasoning_tokens = sessions.reasoning_tokens + EXCLUDED.reasoning_tokens,
		cost_nusd = sessions.cost_nusd + EXCLUDED.cost_nusd`
