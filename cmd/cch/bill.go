package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
	"github.com/claude-code-hub/cch/persistence/store"
)

// errBillDiffers ends the process with 1, after the bill was printed.
var errBillDiffers = errors.New("the bill does not come to what was charged")

// bill works the bill of a request out again and shows the arithmetic.
func bill(ctx context.Context, args []string, out io.Writer) (err error) {
	if len(args) != 2 || args[0] != "explain" {
		return errors.New("usage: bill explain <request id>")
	}
	id, err := domain.ParseRequestID(args[1])
	if err != nil {
		return err
	}
	s, _, err := openForCommand(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return explainBill(ctx, s, id, out)
}

// explanation prints one bill.
type explanation struct {
	out    io.Writer
	prices store.ModelPrices
	wrong  bool // something does not add up
}

func explainBill(ctx context.Context, s *store.Store, id domain.RequestID, out io.Writer) error {
	rows, err := s.Ledger().Of(ctx, id)
	if err != nil {
		return err
	}
	costs, err := storedCosts(ctx, s, id)
	if err != nil {
		return err
	}
	if len(rows) == 0 && len(costs) == 0 {
		return domain.NotFound("bill of request", id)
	}
	e := &explanation{out: out, prices: s.ModelPrices()}
	fmt.Fprintf(out, "request %s\n", id)
	charged := domain.Money(0)
	for _, of := range byAttempt(rows) {
		charged += e.attempt(ctx, of, costs)
	}
	fmt.Fprintf(out, "\ntotal charged %s\n", usd(charged))
	if e.wrong {
		return errBillDiffers
	}
	return nil
}

// byAttempt groups the rows of a request.
func byAttempt(rows []domain.LedgerRow) (groups [][]domain.LedgerRow) {
	for _, r := range rows {
		i := slices.IndexFunc(groups, func(g []domain.LedgerRow) bool { return g[0].Attempt == r.Attempt })
		if i < 0 {
			i, groups = len(groups), append(groups, nil)
		}
		groups[i] = append(groups[i], r)
	}
	return groups
}

// attempt prints the rows of one attempt and how they come about, and returns
// what was charged for it.
func (e *explanation) attempt(ctx context.Context, rows []domain.LedgerRow, costs map[int]*domain.CostBreakdown) domain.Money {
	first := &rows[0]
	if first.Attempt == 0 {
		fmt.Fprintf(e.out, "\nthe request as a whole: %s\n", first.State)
	} else {
		fmt.Fprintf(e.out, "\nattempt %d at provider %d: %s\n", first.Attempt, first.ProviderID, first.State)
	}
	charged, paid := domain.Money(0), domain.Money(0)
	for i := range rows {
		charged += rows[i].Charge
		paid += rows[i].ProviderCost
	}
	if cost := costs[first.Attempt]; cost != nil {
		e.arithmetic(ctx, cost, charged, paid)
	}
	for i := range rows {
		r := &rows[i]
		at := time.UnixMilli(r.SettledAt).UTC().Format("2006-01-02 15:04:05")
		fmt.Fprintf(e.out, "  %s  %-6s  charged %s, provider paid %s (%s)\n", at, r.Kind, usd(r.Charge), usd(r.ProviderCost), r.State)
	}
	return charged
}

// storedCosts are the breakdowns that the request log has, by attempt. A log
// that was cleaned up has none; the ledger remains.
func storedCosts(ctx context.Context, s *store.Store, id domain.RequestID) (map[int]*domain.CostBreakdown, error) {
	log, detail, err := s.RequestLogs().Get(ctx, id)
	if err != nil && !domain.IsKind(err, domain.KindNotFound) {
		return nil, err
	}
	costs := make(map[int]*domain.CostBreakdown)
	if detail.Cost == "" {
		return costs, nil
	}
	var last domain.CostBreakdown
	if err := json.Unmarshal([]byte(detail.Cost), &last); err != nil {
		return nil, fmt.Errorf("read the stored bill: %w", err)
	}
	costs[log.Upstream.Attempts] = &last
	for i := range last.Earlier {
		costs[last.Earlier[i].Attempt] = &last.Earlier[i].CostBreakdown
	}
	return costs, nil
}

// arithmetic prints how an attempt came to its amounts, and works them out again.
func (e *explanation) arithmetic(ctx context.Context, c *domain.CostBreakdown, charged, paid domain.Money) {
	if c.Reason != "" {
		fmt.Fprintf(e.out, "  not charged: %s\n", c.Reason)
	}
	if c.Model == "" && !c.Terms.Reported {
		return
	}
	e.price(ctx, c)
	for _, l := range c.Lines {
		per := "each"
		if pricing.IsTokens(l.Name) {
			per = "per million"
		}
		fmt.Fprintf(e.out, "  %-18s %10d × %s USD %s = %s%s\n", l.Name, l.Units, cmp.Or(l.Rate, "0"), per, usd(l.Amount), ofModel(l))
	}
	base, net, charge, err := pricing.Recompute(c)
	if err != nil {
		fmt.Fprintf(e.out, "  %v\n", err)
		e.wrong = true
		return
	}
	if c.Terms.Reported {
		fmt.Fprintf(e.out, "  the upstream says %s\n", usd(net))
	} else {
		fmt.Fprintf(e.out, "  base     %s\n  provider %s × %s = %s\n", usd(base), usd(base), factor(c.ByProvider), usd(net))
	}
	fmt.Fprintf(e.out, "  charge   %s × %s (group) × %s (user) = %s\n", usd(net), factor(c.ByGroup), factor(c.ByUser), usd(charge))
	if c.State == string(pricing.StateNotBilled) {
		charge = 0
	}
	if charge != charged || net != paid {
		e.wrong = true
		fmt.Fprintf(e.out, "  WRONG: worked out again it is charged %s, and the provider is paid %s\n", usd(charge), usd(net))
	}
}

// price names the price list's row.
func (e *explanation) price(ctx context.Context, c *domain.CostBreakdown) {
	if c.Model == "" {
		return
	}
	fmt.Fprintf(e.out, "  price of %s (%s", c.Model, c.Source)
	if c.PriceNode != "" {
		fmt.Fprintf(e.out, ", sold by %s", c.PriceNode)
	}
	if c.PriceID != 0 {
		fmt.Fprintf(e.out, ", row %d", c.PriceID)
		if p, err := e.prices.Get(ctx, c.PriceID); err == nil {
			fmt.Fprintf(e.out, " of %s", p.ValidFrom.UTC().Format("2006-01-02 15:04"))
		}
	}
	fmt.Fprintln(e.out, ")")
}

func ofModel(l domain.CostLine) string {
	if l.Model == "" {
		return ""
	}
	return " by " + l.Model
}

// usd writes an amount to the last nano-dollar.
func usd(m domain.Money) string { return "$" + decimal.New(int64(m), -9).String() }

func factor(m domain.Multiplier) string { return decimal.New(int64(m), -4).String() }
