package provider

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

func refusing(q domain.Quirks) func(*protocol.SlotReport) {
	return func(m *protocol.SlotReport) { m.Quirks = q }
}

func TestQuirksAreBelievedForADayAfterARestartToo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.p.URL = "https://a.example"
	require.Zero(t, b.got(1).Quirks)
	b.ended(1, refusing(domain.QuirkStreamOptions))
	b.wait(time.Hour)
	require.Equal(t, domain.QuirkStreamOptions, b.got(2).Quirks)
	b.ended(2, refusing(domain.QuirkCallIDs))

	b = b.reborn(nil)
	require.Equal(t, domain.QuirkStreamOptions|domain.QuirkCallIDs, b.got(3).Quirks)
	b.wait(quirksKept)
	require.Zero(t, b.got(4).Quirks, "the usual is tried again")
	b.ended(4, refusing(domain.QuirkCallIDs))
	require.Equal(t, domain.QuirkCallIDs, b.got(5).Quirks)
}

func TestQuirksAreOfAnAddress(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.p.URL = "https://a.example"
	b.got(1)
	b.ended(1, refusing(domain.QuirkInstructions))
	b = b.reborn(nil)
	b.p.URL = "https://b.example"
	require.Zero(t, b.got(2).Quirks, "it is another upstream now")
}
