package request

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

func hedging(w *world) {
	w.settings.HedgeEnabled, w.settings.HedgeAfter = true, 2*time.Second
}

// lost is the result of a call that another one beat, for a slot.
func lost(s *slot, used int64) *protocol.AttemptResult {
	res := &protocol.AttemptResult{N: s.n, Class: domain.ClassClientAbort, Lost: true, Status: 499, StartedAt: noon, Took: time.Second}
	if used > 0 {
		res.Usage, res.UsageSource = domain.Usage{Output: used}, domain.UsagePartial
		res.Metered = domain.Metered{Passes: []domain.UsagePass{{Output: used}}}
	}
	return res
}

func of(s *slot, res *protocol.AttemptResult) *protocol.AttemptResult {
	res.N = s.n
	return res
}

// hedgeEvents are what can happen to a request that is hedged.
var hedgeEvents = map[string]func(run){
	"hedge due":     func(r run) { r.hedgeDue(r.slot.n, noon) },
	"covered":       func(r run) { r.grown(&protocol.QuotaGrant{OK: true, Estimate: 9}, noon) },
	"not covered":   func(r run) { r.grown(spent, noon) },
	"quota mute":    func(r run) { r.grown(nil, noon) },
	"rival granted": func(r run) { r.rivalAnswered(free, 0, noon) },
	"rival refused": func(r run) { r.rivalAnswered(full, 0, noon) },
	"rival silent":  func(r run) { r.rivalAnswered(nil, 0, noon) },
	"rival success": func(r run) { r.attempted(of(&r.hedge.rival, r.success()), noon) },
	"rival failure": func(r run) { r.attempted(of(&r.hedge.rival, r.failure(500)), noon) },
	"rival lost":    func(r run) { r.attempted(lost(&r.hedge.rival, 0), noon) },
	"first lost":    func(r run) { r.attempted(lost(&r.slot, 0), noon) },
}

// Each run starts with an attempt under way whose content is late.
func TestHedging(t *testing.T) {
	t.Parallel()
	both := []string{"hedge due", "rival granted"}
	end := []string{"tell session SessionBind", "closed session"}
	for name, tc := range map[string]struct {
		before  []string
		event   string
		to      state
		effects []string
	}{
		"another provider is asked": {nil, "hedge due", attempting, []string{"ask provider 2"}},
		"and called":                {[]string{"hedge due"}, "rival granted", attempting, []string{"answer attempt 2 at 2"}},
		"without its word too":      {[]string{"hedge due"}, "rival silent", attempting, []string{"answer attempt 2 at 2"}},
		"it refuses":                {[]string{"hedge due"}, "rival refused", attempting, []string{"closed provider 2", "ask provider 3"}},
		"they all refuse":           {[]string{"hedge due", "rival refused"}, "rival refused", attempting, []string{"closed provider 3", "answer await"}},
		"once is enough":            {both, "hedge due", attempting, []string{"answer await"}},
		"the first ends meanwhile": {[]string{"hedge due"}, "success", settling, append([]string{
			"tell provider 2 LeaseRelease", "closed provider 2", "tell provider 1 SlotReport", "closed provider 1",
		}, append(end, "journal success")...)},
		"a grant that comes too late": {[]string{"hedge due", "success"}, "rival granted", settling, nil},
		"the first loses":             {both, "first lost", attempting, []string{"tell provider 1 SlotReport", "closed provider 1", "answer await"}},
		"the rival loses":             {both, "rival lost", attempting, []string{"tell provider 2 SlotReport", "closed provider 2", "answer await"}},
		"the rival wins": {append(both, "first lost"), "success", settling, append([]string{
			"tell provider 2 SlotReport", "closed provider 2",
		}, append(end, "journal success")...)},
		"the first wins": {append(both, "rival lost"), "success", settling, append([]string{
			"tell provider 1 SlotReport", "closed provider 1",
		}, append(end, "journal success")...)},
		"the loser says nothing": {both, "rival success", settling, append([]string{
			"tell provider 1 LeaseRelease", "closed provider 1", "tell provider 2 SlotReport", "closed provider 2",
		}, append(end, "journal success")...)},
		"the rival fails":      {both, "rival failure", attempting, []string{"tell provider 2 SlotReport", "closed provider 2", "answer await"}},
		"the first fails":      {both, "failure", attempting, []string{"tell provider 1 SlotReport", "closed provider 1", "answer await"}},
		"both fail, third":     {append(both, "rival failure", "failure", "backoff over", "slot granted"), "failure", acquiring, []string{"tell provider 1 SlotReport", "closed provider 1", "ask provider 3"}},
		"the client leaves":    {both, "client gone", settling, append([]string{"tell provider 1 SlotReport", "closed provider 1", "tell provider 2 LeaseRelease", "closed provider 2"}, append(end, "journal client_abort")...)},
		"somebody ends it":     {both, "abort", settling, append([]string{"tell provider 1 LeaseRelease", "closed provider 1", "tell provider 2 LeaseRelease", "closed provider 2"}, append(end, "journal failure")...)},
		"long silence":         {both, "silence", attempting, nil},
		"asked for in the end": {[]string{"success"}, "hedge due", settling, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newWorld(hedging).run().to(t, attempting)
			for _, e := range tc.before {
				happen(r, e)
			}
			r.fx.took()
			happen(r, tc.event)
			require.Equal(t, tc.to.String(), r.state.String())
			require.Empty(t, cmp.Diff(tc.effects, r.fx.took()))
		})
	}
}

// Where a user's money is limited, the reservation has to cover both calls.
func TestTheReservationGrowsWithTheHedge(t *testing.T) {
	t.Parallel()
	limited := func(w *world) {
		w.request.User.Limits.USDTotal = domain.NanoPerUSD
		w.request.Demand = protocol.Demand{TextBytes: 400, MaxOutput: 100}
	}
	for event, tc := range map[string][]string{
		"covered":     {"ask provider 2"},
		"not covered": {"answer await"},
		"quota mute":  {"answer await"},
		"success": {
			"tell provider 1 SlotReport", "closed provider 1", "tell session SessionBind", "closed session", "journal success",
		},
	} {
		r := newWorld(hedging, limited).run().to(t, attempting)
		r.quota.estimate = 3 // as it was granted
		r.hedgeDue(1, noon)
		require.Equal(t, []string{"ask quota"}, r.fx.took())
		asked := sent[*protocol.QuotaReserve](r)
		require.Len(t, asked, 2)
		require.Equal(t, asked[0].LeaseID, asked[1].LeaseID)
		require.Equal(t, 2, asked[1].Attempts)
		require.Positive(t, asked[0].Upper)
		require.Equal(t, 2*asked[0].Upper, asked[1].Upper)
		happen(r, event)
		require.Equal(t, tc, r.fx.took(), event)
		r.grown(granted, noon)
		require.Empty(t, r.fx.took(), "it was answered already")
	}
}

func happen(r run, event string) {
	if e, ok := hedgeEvents[event]; ok {
		e(r)
		return
	}
	events[event](r)
}

func TestWhoIsHedged(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*world)
		after  time.Duration
	}{
		"a stream":              {func(*world) {}, 2 * time.Second},
		"the provider's pace":   {func(w *world) { w.settings.HedgeAfter = 0 }, leastPatient},
		"switched off":          {func(w *world) { w.settings.HedgeEnabled = false }, 0},
		"one call at a time":    {func(w *world) { w.settings.HedgeMaxParallel = 1 }, 0},
		"no stream":             {func(w *world) { w.request.Stream = false }, 0},
		"nothing but a count":   {func(w *world) { w.request.Class = domain.CallCount }, 0},
		"a stream by something": {func(w *world) { w.request.Verbatim = true }, 2 * time.Second},
	} {
		r := newWorld(hedging, tc.change).run().to(t, attempting)
		require.Equal(t, tc.after, r.fx.last.Attempt.HedgeAfter, name)
	}
	r := newWorld(hedging).run().to(t, attempting)
	r.fx.thrifty = true
	r.hedgeDue(1, noon)
	require.Equal(t, []string{"answer await"}, r.fx.took(), "the budget is spent")
	require.False(t, r.hedge.used)
}

func TestTheRecordOfARace(t *testing.T) {
	t.Parallel()
	w := newWorld(hedging)
	r := w.run().to(t, attempting)
	for _, e := range []string{"hedge due", "rival granted"} {
		happen(r, e)
	}
	require.Zero(t, r.fx.last.Attempt.HedgeAfter, "a rival gets none of its own")
	r.attempted(lost(&r.slot, 7), noon)
	r.attempted(r.success(), noon)

	var reasons []string
	for _, e := range chainOf(t, r) {
		reasons = append(reasons, string(e.Reason)+" "+e.Name)
	}
	require.Equal(t, []string{
		"initial_selection p1", "hedge_triggered p1", "hedge_launched p2", "hedge_loser_billed p1", "hedge_winner p2", "binding_changed ",
	}, reasons)

	row, settles := r.fx.record.Log, r.fx.record.Settles
	require.Equal(t, domain.ProviderID(2), row.Upstream.ProviderID)
	require.Equal(t, domain.ProviderID(1), row.Upstream.FirstProviderID)
	require.Equal(t, 2, row.Upstream.Attempts)
	require.Len(t, settles, 2)
	require.Equal(t, 1, settles[0].Attempt)
	require.Equal(t, domain.ProviderID(1), settles[0].Row.ProviderID)
	require.Equal(t, int64(7), settles[0].Row.Usage.Output)
	require.False(t, settles[0].IsFinal)
	require.Equal(t, 2, settles[1].Attempt)
	require.True(t, settles[1].IsFinal)
	require.Positive(t, settles[0].Charge)
	require.Equal(t, settles[0].Charge+settles[1].Charge, row.Cost)
	bind := sent[*protocol.SessionBind](r)[0]
	require.Equal(t, domain.ProviderID(2), bind.ProviderID)
	require.Equal(t, domain.BindFirstSuccess, bind.Reason)
}

// An emergency's allowance bears what the loser cost too.
func TestAnEmergencyPaysForBothOfARace(t *testing.T) {
	t.Parallel()
	w := newWorld(hedging)
	r := w.run().to(t, attempting)
	happen(r, "hedge due")
	happen(r, "rival granted")

	e := NewEmergency(time.Minute)
	w.request.User.Limits.USDTotal = domain.NanoPerUSD
	stay, refusal := e.admit(w.request, r.bounds().expected(), noon)
	require.Nil(t, refusal)
	a := &Actor{m: r.machine, stay: stay, lastly: noon}
	require.Equal(t, r.bounds().expected(), a.spent(), "nobody knows yet")
	r.attempted(lost(&r.slot, 700_000), noon)
	r.attempted(r.success(), noon)
	a.stay.end(a.spent(), noon)

	settles := r.fx.record.Settles
	require.Equal(t, settles[0].Charge+settles[1].Charge, stay.paid.amount)
	require.Greater(t, settles[0].Charge, allowanceOf(w.request))
	_, refusal = e.admit(w.request, 1, noon)
	require.Equal(t, &protocol.QuotaRefusal{Reason: protocol.RefusedUnavailable}, refusal)
}

func TestASessionMovesToTheWinner(t *testing.T) {
	t.Parallel()
	r := newWorld(hedging).run().to(t, admitting)
	r.quotaAnswered(granted, noon)
	r.sessionAnswered(&protocol.SessionView{ProviderID: 1, Generation: 5, Seq: 2, BoundAt: noon.UnixMilli()}, noon)
	r.slotAnswered(free, 0, noon)
	for _, e := range []string{"hedge due", "rival granted", "first lost", "success"} {
		happen(r, e)
	}
	bind := sent[*protocol.SessionBind](r)[0]
	require.Equal(t, domain.ProviderID(2), bind.ProviderID)
	require.Equal(t, domain.BindRaceWinner, bind.Reason)
}

// What a beaten call used is taken off its own provider's balance, as it is in
// the ledger, whichever of the two it was.
func TestLosersCostTheirProvider(t *testing.T) {
	t.Parallel()
	for _, loser := range []func(run) *slot{
		func(r run) *slot { return &r.slot },
		func(r run) *slot { return &r.hedge.rival },
	} {
		r := newWorld(hedging).run().to(t, attempting)
		for _, e := range []string{"hedge due", "rival granted"} {
			happen(r, e)
		}
		beaten := *loser(r)
		r.attempted(lost(&beaten, 1000), noon)
		r.attempted(of(&r.slot, r.success()), noon)
		reports, settles := sent[*protocol.SlotReport](r), r.fx.record.Settles
		require.Len(t, reports, 2)
		require.Len(t, settles, 2)
		for _, report := range reports {
			for _, s := range settles {
				if s.Attempt == report.Attempt {
					require.Positive(t, report.ProviderCost)
					require.Equal(t, s.ProviderCost, report.ProviderCost)
					require.Equal(t, s.Row.ProviderID, report.ProviderID)
				}
			}
		}
		require.Equal(t, beaten.choice.Provider.ID, reports[0].ProviderID)
	}
}

func TestLosersAreFreeIfTheOperatorSaysSo(t *testing.T) {
	t.Parallel()
	r := newWorld(hedging, func(w *world) { w.settings.BillHedgeLosers = false }).run().to(t, attempting)
	for _, e := range []string{"hedge due", "rival granted"} {
		happen(r, e)
	}
	r.attempted(lost(&r.slot, 7), noon)
	r.attempted(r.success(), noon)
	require.Len(t, r.fx.record.Settles, 1)
	require.Equal(t, domain.ReasonHedgeLoserCancelled, chainOf(t, r)[3].Reason)
}

// Whatever happens in whatever order to a hedged request, it ends clean.
func TestRandomRacesEndClean(t *testing.T) {
	t.Parallel()
	var names []string
	for name := range events {
		if name != "journal refused" {
			names = append(names, name)
		}
	}
	for name := range hedgeEvents {
		names = append(names, name, name) // they are what this is about
	}
	rapid.Check(t, func(t *rapid.T) {
		r := newWorld(hedging).run()
		slots, journals := 0, 0
		count := func() {
			for _, line := range r.fx.took() {
				switch {
				case strings.HasPrefix(line, "ask provider"):
					slots++
				case strings.HasPrefix(line, "closed provider"):
					slots--
				case strings.HasPrefix(line, "journal "):
					journals++
				}
			}
			if slots > 2 {
				t.Fatal("more than two slots at a time")
			}
		}
		r.start(noon)
		for _, name := range rapid.SliceOfN(rapid.SampledFrom(names), 0, 80).Draw(t, "events") {
			happen(r, name)
			count()
		}
		r.abort("end of test", noon)
		r.journaled(nil)
		count()
		if r.state != dead || journals != 1 {
			t.Fatalf("%s with %d records", r.state, journals)
		}
		for _, h := range r.fx.held {
			if h != "quota" {
				t.Fatalf("lease of %s is still held", h)
			}
		}
	})
}

func TestPatience(t *testing.T) {
	t.Parallel()
	var p pace
	require.Equal(t, leastPatient, p.patience(1, noon))
	for i := range 100 {
		p.note(1, time.Duration(i+1)*time.Second, noon)
	}
	require.Equal(t, 95*time.Second, p.patience(1, noon.Add(time.Minute)))
	require.Equal(t, leastPatient, p.patience(1, noon.Add(11*time.Minute)), "what is old says nothing")
	require.Equal(t, leastPatient, p.patience(2, noon))
	for range paceSamples {
		p.note(1, time.Second, noon)
	}
	require.Equal(t, leastPatient, p.patience(1, noon))
}

func TestHedgeBudget(t *testing.T) {
	t.Parallel()
	var a hedgeBudget
	n := 0
	for a.spend(10) {
		n++
	}
	require.Equal(t, mostHedges, n)
	for range 21 { // in tenths, as floats have them
		a.earn(10)
	}
	require.True(t, a.spend(10))
	require.True(t, a.spend(10))
	require.False(t, a.spend(10))
	a = hedgeBudget{}
	require.False(t, a.spend(0), "none of them")
}
