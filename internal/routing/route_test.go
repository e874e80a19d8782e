package routing_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

func TestWhoAnsweredTheBeginningGoesBeforeADraw(t *testing.T) {
	t.Parallel()
	bound := func(p domain.ProviderID) routing.Bound {
		return routing.Bound{Provider: p, Source: domain.SessionFromClient, Messages: 3}
	}
	for name, c := range map[string]struct {
		edit  func(*routing.Input)
		bound routing.Bound
		want  domain.ProviderID
		why   domain.ChainReason
	}{
		"unbound": {bound: bound(0), want: 2, why: domain.ReasonAffinityHit},
		"bound":   {bound: bound(3), want: 3, why: domain.ReasonSessionReuse},
		"bound, but ids count less": {
			edit:  func(in *routing.Input) { in.Nominee.First = true },
			bound: bound(3), want: 2, why: domain.ReasonAffinityHit,
		},
		"bound to one that is ill": {edit: reports(3, open(time.Minute)), bound: bound(3), want: 2, why: domain.ReasonAffinityHit},
		"it is ill itself":         {edit: reports(2, open(time.Minute)), bound: bound(0), want: 1, why: domain.ReasonInitialSelection},
		"it is none":               {edit: func(in *routing.Input) { in.Nominee.Provider = 9 }, bound: bound(0), want: 1, why: domain.ReasonInitialSelection},
		"nobody":                   {edit: func(in *routing.Input) { in.Nominee.Provider = 0 }, bound: bound(0), want: 1, why: domain.ReasonInitialSelection},
		"pinned elsewhere":         {edit: func(in *routing.Input) { in.Pinned = 3 }, bound: bound(0), want: 3, why: domain.ReasonInitialSelection},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := input(plan(provider(1), provider(2, priority(5)), provider(3, priority(9))))
			in.Nominee.Provider = 2
			if c.edit != nil {
				c.edit(in)
			}
			got := routing.Route(in, c.bound, routing.NewDraw(1, 1))
			require.Equal(t, c.want, got.Provider.ID)
			require.Equal(t, c.why, got.Reason)
			if c.why == domain.ReasonAffinityHit {
				require.Equal(t, domain.MethodPrefixAffinity, got.Method)
			}
		})
	}
}

func TestADrainingProviderIsNotNominated(t *testing.T) {
	t.Parallel()
	in := input(plan(provider(1), provider(2, draining)))
	in.Nominee.Provider = 2
	got := routing.Route(in, routing.Bound{}, routing.NewDraw(1, 1))
	require.Equal(t, domain.ProviderID(1), got.Provider.ID, "its old sessions alone stay")
}
