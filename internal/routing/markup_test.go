package routing_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

func TestMarkupsReachFromTheCheapestToTheDearest(t *testing.T) {
	t.Parallel()
	p := plan(provider(1, cost(2)), provider(2, cost(0.5)), provider(3, cost(9), disabled), provider(4, cost(7), groups("other")))
	least, highest := p.Markups([]string{domain.DefaultGroup})
	require.Equal(t, domain.MultiplierOne/2, least.Provider)
	require.Equal(t, 2*domain.MultiplierOne, highest.Provider)
	_, highest = p.Markups([]string{domain.GroupAll})
	require.Equal(t, 7*domain.MultiplierOne, highest.Provider)
	least, highest = p.Markups([]string{"nobody's"})
	require.Equal(t, least, highest)
	require.Equal(t, domain.MultiplierOne, least.Provider)
}

func TestAProviderWhoseMoneyIsSpentIsLeftOut(t *testing.T) {
	t.Parallel()
	in := input(plan(provider(1), provider(2)))
	draw := rand.New(rand.NewPCG(1, 2))
	in.Health = health{1: {Spent: true, SpentUntil: noon.Add(time.Hour)}}
	for range 20 {
		require.EqualValues(t, 2, routing.Choose(in, draw).Provider.ID)
	}
	in.Health = health{
		1: {Spent: true, SpentUntil: noon.Add(time.Hour)}, 2: {Spent: true, SpentUntil: noon.Add(40 * time.Minute)},
	}
	f := routing.Choose(in, draw).Fault
	require.Equal(t, domain.CodeAllRateLimited, f.Code)
	require.Equal(t, 40*time.Minute, f.RetryAfter)
	in.Now = noon.Add(50 * time.Minute)
	require.EqualValues(t, 2, routing.Choose(in, draw).Provider.ID, "its window is over")
	in.Health = health{1: {Spent: true}, 2: {Spent: true}}
	require.Nil(t, routing.Choose(in, draw).Provider, "a total comes back by an operator's word alone")
}
