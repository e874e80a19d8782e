package bus_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/bus"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

func TestAnnouncementsAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1_790_000_000_123)
	health := &protocol.ProviderHealth{ProviderHealth: domain.ProviderHealth{
		ProviderID: 7, Breaker: domain.BreakerOpen, Failures: 3, OpenUntil: at, InFlight: 4, Sessions: 5,
		CoolingModels: []domain.ModelCooling{{Model: "m", Until: at}},
		Account: &domain.AccountState{
			Status: domain.AccountStatus("ok"), FetchedAt: at,
			Outlooks: []domain.QuotaOutlook{{Model: "m", Known: true, Headroom: 0.25, Factor: 2, Until: at}},
		},
		Spent: true, LastError: "it broke", LastErrorStatus: 500, Seq: 8, Epoch: 9, At: at,
	}}
	for _, want := range []any{health, &protocol.ConfigChanged{Version: 42}} {
		encoded, err := bus.Encode(want)
		require.NoError(t, err)
		got, err := bus.Decode(encoded)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(want, got))
	}
	_, err := bus.Encode("anything")
	require.Error(t, err)
}

func TestAnnouncementsOfOtherProgramsAreNotRead(t *testing.T) {
	t.Parallel()
	for _, b := range [][]byte{nil, {}, {1}, {1, 0xff}, {99, 1, 2}, []byte("hello")} {
		_, err := bus.Decode(b)
		require.Error(t, err, "%x", b)
	}
}
