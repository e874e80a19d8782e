package request

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// boundTo is the view of a session that is bound to a provider.
func boundTo(id domain.ProviderID) *protocol.SessionView {
	return &protocol.SessionView{ProviderID: id, Generation: 5, BoundAt: noon.Add(-time.Minute).UnixMilli(), Seq: 2}
}

// resume brings a machine with a bound session to its first acquire.
func resume(t *testing.T, w *world, id domain.ProviderID) run {
	t.Helper()
	r := w.run().to(t, admitting)
	r.quotaAnswered(granted, noon)
	r.sessionAnswered(boundTo(id), noon)
	return r
}

func TestASessionReturnsToItsProvider(t *testing.T) {
	t.Parallel()
	r := resume(t, newWorld(), 3)
	require.Equal(t, []string{"ask provider 3"}, r.fx.took(), "although 1 has the better priority")
	r.slotAnswered(free, 0, noon)
	r.attempted(r.success(), noon)
	bind := sent[*protocol.SessionBind](r)[0]
	require.True(t, bind.Keep)
	require.Equal(t, int64(5), bind.Generation)
	require.False(t, bind.LeaseID.IsZero())
	require.Equal(t, []domain.ChainReason{domain.ReasonSessionReuse, domain.ReasonRequestSuccess}, reasonsOf(t, r))
	require.Equal(t, int64(60_000), chainOf(t, r)[0].Context.SessionAgeMs)
	require.Equal(t, int64(2), r.fx.record.Log.SessionSeq)
}

func TestWhatBecomesOfTheBinding(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		edit   func(*world)
		bound  domain.ProviderID
		play   func(run)
		want   protocol.SessionBind // without the fields common to all
		reason domain.ChainReason   // of the last chain entry; empty = none on the binding
	}{
		"first success": {
			play:   func(r run) { r.slotAnswered(free, 0, noon); r.attempted(r.success(), noon) },
			want:   protocol.SessionBind{ProviderID: 1, Reason: domain.BindFirstSuccess},
			reason: domain.ReasonBindingChanged,
		},
		"failover": {
			bound: 1,
			play: func(r run) {
				r.slotAnswered(free, 0, noon)
				r.attempted(r.failure(403), noon)
				r.slotAnswered(free, 0, noon)
				r.attempted(r.success(), noon)
			},
			want:   protocol.SessionBind{ProviderID: 2, Reason: domain.BindFailoverSuccess},
			reason: domain.ReasonBindingChanged,
		},
		"bound one full": {
			bound: 1,
			play: func(r run) {
				r.slotAnswered(full, 0, noon)
				r.slotAnswered(free, 0, noon)
				r.attempted(r.success(), noon)
			},
			want:   protocol.SessionBind{Keep: true, Reason: domain.BindKeepHealthy},
			reason: domain.ReasonBindingKept,
		},
		"bound one disabled, success": {
			edit:   func(w *world) { w.providers[0].Enabled = false },
			bound:  1,
			play:   func(r run) { r.slotAnswered(free, 0, noon); r.attempted(r.success(), noon) },
			want:   protocol.SessionBind{ProviderID: 2, Reason: domain.BindProviderGone},
			reason: domain.ReasonBindingChanged,
		},
		"bound one disabled, client left": {
			edit:   func(w *world) { w.providers[0].Enabled = false },
			bound:  1,
			play:   func(r run) { r.clientGone(noon) },
			want:   protocol.SessionBind{Reason: domain.BindProviderGone},
			reason: domain.ReasonBindingChanged,
		},
		"bound one broke in the middle": {
			bound: 1,
			play: func(r run) {
				r.slotAnswered(free, 0, noon)
				res := r.failure(502)
				res.Failure, res.Committed = domain.FailStreamBroken, true
				r.attempted(res, noon)
			},
			want:   protocol.SessionBind{Reason: domain.UnbindStreamFailed},
			reason: domain.ReasonBindingChanged,
		},
		"all failed": {
			bound: 1,
			play: func(r run) {
				for r.state == acquiring {
					r.slotAnswered(free, 0, noon)
					r.attempted(r.failure(403), noon)
				}
			},
			want:   protocol.SessionBind{Reason: domain.UnbindAllFailed},
			reason: domain.ReasonBindingChanged,
		},
		"client's own mistake": {
			bound: 1,
			play: func(r run) {
				r.slotAnswered(free, 0, noon)
				res := r.failure(400)
				res.Class = domain.ClassClientError
				r.attempted(res, noon)
			},
			want: protocol.SessionBind{Keep: true},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			if tc.edit != nil {
				w = newWorld(tc.edit)
			}
			r := resume(t, w, tc.bound)
			tc.play(r)
			require.Equal(t, settling, r.state)
			binds := sent[*protocol.SessionBind](r)
			require.Len(t, binds, 1)
			want := tc.want
			want.Session, want.ReqID, want.Generation = w.request.Session, 4711, 5
			want.LeaseID, want.T = r.session.lease, noon.UnixMilli()
			require.Equal(t, &want, binds[0])
			reasons := reasonsOf(t, r)
			if last := reasons[len(reasons)-1]; tc.reason != "" {
				require.Equal(t, tc.reason, last)
			} else {
				require.NotContains(t, []domain.ChainReason{domain.ReasonBindingChanged, domain.ReasonBindingKept}, last)
			}
		})
	}
}

func TestAnAnswerWithoutItsEndDoesNotRenew(t *testing.T) {
	t.Parallel()
	r := newWorld().run().to(t, attempting)
	res := r.success()
	res.Complete = false
	r.attempted(res, noon)
	require.Empty(t, sent[*protocol.SessionBind](r))
	require.Equal(t, []string{
		"tell provider 1 SlotReport", "closed provider 1", "tell session LeaseRelease", "closed session", "journal success",
	}, r.fx.took())
}

func TestADroppedBindingIsExplained(t *testing.T) {
	t.Parallel()
	w := newWorld(func(w *world) {
		w.request.SessionSource, w.request.Messages = domain.SessionFromFingerprint, 1
	})
	r := resume(t, w, 3)
	require.Equal(t, domain.ProviderID(1), r.slot.choice.Provider.ID)
	r.clientGone(noon)
	require.Equal(t, "single_message", chainOf(t, r)[0].Context.BindingDroppedReason)
}
