package request

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// beside is the view of a session in which other requests run.
func beside(others int) *protocol.SessionView {
	return &protocol.SessionView{ProviderID: 3, Generation: 5, Seq: 9, InFlight: others + 1}
}

func TestAShortRequestBesideAnotherGetsASessionOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(func(w *world) { w.short, w.request.Messages = 2, 2 })
	r := w.run().to(t, admitting)
	r.sessionAnswered(beside(2), noon)
	r.quotaAnswered(granted, noon)
	require.Equal(t, []string{"ask session"}, r.fx.took(), "it waits for the child")
	asked := sent[*protocol.SessionResolve](r)
	require.Equal(t, domain.SessionKey{KeyID: 9, ID: "s~2"}, asked[1].Session)

	r.sessionAnswered(&protocol.SessionView{ProviderID: 2, Generation: 1, Seq: 4, InFlight: 1}, noon)
	require.Equal(t, domain.ProviderID(2), r.slot.choice.Provider.ID, "the child's own provider")
	require.Equal(t, w.request.Session, sent[*protocol.SlotAcquire](r)[0].Session, "the provider counts the parent")
	r.slotAnswered(free, 0, noon)
	require.EqualValues(t, 9, r.fx.last.Attempt.SessionSeq, "the parent numbers it")
	r.attempted(r.success(), noon)

	binds := sent[*protocol.SessionBind](r)
	require.Len(t, binds, 2)
	require.Equal(t, w.request.Session, binds[0].Session)
	require.True(t, binds[0].Keep, "the parent keeps its provider")
	require.Equal(t, "s~2", binds[1].Session.ID)
	require.Equal(t, "s", r.fx.record.Log.SessionID)
	require.EqualValues(t, 9, r.fx.record.Log.SessionSeq)
	require.Zero(t, r.fx.record.Log.Binding)
	r.journaled(nil)
	require.Empty(t, r.fx.held)
}

func TestWhatIsNoTaskBesideTheConversation(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		edit   func(*world)
		others int
	}{
		"nothing else runs": {func(*world) {}, 0},
		"a long one":        {func(w *world) { w.request.Messages = 3 }, 1},
		"switched off":      {func(w *world) { w.short = 0 }, 1},
		"a token count":     {func(w *world) { w.request.Class = domain.CallCount }, 1},
		"not counted":       {func(w *world) { w.request.Messages = 0 }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newWorld(func(w *world) { w.short, w.request.Messages = 2, 2 }, tc.edit).run().to(t, admitting)
			r.quotaAnswered(granted, noon)
			r.sessionAnswered(beside(tc.others), noon)
			require.Equal(t, acquiring, r.state)
			require.Len(t, sent[*protocol.SessionResolve](r), 1)
		})
	}
}

func TestAChildThatEndsEarlyGivesBothSessionsBack(t *testing.T) {
	t.Parallel()
	begin := func() run {
		r := newWorld(func(w *world) { w.short, w.request.Messages = 2, 2 }).run().to(t, admitting)
		r.sessionAnswered(beside(1), noon)
		return r
	}
	for name, end := range map[string]func(run){
		"refused by a limit":    func(r run) { r.quotaAnswered(spent, noon) },
		"the client leaves":     func(r run) { r.quotaAnswered(granted, noon); r.clientGone(noon) },
		"the child is not told": func(r run) { r.quotaAnswered(granted, noon); r.sessionAnswered(nil, noon); r.clientGone(noon) },
	} {
		r := begin()
		end(r)
		r.journaled(nil)
		require.Empty(t, r.fx.held, name)
	}
}
