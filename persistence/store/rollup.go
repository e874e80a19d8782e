package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// Rollups keeps sums of the ledger by UTC hour and by calendar day. Hours are
// kept up to date by each append (see usage_sums.go); a day is summed up when
// it is over, and rows that come later add to it.
type Rollups struct{ s *Store }

// Rollups is the repository of roll-ups.
func (s *Store) Rollups() Rollups { return Rollups{s} }

// listedModels is how many models a day tells apart.
const listedModels = 50

// usageFromLedger are the figures of usageColumns, out of ledger rows.
func usageFromLedger() string {
	return strings.Join(append(plainFromLedger(), latencyFromLedger()...), ", ")
}

// plainFromLedger are the figures of plainColumns.
func plainFromLedger() []string {
	return []string{
		"SUM(CASE WHEN is_final THEN 1 ELSE 0 END)",
		"SUM(CASE WHEN counts_for_rate AND is_success THEN 1 ELSE 0 END)",
		"SUM(CASE WHEN counts_for_rate AND NOT is_success THEN 1 ELSE 0 END)",
		"SUM(input_tokens)", "SUM(output_tokens)", "SUM(cache_read_input_tokens)",
		"SUM(cache_creation_5m_input_tokens)", "SUM(cache_creation_1h_input_tokens)", "SUM(reasoning_tokens)",
		"SUM(charge_nusd)", "SUM(provider_cost_nusd)",
		"SUM(CASE WHEN is_final THEN duration_ms ELSE 0 END)",
		"SUM(CASE WHEN is_final THEN COALESCE(ttft_ms, 0) ELSE 0 END)",
		"SUM(CASE WHEN is_final AND ttft_ms > 0 THEN 1 ELSE 0 END)",
	}
}

// latencyFromLedger is the histogram of times to the first token.
func latencyFromLedger() (figures []string) {
	above := "0"
	for _, bound := range latencyBounds() {
		upto := strconv.FormatInt(bound, 10)
		figures = append(figures, "SUM(CASE WHEN is_final AND ttft_ms > "+above+" AND ttft_ms <= "+upto+" THEN 1 ELSE 0 END)")
		above = upto
	}
	return append(figures, "SUM(CASE WHEN is_final AND ttft_ms > "+above+" THEN 1 ELSE 0 END)")
}

// Rebuild sums up anew the hours and the closed days that touch [from, to).
func (r Rollups) Rebuild(ctx context.Context, from, to time.Time) error {
	for hour := from.UnixMilli() / hourMs; hour*hourMs < to.UnixMilli(); hour++ {
		if err := r.rebuildHour(ctx, hour); err != nil {
			return fmt.Errorf("rebuild hour %d: %w", hour, err)
		}
	}
	d, err := r.days(ctx)
	if err != nil || d == nil {
		return err
	}
	last := min(d.closed, dayOf(to.UnixMilli()-1, d.zone))
	for day := max(d.from, dayOf(from.UnixMilli(), d.zone)); day <= last; day++ {
		if err := r.buildDay(ctx, day, d); err != nil {
			return err
		}
	}
	return nil
}

func (r Rollups) rebuildHour(ctx context.Context, hour int64) error {
	return r.s.main.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewRaw("DELETE FROM usage_hourly WHERE hour_no = ?", hour).Exec(ctx); err != nil {
			return err
		}
		_, err := tx.NewRaw("INSERT INTO usage_hourly (hour_no, user_id, key_id, provider_id, model, "+usageColumns+")"+
			" SELECT ?, user_id, key_id, COALESCE(provider_id, 0), model, "+usageFromLedger()+
			" FROM usage_ledger WHERE admitted_at >= ? AND admitted_at < ?"+
			" GROUP BY user_id, key_id, COALESCE(provider_id, 0), model", hour, hour*hourMs, (hour+1)*hourMs).Exec(ctx)
		return err
	})
}

// closedDays are the days that usage_daily holds.
type closedDays struct {
	zone         *time.Location
	from, closed int64
}

// days reads which days are closed; nil = none.
func (r Rollups) days(ctx context.Context) (*closedDays, error) { return r.daysIn(ctx, r.s.main.read) }

func (r Rollups) daysIn(ctx context.Context, db bun.IDB) (*closedDays, error) {
	var zone string
	var d closedDays
	err := db.NewRaw("SELECT zone, from_day, closed_day FROM usage_days").Scan(ctx, &zone, &d.from, &d.closed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // said above
	}
	if err != nil {
		return nil, fmt.Errorf("read which days are closed: %w", err)
	}
	if d.zone, err = r.s.zones.load(zone); err != nil {
		return nil, err
	}
	return &d, nil
}

// CloseDays sums up the days that are over by the calendar of the zone and were
// not summed up yet, and returns their number. In another zone than before all
// days are summed up anew.
func (r Rollups) CloseDays(ctx context.Context, zone *time.Location, now time.Time) (int, error) {
	d, err := r.days(ctx)
	if err != nil {
		return 0, err
	}
	if d == nil || d.zone.String() != zone.String() {
		if d, err = r.restart(ctx, zone); err != nil || d == nil {
			return 0, err
		}
	}
	built := 0
	for day := d.closed + 1; day < dayOf(now.UnixMilli(), zone); day++ {
		d.closed = day
		if err := r.buildDay(ctx, day, d); err != nil {
			return built, err
		}
		built++
	}
	return built, nil
}

// restart forgets the days of another zone. It returns where to begin; nil =
// the ledger is empty.
func (r Rollups) restart(ctx context.Context, zone *time.Location) (*closedDays, error) {
	var first sql.NullInt64
	err := r.s.main.read.DB.QueryRowContext(ctx, "SELECT MIN(admitted_at) FROM usage_ledger").Scan(&first)
	if err != nil {
		return nil, fmt.Errorf("read the first ledger row: %w", err)
	}
	err = r.s.main.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		for _, table := range []string{"usage_days", "usage_daily", "usage_daily_by"} {
			if _, err := tx.NewRaw("DELETE FROM ?", bun.Ident(table)).Exec(ctx); err != nil {
				return fmt.Errorf("forget %s: %w", table, err)
			}
		}
		return nil
	})
	if err != nil || !first.Valid {
		return nil, err
	}
	day := dayOf(first.Int64, zone)
	return &closedDays{zone: zone, from: day, closed: day - 1}, nil
}

// buildDay sums up one day and notes that days up to d.closed are closed.
func (r Rollups) buildDay(ctx context.Context, day int64, d *closedDays) error {
	from, to := dayStart(day, d.zone), dayStart(day+1, d.zone)
	err := r.s.main.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewRaw("DELETE FROM usage_daily WHERE day_no = ?", day).Exec(ctx); err != nil {
			return err
		}
		listed := "CASE WHEN model IN (SELECT model FROM usage_ledger WHERE admitted_at >= ? AND admitted_at < ?" +
			" GROUP BY model ORDER BY SUM(charge_nusd) DESC, COUNT(*) DESC, model LIMIT " + strconv.Itoa(listedModels) +
			") THEN model ELSE '' END"
		_, err := tx.NewRaw("INSERT INTO usage_daily (day_no, user_id, key_id, provider_id, model, "+usageColumns+")"+
			" SELECT ?, user_id, key_id, COALESCE(provider_id, 0), listed, "+usageFromLedger()+
			" FROM (SELECT "+listed+" AS listed, l.* FROM usage_ledger AS l WHERE admitted_at >= ? AND admitted_at < ?) AS day"+
			" GROUP BY user_id, key_id, COALESCE(provider_id, 0), listed", day, from, to, from, to).Exec(ctx)
		if err != nil {
			return err
		}
		if err := buildCoarse(ctx, tx, day, day); err != nil {
			return err
		}
		_, err = tx.NewRaw("INSERT INTO usage_days (id, zone, from_day, closed_day) VALUES (1, ?, ?, ?)"+
			" ON CONFLICT (id) DO UPDATE SET closed_day = EXCLUDED.closed_day",
			d.zone.String(), d.from, d.closed).Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("sum up day %d: %w", day, err)
	}
	return nil
}

// dayStart is the first instant of a numbered day, Unix ms. Where midnight does
// not exist the day begins after the gap.
func dayStart(day int64, zone *time.Location) int64 {
	y, m, d := time.Unix(day*24*3600, 0).UTC().Date()
	t := time.Date(y, m, d, 0, 0, 0, 0, zone)
	for dayOf(t.UnixMilli(), zone) < day { // what time.Date makes of a gap may lie before it
		t = t.Add(time.Minute)
	}
	return t.UnixMilli()
}
