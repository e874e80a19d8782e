package request

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// The record has the steps that took long and the connections of all attempts,
// those of a race that was lost too; of neither, nothing.
func TestTheRecordHasTheTrace(t *testing.T) {
	t.Parallel()
	dialed := func(res *protocol.AttemptResult, after time.Duration) *protocol.AttemptResult {
		res.Dialed = &domain.Dialed{Connected: noon.Add(after)}
		return res
	}
	r := newWorld(func(w *world) {
		w.request.Guards = []domain.GuardTime{{Name: domain.StepBody, TookMs: 3}}
	}).run().to(t, attempting)
	r.attempted(dialed(r.failure(500), 20*time.Millisecond), noon.Add(time.Second))
	for r.state == acquiring || r.state == backingOff {
		r.backoffOver(noon)
		r.slotAnswered(free, 0, noon)
	}
	r.attempted(dialed(r.success(), 2*time.Second), noon.Add(3*time.Second))
	_, trace, err := domain.DecodeSpecial(r.fx.record.Detail.Special)
	require.NoError(t, err)
	require.Equal(t, &domain.RouteTrace{ // the request came 5 ms before noon
		Guards: []domain.GuardTime{{Name: domain.StepBody, TookMs: 3}},
		Dials:  []domain.DialTime{{Attempt: 1, ConnectMs: new(int64(25))}, {Attempt: 2, ConnectMs: new(int64(2005))}},
	}, trace)

	raced := newWorld(hedging).run().to(t, attempting)
	happen(raced, "hedge due")
	happen(raced, "rival granted")
	raced.attempted(dialed(lost(&raced.slot, 0), 20*time.Millisecond), noon)
	happen(raced, "success")
	_, trace, err = domain.DecodeSpecial(raced.fx.record.Detail.Special)
	require.NoError(t, err)
	require.Equal(t, []domain.DialTime{{Attempt: 1, ConnectMs: new(int64(25))}}, trace.Dials)

	plain := newWorld().run().to(t, settling)
	require.Empty(t, plain.fx.record.Detail.Special)
}
