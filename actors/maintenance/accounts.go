package maintenance

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	// accountsEvery is how often it is looked whose account is due. When each of
	// them is, is its provider's actor to say.
	accountsEvery  = time.Minute
	accountsWithin = 50 * time.Second
	accountsAtOnce = 4
)

// Accounts asks the upstream accounts of providers.
type Accounts interface {
	// Due tells whether the account can be asked and it is time to.
	Due(p *domain.Provider, now time.Time) bool
	// Refresh asks the account and tells the provider's actor. What the account
	// refused to say is no error.
	Refresh(ctx context.Context, p *domain.Provider) (*domain.AccountState, error)
}

// PollAccounts is the chore of asking the accounts that are due, some at a time.
func PollAccounts(a Accounts, c Catalog, now func() time.Time) Job {
	return Job{
		Name: "accounts", Every: accountsEvery, Within: accountsWithin,
		Run: func(ctx context.Context) (int, error) { return 0, pollAccounts(ctx, a, c, now()) },
	}
}

func pollAccounts(ctx context.Context, a Accounts, c Catalog, now time.Time) error {
	var (
		all    sync.WaitGroup
		places = make(chan struct{}, accountsAtOnce)
		mu     sync.Mutex
		failed error
	)
	for _, p := range c.Current().Providers() {
		if !p.Enabled || !a.Due(p, now) {
			continue
		}
		places <- struct{}{}
		if ctx.Err() != nil { // the rest is due the next time
			break
		}
		all.Go(func() {
			defer func() { <-places }()
			if _, err := a.Refresh(ctx, p); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = errors.Join(failed, err)
			}
		})
	}
	all.Wait()
	return failed
}
