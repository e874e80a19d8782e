package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/claude-code-hub/cch/internal/domain"
)

// ledgerColumns are the columns of usage_ledger in the order of ledgerValues.
const ledgerColumns = "request_id, attempt, kind, n, user_id, user_seq, key_id, provider_id, group_id, admitted_at, settled_at," +
	" charge_nusd, provider_cost_nusd, reported_cost_nusd, state, epoch, price_id, price_node, model," +
	" input_tokens, output_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens," +
	" reasoning_tokens, is_final, is_success, counts_for_rate, duration_ms, ttfb_ms, ttft_ms"

// ledgerValues appends the values of ledgerColumns. Absent values become NULL.
func ledgerValues(dst []any, r *domain.LedgerRow) []any {
	var reported any
	if r.Reported != nil {
		reported = int64(*r.Reported)
	}
	return append(dst,
		int64(r.ReqID), int64(r.Attempt), r.Kind, int64(r.N), int64(r.UserID), r.UserSeq, int64(r.KeyID),
		number(r.ProviderID), number(r.GroupID), r.AdmittedAt, r.SettledAt,
		int64(r.Charge), int64(r.ProviderCost), reported, r.State, r.Epoch, number(r.PriceID), text(r.PriceNode), storable(r.Model),
		r.Usage.Input, r.Usage.Output, r.Usage.CacheRead, r.Usage.CacheWrite5m, r.Usage.CacheWrite1h,
		r.Usage.Reasoning, r.IsFinal, r.IsSuccess, r.CountsForRate,
		begunMillis(r.Duration), number(begunMillis(r.TTFB)), number(begunMillis(r.TTFT)),
	)
}

// scanner is a row of a result.
type scanner interface{ Scan(dest ...any) error }

// scanLedger reads the values of ledgerColumns.
func scanLedger(from scanner) (domain.LedgerRow, error) {
	var r domain.LedgerRow
	var provider, group, reported, price, ttfb, ttft sql.NullInt64
	var node sql.NullString
	var duration int64
	err := from.Scan(&r.ReqID, &r.Attempt, &r.Kind, &r.N, &r.UserID, &r.UserSeq, &r.KeyID,
		&provider, &group, &r.AdmittedAt, &r.SettledAt,
		&r.Charge, &r.ProviderCost, &reported, &r.State, &r.Epoch, &price, &node, &r.Model,
		&r.Usage.Input, &r.Usage.Output, &r.Usage.CacheRead, &r.Usage.CacheWrite5m, &r.Usage.CacheWrite1h,
		&r.Usage.Reasoning, &r.IsFinal, &r.IsSuccess, &r.CountsForRate,
		&duration, &ttfb, &ttft)
	if err != nil {
		return domain.LedgerRow{}, err
	}
	r.ProviderID, r.GroupID = domain.ProviderID(provider.Int64), domain.GroupID(group.Int64)
	if reported.Valid {
		m := domain.Money(reported.Int64)
		r.Reported = &m
	}
	r.PriceID, r.PriceNode = price.Int64, node.String
	r.Duration, r.TTFB, r.TTFT = millis(duration), millis(ttfb.Int64), millis(ttft.Int64)
	return r, nil
}

func scanLedgerRows(rows *sql.Rows) (list []domain.LedgerRow, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		r, err := scanLedger(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// ledgerStatements are prepared once: parsing them costs as much as running them.
type ledgerStatements struct {
	hold, insert, addHourly, addDaily, addDailyBy, addSession hotStatement
	kept, days, topModel                                      *sql.Stmt
}

func prepareLedger(ctx context.Context, main *database) (*ledgerStatements, error) {
	places := "?" + strings.Repeat(", ?", strings.Count(ledgerColumns, ","))
	st := &ledgerStatements{
		hold:       hotStatement{query: "UPDATE quota_owner SET epoch = epoch WHERE user_id = ? AND epoch = ?"},
		insert:     hotStatement{query: "INSERT INTO usage_ledger (" + ledgerColumns + ", final_of) VALUES (" + places + ", ?) ON CONFLICT DO NOTHING"},
		addHourly:  hotStatement{query: addUsageSQL("usage_hourly", "hour_no")},
		addDaily:   hotStatement{query: addUsageSQL("usage_daily", "day_no")},
		addDailyBy: hotStatement{query: addUsageSQL("usage_daily_by", "by_day")},
		addSession: hotStatement{query: addSessionCostSQL},
	}
	for _, p := range []struct {
		into  **sql.Stmt
		query string
	}{
		{&st.kept, "SELECT " + ledgerColumns + " FROM usage_ledger" +
			" WHERE request_id = ? AND (attempt = ? AND kind = ? AND n = ? OR ? AND is_final)" +
			" ORDER BY is_final LIMIT 1"},
		{&st.days, "SELECT zone, from_day, closed_day FROM usage_days"},
		{&st.topModel, listedModelSQL},
	} {
		stmt, err := main.write.DB.PrepareContext(ctx, main.bind(p.query)) //nolint:sqlclosecheck // st.close does
		if err != nil {
			return nil, errors.Join(fmt.Errorf("prepare the ledger statements: %w", err), st.close())
		}
		*p.into = stmt
	}
	return st, nil
}

func (st *ledgerStatements) close() error {
	var errs []error
	for _, stmt := range []*hotStatement{&st.hold, &st.insert, &st.addHourly, &st.addDaily, &st.addDailyBy, &st.addSession} {
		errs = append(errs, stmt.close())
	}
	for _, stmt := range []*sql.Stmt{st.kept, st.days, st.topModel} {
		if stmt != nil {
			errs = append(errs, stmt.Close())
		}
	}
	return errors.Join(errs...)
}
