package request

import (
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	// allowanceWindow is the time for which a user's emergency allowance has to do.
	allowanceWindow = 5 * time.Minute
	// allowanceShare of the smallest limit of money is what it amounts to,
	allowanceShare = 20
	// but no more than this.
	allowanceMost = domain.NanoPerUSD
)

// allowanceOf is what a request's user may spend in an emergency; 0 = as much as
// it likes, its money is not limited.
func allowanceOf(r *protocol.Request) domain.Money {
	least := r.User.Limits.SmallestMoney()
	if k := r.Key.Limits.SmallestMoney(); k > 0 && (least == 0 || k < least) {
		least = k
	}
	if least == 0 {
		return 0
	}
	return max(1, min(least/allowanceShare, allowanceMost))
}

// allowance is what one user has spent of it lately.
type allowance struct{ payments []*payment }

// payment is what one request was expected to cost or, once it ended, did cost.
type payment struct {
	at     time.Time
	amount domain.Money
}

// covers tells whether the allowance bears another request. Its first one it
// bears in any case: the smallest allowances are less than any request costs.
func (a *allowance) covers(expected, limit domain.Money, now time.Time) bool {
	spent := a.spent(now)
	return spent == 0 || spent+expected <= limit
}

func (a *allowance) pay(amount domain.Money, now time.Time) *payment {
	p := &payment{at: now, amount: amount}
	a.payments = append(a.payments, p)
	return p
}

// spent is what was paid within the window.
func (a *allowance) spent(now time.Time) (sum domain.Money) {
	n := 0
	for n < len(a.payments) && now.Sub(a.payments[n].at) >= allowanceWindow {
		n++
	}
	a.payments = append(a.payments[:0], a.payments[n:]...)
	for _, p := range a.payments {
		sum += p.amount
	}
	return sum
}
