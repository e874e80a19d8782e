package domain_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/internal/domain"
)

func TestSettleIDsAreKeysPacked(t *testing.T) {
	t.Parallel()
	keys := rapid.Custom(func(t *rapid.T) domain.SettleKey {
		return domain.SettleKey{
			ReqID:   domain.RequestID(rapid.Int64Min(0).Draw(t, "request")),
			Attempt: rapid.IntRange(0, 100).Draw(t, "attempt"),
			Kind:    rapid.SampledFrom([]string{domain.LedgerCharge, domain.LedgerAdjust}).Draw(t, "kind"),
			N:       rapid.IntRange(0, 1_000_000).Draw(t, "n"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := keys.Draw(t, "a"), keys.Draw(t, "b")
		require.Equal(t, a, a.ID().Key())
		require.Equal(t, a == b, a.ID() == b.ID())
	})
}
