package maintenance

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

const (
	repriceEvery  = 5 * time.Minute
	repriceWithin = 4 * time.Minute
	repriceBack   = 7 * 24 * time.Hour
	repricePage   = 200
)

// Unpriced finds ledger rows that wait for a price.
type Unpriced interface {
	// Unpriced returns rows admitted after a time that had no price and were not
	// adjusted since, in the order of their keys, those behind one.
	Unpriced(ctx context.Context, after time.Time, behind domain.SettleKey, limit int) ([]domain.LedgerRow, error)
}

// Bills are what the request log knows of a request's cost.
type Bills interface {
	Get(ctx context.Context, id domain.RequestID) (domain.RequestLog, domain.RequestDetail, error)
	// Rebill replaces the stored breakdown of a request.
	Rebill(ctx context.Context, id domain.RequestID, breakdown string) error
}

// RepriceOptions are what the chore of pricing afterwards works with.
type RepriceOptions struct {
	Ledger  Unpriced
	Bills   Bills
	Prices  *pricing.Prices
	Catalog Catalog
	// Settle has a settlement booked and returns when the ledger has it.
	Settle func(ctx context.Context, s *protocol.QuotaSettle) error
	Now    func() time.Time
}

// Reprice is the chore of charging, once there is a price, what had none: for a
// week, and at the time each request was admitted. It looks only when something
// was configured since.
func Reprice(o RepriceOptions) Job {
	r := &reprice{o: o}
	return Job{Name: "reprice", Every: repriceEvery, Within: repriceWithin, Run: r.run}
}

type reprice struct {
	o    RepriceOptions
	done *domain.Catalog // nothing is left to do by the prices of this one
}

func (r *reprice) run(ctx context.Context) (int, error) {
	catalog := r.o.Catalog.Current()
	if catalog == r.done {
		return 0, nil
	}
	tariff := pricing.Tariff{Prices: r.o.Prices.For(catalog).At(r.o.Now()), Settings: catalog.Settings()}
	priced := 0
	for behind := (domain.SettleKey{}); ; {
		page, err := r.o.Ledger.Unpriced(ctx, r.o.Now().Add(-repriceBack), behind, repricePage)
		if err != nil {
			return priced, err
		}
		for i := range page {
			behind = page[i].SettleKey
			ok, err := r.row(ctx, tariff, catalog, &page[i])
			if err != nil {
				return priced, fmt.Errorf("price %s: %w", page[i].ReqID, err)
			}
			if ok {
				priced++
			}
		}
		if len(page) < repricePage {
			r.done = catalog
			return priced, nil
		}
	}
}

// row charges one row, if there is a price by now.
func (r *reprice) row(ctx context.Context, t pricing.Tariff, c *domain.Catalog, row *domain.LedgerRow) (bool, error) {
	log, detail, err := r.o.Bills.Get(ctx, row.ReqID)
	if err != nil && !domain.IsKind(err, domain.KindNotFound) {
		return false, err
	}
	stored := storedBill(detail.Cost)
	bill := billOf(stored, row, &log, c)
	work := r.work(row, &log, bill, c)
	out, ok := t.Reprice(bill, &work)
	if !ok {
		return false, nil
	}
	err = r.o.Settle(ctx, &protocol.QuotaSettle{
		SettleKey: domain.SettleKey{ReqID: row.ReqID, Attempt: row.Attempt, Kind: domain.LedgerAdjust, N: 1},
		UserID:    row.UserID, KeyID: row.KeyID, SessionID: log.SessionID,
		Charge: out.Charge - row.Charge, ProviderCost: out.ProviderNet - row.ProviderCost,
		State: out.State, T: row.AdmittedAt,
		Row: domain.LedgerFacts{
			ProviderID: row.ProviderID, GroupID: row.GroupID, PriceID: out.PriceID, PriceNode: out.PriceNode, Model: row.Model,
		},
	})
	if err != nil || stored == nil {
		return err == nil, err
	}
	return true, r.rebill(ctx, stored, row, &log, &out)
}

// work is what is to be priced of a row.
func (r *reprice) work(row *domain.LedgerRow, log *domain.RequestLog, bill *domain.CostBreakdown, c *domain.Catalog) pricing.Work {
	work := pricing.Work{
		Requested: row.Model, Sent: log.Upstream.ModelSent, Answered: log.Upstream.ModelReturned,
		Provider: c.Provider(row.ProviderID), Ended: true, Outcome: domain.ClassOK, Evidence: log.Source,
	}
	if work.Provider == nil { // deleted since: its own prices are gone with it
		work.Provider = &domain.Provider{ID: row.ProviderID}
	}
	if bill.Terms.Failed {
		work.Outcome = domain.ClassClientAbort
	}
	return work
}

// rebill shows the new bill in the request's detail.
func (r *reprice) rebill(ctx context.Context, stored *domain.CostBreakdown, row *domain.LedgerRow, log *domain.RequestLog, out *domain.CostBreakdown) error {
	whole := *stored
	if row.Attempt == log.Upstream.Attempts {
		whole = *out
		whole.Earlier = stored.Earlier
	}
	for i := range whole.Earlier {
		if whole.Earlier[i].Attempt == row.Attempt {
			whole.Earlier[i].CostBreakdown = *out
			whole.Earlier[i].Earlier = nil
		}
	}
	return r.o.Bills.Rebill(ctx, row.ReqID, string(whole.AppendJSON(nil)))
}

// storedBill is the breakdown that a request's detail has; nil if it was
// cleaned up.
func storedBill(text string) *domain.CostBreakdown {
	var b domain.CostBreakdown
	if text == "" || json.Unmarshal([]byte(text), &b) != nil {
		return nil
	}
	return &b
}

// attemptBill is the stored breakdown of a row's attempt, or nil.
func attemptBill(stored *domain.CostBreakdown, row *domain.LedgerRow, log *domain.RequestLog) *domain.CostBreakdown {
	if stored == nil {
		return nil
	}
	for i := range stored.Earlier {
		if stored.Earlier[i].Attempt == row.Attempt {
			return &stored.Earlier[i].CostBreakdown
		}
	}
	if row.Attempt == log.Upstream.Attempts {
		return stored
	}
	return nil
}

// billOf is what is to be priced of a row: the stored breakdown of its attempt
// or else what the row itself tells.
func billOf(stored *domain.CostBreakdown, row *domain.LedgerRow, log *domain.RequestLog, c *domain.Catalog) *domain.CostBreakdown {
	if b := attemptBill(stored, row, log); b != nil {
		return b
	}
	b := &domain.CostBreakdown{
		Passes: []domain.UsagePass{{
			Input: row.Usage.Input, Output: row.Usage.Output, CacheRead: row.Usage.CacheRead,
			CacheWrite5m: row.Usage.CacheWrite5m, CacheWrite1h: row.Usage.CacheWrite1h, Reasoning: row.Usage.Reasoning,
		}},
		ByProvider: domain.MultiplierOne, ByGroup: domain.MultiplierOne, ByUser: domain.MultiplierOne,
		ReportedCost: row.Reported,
	}
	if log.ID != 0 && row.Attempt == log.Upstream.Attempts {
		b.ByProvider, b.ByGroup = log.Upstream.CostMultiplier, log.Upstream.GroupMultiplier
	} else if p := c.Provider(row.ProviderID); p != nil {
		b.ByProvider = p.Routing.CostMultiplier
	}
	if u := c.User(row.UserID); u != nil {
		b.ByUser = u.CostMultiplier
	}
	return b
}
