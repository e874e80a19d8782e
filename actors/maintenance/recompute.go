package maintenance

import (
	"context"
	"fmt"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// recomputePage is how many rows are read at once.
const recomputePage = 200

// Charged finds ledger rows by when their requests were admitted.
type Charged interface {
	// CountCharges counts the rows that Charges would return in all.
	CountCharges(ctx context.Context, q domain.RecomputeQuery) (int, error)
	// Charges returns rows of kind charge that may cost something, in the order of
	// their keys, those behind one.
	Charges(ctx context.Context, q domain.RecomputeQuery, behind domain.SettleKey, limit int) ([]domain.LedgerRow, error)
	// Of returns all rows of a request.
	Of(ctx context.Context, id domain.RequestID) ([]domain.LedgerRow, error)
}

// Recompute works bills out again by the prices in force now, with the usage,
// terms and multipliers of then, and books the differences as adjustments at the
// time each request was admitted. Doing it again changes nothing more.
func Recompute(ctx context.Context, o RepriceOptions, ledger Charged, q domain.RecomputeQuery, progress domain.JobProgress) (domain.RecomputeReport, error) {
	catalog := o.Catalog.Current()
	r := &recompute{
		reprice: reprice{o: o}, ledger: ledger, query: q,
		tariff: pricing.Tariff{Prices: o.Prices.For(catalog).At(o.Now()), Settings: catalog.Settings()}, catalog: catalog,
	}
	total, err := ledger.CountCharges(ctx, q)
	if err != nil {
		return r.report, err
	}
	for behind := (domain.SettleKey{}); ; {
		page, err := ledger.Charges(ctx, q, behind, recomputePage)
		if err != nil {
			return r.report, err
		}
		for i := range page {
			if err := ctx.Err(); err != nil {
				return r.report, err
			}
			behind = page[i].SettleKey
			if err := r.row(ctx, &page[i]); err != nil {
				return r.report, fmt.Errorf("work %s out again: %w", page[i].ReqID, err)
			}
		}
		progress(r.report.Rows, total)
		if len(page) < recomputePage {
			return r.report, nil
		}
	}
}

type recompute struct {
	reprice

	ledger  Charged
	query   domain.RecomputeQuery
	tariff  pricing.Tariff
	catalog *domain.Catalog
	report  domain.RecomputeReport
}

func (r *recompute) row(ctx context.Context, row *domain.LedgerRow) error {
	r.report.Rows++
	log, detail, err := r.o.Bills.Get(ctx, row.ReqID)
	if err != nil && !domain.IsKind(err, domain.KindNotFound) {
		return err
	}
	stored := storedBill(detail.Cost)
	bill := attemptBill(stored, row, &log)
	if bill == nil || bill.Terms.Reported || len(bill.Passes) == 0 {
		r.report.Skipped++
		return nil
	}
	work := r.work(row, &log, bill, r.catalog)
	out, ok := r.tariff.Reprice(bill, &work)
	if !ok {
		r.report.Unpriced++
		return nil
	}
	booked, err := r.booked(ctx, row)
	if err != nil {
		return err
	}
	charge, cost := out.Charge-booked.charge, out.ProviderNet-booked.cost
	if charge == 0 && cost == 0 {
		r.report.Unchanged++
		return nil
	}
	r.report.Adjusted++
	r.report.Charge += charge
	r.report.Cost += cost
	if r.query.DryRun {
		return nil
	}
	if row.State == string(pricing.StateEstimated) {
		out.State = row.State // it stays one
	}
	err = r.o.Settle(ctx, &protocol.QuotaSettle{
		SettleKey: domain.SettleKey{ReqID: row.ReqID, Attempt: row.Attempt, Kind: domain.LedgerAdjust, N: booked.adjusts + 1},
		UserID:    row.UserID, KeyID: row.KeyID, SessionID: log.SessionID,
		Charge: charge, ProviderCost: cost, State: out.State, T: row.AdmittedAt,
		Row: domain.LedgerFacts{
			ProviderID: row.ProviderID, GroupID: row.GroupID, PriceID: out.PriceID, PriceNode: out.PriceNode, Model: row.Model,
		},
	})
	if err != nil {
		return err
	}
	return r.rebill(ctx, stored, row, &log, &out)
}

// booked is what an attempt was charged for so far.
type booked struct {
	charge, cost domain.Money
	adjusts      int // the highest number of an adjustment
}

func (r *recompute) booked(ctx context.Context, row *domain.LedgerRow) (b booked, err error) {
	rows, err := r.ledger.Of(ctx, row.ReqID)
	if err != nil {
		return b, err
	}
	for i := range rows {
		if one := &rows[i]; one.Attempt == row.Attempt {
			b.charge += one.Charge
			b.cost += one.ProviderCost
			if one.Kind == domain.LedgerAdjust {
				b.adjusts = max(b.adjusts, one.N)
			}
		}
	}
	return b, nil
}
