package maintenance_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/maintenance"
	"github.com/claude-code-hub/cch/internal/domain"
)

// accounts are due by a plan, and take a while to answer.
type accounts struct {
	mu     sync.Mutex
	next   map[domain.ProviderID]time.Time
	asked  map[domain.ProviderID]int
	atOnce atomic.Int32
	most   atomic.Int32
	takes  time.Duration
	fails  domain.ProviderID
}

func (a *accounts) Due(p *domain.Provider, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !now.Before(a.next[p.ID])
}

func (a *accounts) Refresh(_ context.Context, p *domain.Provider) (*domain.AccountState, error) {
	n := a.atOnce.Add(1)
	defer a.atOnce.Add(-1)
	for most := a.most.Load(); n > most && !a.most.CompareAndSwap(most, n); most = a.most.Load() {
	}
	time.Sleep(a.takes)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked[p.ID]++
	a.next[p.ID] = time.Now().Add(10 * time.Minute)
	if p.ID == a.fails {
		return nil, errors.New("its actor is away")
	}
	return &domain.AccountState{}, nil
}

func (a *accounts) of(id domain.ProviderID) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked[id]
}

type fixedCatalog struct{ *domain.Catalog }

func (c fixedCatalog) Current() *domain.Catalog { return c.Catalog }

func TestAccountsAreAskedWhenTheyAreDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var providers []*domain.Provider
		for id := range domain.ProviderID(20) {
			providers = append(providers, &domain.Provider{ID: id + 1, Enabled: id != 4})
		}
		a := &accounts{next: map[domain.ProviderID]time.Time{3: time.Now().Add(2 * time.Hour)}, asked: map[domain.ProviderID]int{}, takes: time.Second, fails: 7}
		c := fixedCatalog{domain.NewCatalog(domain.Configuration{Providers: providers})}
		figures := &maintenance.Figures{}
		defer start(t, figures, maintenance.PollAccounts(a, c, time.Now))()
		time.Sleep(time.Hour)
		require.InDelta(t, 6, a.of(1), 1)
		require.InDelta(t, 6, a.of(7), 1, "one that fails is asked like others")
		require.Zero(t, a.of(3), "not due")
		require.Zero(t, a.of(5), "disabled")
		require.EqualValues(t, 4, a.most.Load())
		require.Positive(t, figures.All()["accounts"].Failures)
	})
}

// Accounts that answer slowly do not keep the other chores waiting for ever.
func TestSlowAccountsAreLeftForTheNextTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var providers []*domain.Provider
		for id := range domain.ProviderID(100) {
			providers = append(providers, &domain.Provider{ID: id + 1, Enabled: true})
		}
		a := &accounts{next: map[domain.ProviderID]time.Time{}, asked: map[domain.ProviderID]int{}, takes: 20 * time.Second}
		job := maintenance.PollAccounts(a, fixedCatalog{domain.NewCatalog(domain.Configuration{Providers: providers})}, time.Now)
		ctx, cancel := context.WithTimeout(t.Context(), job.Within)
		defer cancel()
		began := time.Now()
		_, err := job.Run(ctx)
		require.NoError(t, err)
		require.LessOrEqual(t, time.Since(began), time.Minute)
		require.Len(t, a.asked, 12)
	})
}
