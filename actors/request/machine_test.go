package request

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// events are all that can happen to a machine.
var events = map[string]func(run){
	"start":           func(r run) { r.start(noon) },
	"quota granted":   func(r run) { r.quotaAnswered(granted, noon) },
	"quota refused":   func(r run) { r.quotaAnswered(spent, noon) },
	"quota waits":     func(r run) { r.quotaWaits(inLine, noon) },
	"quota silent":    func(r run) { r.quotaAnswered(nil, noon) },
	"session view":    func(r run) { r.sessionAnswered(view, noon) },
	"session silent":  func(r run) { r.sessionAnswered(nil, noon) },
	"slot granted":    func(r run) { r.slotAnswered(free, 0, noon) },
	"slot refused":    func(r run) { r.slotAnswered(full, 0, noon) },
	"slot silent":     func(r run) { r.slotAnswered(nil, 0, noon) },
	"success":         func(r run) { r.attempted(r.success(), noon) },
	"failure":         func(r run) { r.attempted(r.failure(500), noon) },
	"stale result":    func(r run) { r.attempted(&protocol.AttemptResult{N: 99, Class: domain.ClassOK}, noon) },
	"backoff over":    func(r run) { r.backoffOver(noon) },
	"client gone":     func(r run) { r.clientGone(noon) },
	"abort":           func(r run) { r.abort("why not", noon) },
	"journaled":       func(r run) { r.journaled(nil) },
	"journal refused": func(r run) { r.journaled(errors.New("disk full")) },
	"silence":         func(r run) { r.silence(noon) },
}

type cell struct {
	to      state
	effects []string
}

// The cells that do something. All others leave the state as it is and have no
// effect.
var cells = map[state]map[string]cell{
	idle: {
		"start":   {admitting, []string{"ask quota", "ask session"}},
		"abort":   {dead, []string{"stop"}},
		"silence": {dead, []string{"stop"}},
	},
	admitting: { // with neither answer yet; the second one is tested below
		"quota granted":  {admitting, nil},
		"quota waits":    {admitting, []string{"ask quota"}},
		"quota silent":   {admitting, []string{"emergency"}},
		"session view":   {admitting, nil},
		"session silent": {admitting, nil},
		"quota refused":  {settling, []string{"tell session LeaseRelease", "closed session", "closed quota", "journal blocked"}},
		"client gone": {settling, []string{
			"tell session LeaseRelease", "closed session", "tell quota LeaseRelease", "closed quota", "journal client_abort",
		}},
		"abort": {settling, []string{
			"tell session LeaseRelease", "closed session", "tell quota LeaseRelease", "closed quota", "journal failure",
		}},
		"silence": {settling, []string{
			"tell session LeaseRelease", "closed session", "tell quota LeaseRelease", "closed quota", "journal failure",
		}},
	},
	acquiring: {
		"slot granted": {attempting, []string{"answer attempt 1 at 1"}},
		"slot silent":  {attempting, []string{"answer attempt 1 at 1"}},
		"slot refused": {acquiring, []string{"closed provider 1", "ask provider 2"}},
		"client gone": {settling, []string{
			"tell provider 1 LeaseRelease", "closed provider 1", "tell session SessionBind", "closed session", "journal client_abort",
		}},
		"abort": {settling, []string{
			"tell provider 1 LeaseRelease", "closed provider 1", "tell session SessionBind", "closed session", "journal failure",
		}},
		"silence": {settling, []string{
			"tell provider 1 LeaseRelease", "closed provider 1", "tell session SessionBind", "closed session", "journal failure",
		}},
	},
	attempting: {
		"success": {settling, []string{
			"tell provider 1 SlotReport", "closed provider 1", "tell session SessionBind", "closed session", "journal success",
		}},
		"failure": {backingOff, []string{"tell provider 1 SlotReport", "closed provider 1", "wake"}},
		"client gone": {settling, []string{
			"tell provider 1 SlotReport", "closed provider 1", "tell session SessionBind", "closed session", "journal client_abort",
		}},
		"abort": {settling, []string{
			"tell provider 1 LeaseRelease", "closed provider 1", "tell session SessionBind", "closed session", "journal failure",
		}},
	},
	backingOff: {
		"backoff over": {acquiring, []string{"ask provider 1"}},
		"client gone":  {settling, []string{"tell session SessionBind", "closed session", "journal client_abort"}},
		"abort":        {settling, []string{"tell session SessionBind", "closed session", "journal failure"}},
		"silence":      {settling, []string{"tell session SessionBind", "closed session", "journal failure"}},
	},
	settling: {
		"journaled":       {dead, []string{"closed quota", "answer done", "stop"}},
		"journal refused": {dead, []string{"answer done", "stop"}},
		"silence":         {dead, []string{"answer done", "stop"}},
	},
	dead: {},
}

func TestEveryCell(t *testing.T) {
	t.Parallel()
	for s := idle; s <= dead; s++ {
		for name, happen := range events {
			t.Run(s.String()+"/"+name, func(t *testing.T) {
				t.Parallel()
				want, ok := cells[s][name]
				if !ok {
					want.to = s
				}
				r := newWorld().run().to(t, s)
				happen(r)
				require.Equal(t, want.to.String(), r.state.String())
				require.Empty(t, cmp.Diff(want.effects, r.fx.took()))
			})
		}
	}
}

func TestAdmissionNeedsBothAnswers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		first, second string
		degraded      []string
	}{
		"quota, session":           {"quota granted", "session view", nil},
		"session, quota":           {"session view", "quota granted", nil},
		"session silent":           {"quota granted", "session silent", []string{"session"}},
		"quota silent":             {"session view", "quota silent", []string{"quota"}},
		"both silent":              {"session silent", "quota silent", []string{"session", "quota"}},
		"both silent, other order": {"quota silent", "session silent", []string{"quota", "session"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newWorld().run().to(t, admitting)
			effects := map[string][]string{"quota silent": {"emergency"}}
			events[tc.first](r)
			require.Equal(t, effects[tc.first], r.fx.took())
			events[tc.second](r)
			require.Equal(t, append(effects[tc.second], "ask provider 1"), r.fx.took())
			r.slotAnswered(free, 0, noon)
			require.Equal(t, tc.degraded, r.fx.last.Attempt.Degraded)
			r.attempted(r.success(), noon)
			require.Equal(t, tc.degraded, r.fx.record.Log.Degraded)
		})
	}
}

func TestUnreachableQuotaFailsClosedIfToldSo(t *testing.T) {
	t.Parallel()
	r := newWorld(func(w *world) { w.settings.QuotaFailMode = domain.FailClosed }).run().to(t, admitting)
	r.sessionAnswered(view, noon)
	r.quotaAnswered(nil, noon)
	require.Equal(t, []string{
		"tell session LeaseRelease", "closed session", "tell quota LeaseRelease", "closed quota", "journal blocked",
	}, r.fx.took())
	r.journaled(nil)
	require.Equal(t, domain.CodeQuotaUnavailable, r.fx.last.Reject.Fault.Code)
	require.Equal(t, 5*time.Second, r.fx.last.Reject.Fault.RetryAfter)
	require.Empty(t, r.fx.record.Settles)
}

func TestUnreachableQuotaAdmitsWithinThisNodesOwnCount(t *testing.T) {
	t.Parallel()
	r := newWorld().run().to(t, admitting)
	r.fx.spent = spent.Refusal
	r.sessionAnswered(view, noon)
	r.quotaAnswered(nil, noon)
	require.Equal(t, []string{
		"emergency", "tell session LeaseRelease", "closed session", "tell quota LeaseRelease", "closed quota", "journal blocked",
	}, r.fx.took())
	r.journaled(nil)
	require.Equal(t, domain.CodeRPM, r.fx.last.Reject.Fault.Code)
	require.Equal(t, 20*time.Second, r.fx.last.Reject.Fault.RetryAfter)
	require.Equal(t, []string{"quota"}, r.fx.last.Reject.Degraded)
	require.Equal(t, []string{"quota"}, r.fx.record.Log.Degraded)
}

func TestARequestInLineAsksAgainForAsLongAsItWasTold(t *testing.T) {
	t.Parallel()
	r := newWorld().run().to(t, admitting)
	r.quotaWaits(inLine, noon)
	again, _ := r.fx.msgs[len(r.fx.msgs)-1].(*protocol.QuotaReserve)
	require.Equal(t, r.quota.lease, again.LeaseID)
	require.Equal(t, inLine.Until, again.WaitUntil)
	require.Equal(t, 5*time.Second, r.fx.within, "its turn, and the usual time")
	later := *inLine
	later.Until += 60_000
	r.quotaWaits(&later, noon.Add(time.Second))
	again, _ = r.fx.msgs[len(r.fx.msgs)-1].(*protocol.QuotaReserve)
	require.Equal(t, inLine.Until, again.WaitUntil, "nobody is put off for ever")
	r.sessionAnswered(view, noon)
	r.quotaAnswered(granted, noon)
	require.Equal(t, acquiring, r.state)
}

// Whatever happens in whatever order: every lease is given back, the client
// gets at most one end, the record is written once and nothing happens after.
func TestRandomRunsEndClean(t *testing.T) {
	t.Parallel()
	names := make([]string, 0, len(events))
	for name := range events {
		names = append(names, name)
	}
	rapid.Check(t, func(t *rapid.T) {
		r := newWorld().run()
		journals, ends, slots := 0, 0, 0
		count := func() {
			for _, line := range r.fx.took() {
				switch {
				case strings.HasPrefix(line, "ask provider"):
					slots++
				case strings.HasPrefix(line, "closed provider"):
					slots--
				case strings.HasPrefix(line, "journal "):
					journals++
				case strings.HasPrefix(line, "answer ") && !strings.HasPrefix(line, "answer attempt"):
					ends++
				}
			}
			if slots > 1 {
				t.Fatal("two slots at a time")
			}
			if ends > 0 && r.state != dead {
				t.Fatal("ended before it was dead")
			}
			if len(r.tries) > 8 {
				t.Fatal("more than eight attempts")
			}
		}
		r.start(noon)
		for _, name := range rapid.SliceOfN(rapid.SampledFrom(names), 0, 60).Draw(t, "events") {
			if name == "journal refused" { // the keeper has the quota lease then
				name = "journaled"
			}
			events[name](r)
			count()
		}
		r.abort("end of test", noon)
		r.journaled(nil)
		count()
		if r.state != dead || !r.fx.ended {
			t.Fatalf("still %s", r.state)
		}
		if journals != 1 || ends != 1 {
			t.Fatalf("%d records, %d ends", journals, ends)
		}
		for _, h := range r.fx.held {
			// A silent watchdog while settling leaves the quota lease to the keeper.
			if h != "quota" {
				t.Fatalf("lease of %s is still held", h)
			}
		}
		for name, happen := range events {
			happen(r)
			if left := r.fx.took(); len(left) > 0 {
				t.Fatalf("%s after the end: %v", name, left)
			}
		}
	})
}
