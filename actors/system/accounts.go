package system

import (
	"context"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// AccountReader asks upstream accounts for their quotas and balances.
type AccountReader interface {
	// Adapter is the way in which an account would be asked; empty = there is none.
	Adapter(p *domain.Provider) domain.AccountAdapter
	Read(ctx context.Context, p *domain.Provider) domain.AccountReading
}

// Accounts asks the accounts of providers and tells their actors. Safe for
// concurrent use.
type Accounts struct {
	reader   AccountReader
	operator *Operator
	health   func(domain.ProviderID) (domain.ProviderHealth, bool)
}

// Adapter is the way in which the provider's account would be asked; empty if
// there is none.
func (a *Accounts) Adapter(p *domain.Provider) domain.AccountAdapter { return a.reader.Adapter(p) }

// Due tells whether the account can be asked and, by what its provider's actor
// last said, it is time to.
func (a *Accounts) Due(p *domain.Provider, now time.Time) bool {
	if a.reader.Adapter(p) == "" {
		return false
	}
	h, known := a.health(p.ID)
	return !known || h.Account == nil || !now.Before(h.Account.PollAt)
}

// Refresh asks the account, tells the provider's actor and returns what is known
// then. Without a way to ask it fails with domain.KindInvalid; what the account
// refused to say is in the state.
func (a *Accounts) Refresh(ctx context.Context, p *domain.Provider) (*domain.AccountState, error) {
	reading := a.reader.Read(ctx, p)
	if reading.Adapter == "" {
		return nil, domain.NewFault(domain.KindInvalid, "", "nothing is known of how to ask the account of this provider: choose an adapter")
	}
	return a.operator.ObserveAccount(context.WithoutCancel(ctx), p.ID, reading)
}
