package quota

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

// drawer keeps the newest snapshot, of whichever epoch.
type drawer struct {
	kept  *domain.Snapshot
	saves int
}

func (d *drawer) Save(s domain.Snapshot) {
	if d.kept == nil || d.kept.Epoch <= s.Epoch {
		d.kept = &s
		d.saves++
	}
}

func (d *drawer) Load(_ context.Context, _, id string) (domain.Snapshot, error) {
	if d.kept == nil {
		return domain.Snapshot{}, domain.NotFound("snapshot", id)
	}
	return *d.kept, nil
}

type shown struct{ c *domain.Catalog }

func (s shown) Current() *domain.Catalog { return s.c }

// till is a process with the actor of user 1, over a ledger that outlives it.
type till struct {
	ledger *storetest.MemoryLedger
	drawer *drawer
	sys    *kit.System
	ref    kit.Ref
}

func (x *till) boot() {
	x.sys = kit.NewSystem(kit.Options{})
	x.ref = x.sys.Directory(New(Options{
		Catalog: shown{fixture{}.catalog()}, Snapshots: x.drawer, Ledger: x.ledger, SessionTTL: sessionTTL,
	})).Ref("1")
}

// end stops the process: all that its actors do at the end is done.
func (x *till) end(t *testing.T) {
	t.Helper()
	require.NoError(t, x.sys.Shutdown(context.Background()))
}

// kill ends the process as a signal does: it saves nothing more, and rows on
// their way are lost.
func (x *till) kill(t *testing.T) {
	t.Helper()
	kept := x.drawer.kept
	x.ledger.SetDown(true)
	x.ledger.Lose()
	x.end(t)
	x.ledger.Lose()
	x.drawer.kept = kept
	x.ledger.SetDown(false)
}

func settlement(n int) *protocol.QuotaSettle {
	return &protocol.QuotaSettle{
		SettleKey: protocol.SettleKey{ReqID: domain.RequestID(n), Attempt: 1, Kind: domain.LedgerCharge},
		LeaseID:   lease(n), UserID: 1, KeyID: 11, SessionID: "s", Charge: domain.Money(1) << (n % 40), ProviderCost: 1,
		State: "billed", T: int64(n), IsFinal: true,
	}
}

// ask settles and gives up after the settler's patience.
func (x *till) ask(n int) (*protocol.QuotaSettled, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return kit.Ask[*protocol.QuotaSettled](ctx, x.ref, settlement(n))
}

func TestASettlementIsAnsweredWhenTheLedgerHasIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x := &till{ledger: storetest.NewMemoryLedger(), drawer: &drawer{}}
		x.boot()
		got, err := x.ask(1)
		require.NoError(t, err)
		require.EqualValues(t, 1, got.UserSeq)
		require.False(t, got.Duplicate)

		x.ledger.SetDown(true)
		for range 3 { // the settler repeats
			_, err = x.ask(2)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		x.ledger.SetDown(false)
		_, err = x.ask(2)
		require.NoError(t, err)
		require.Len(t, x.ledger.All(), 2, "however often it came")
		got, err = x.ask(2)
		require.NoError(t, err)
		require.True(t, got.Duplicate)
		x.end(t)
	})
}

// What the ledger refuses is not spent, and nobody asks for it again; it may
// come later all the same.
func TestASettlementThatTheLedgerRefusesIsDoneWith(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x := &till{ledger: storetest.NewMemoryLedger(), drawer: &drawer{}}
		x.boot()
		x.ledger.Refuse(1)
		got, err := x.ask(1)
		require.NoError(t, err)
		require.True(t, got.Refused)
		got, err = x.ask(2)
		require.NoError(t, err)
		require.False(t, got.Refused)
		x.ledger.Refuse(0)
		got, err = x.ask(1)
		require.NoError(t, err)
		require.False(t, got.Refused || got.Duplicate)
		x.end(t)
		require.EqualValues(t, settlement(1).Charge+settlement(2).Charge, x.charged(t))
		require.Len(t, x.ledger.All(), 2)
	})
}

// The ledger has the last word on what is a repetition, however long ago.
func TestARowThatTheLedgerHasCountsOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x := &till{ledger: storetest.NewMemoryLedger(), drawer: &drawer{}}
		x.boot()
		_, err := x.ask(1)
		require.NoError(t, err)
		time.Sleep(2 * settledFor)
		got, err := x.ask(1)
		require.NoError(t, err)
		require.True(t, got.Duplicate)
		x.end(t)
		require.EqualValues(t, settlement(1).Charge, x.charged(t))
	})
}

func (x *till) charged(t *testing.T) int64 {
	t.Helper()
	saved, err := decode(1, x.drawer.kept.Data)
	require.NoError(t, err)
	require.Empty(t, saved.Open)
	return saved.Charged
}

// A request that is lost while its answer runs costs its estimate; what it
// really cost, when that comes after all, takes the estimate's place.
func TestALostRequestCostsItsEstimate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x := &till{ledger: storetest.NewMemoryLedger(), drawer: &drawer{}}
		x.boot()
		for n := 1; n <= 2; n++ {
			_, err := kit.Ask[*protocol.QuotaGrant](t.Context(), x.ref, &protocol.QuotaReserve{
				LeaseID: lease(n), ReqID: domain.RequestID(n), UserID: 1, KeyID: 11, SessionID: "s", T: 5,
				Class: domain.CallGenerate, Upper: 1000, Model: "m", TTLMs: 30_000, Reclaim: true, Estimate: 1000,
			})
			require.NoError(t, err)
		}
		_, err := kit.Ask[*protocol.LeaseRenewed](t.Context(), x.ref, &protocol.LeaseRenew{
			IDs: []domain.LeaseID{lease(1)}, Begun: []domain.LeaseID{lease(1)}, TTLMs: 30_000,
		})
		require.NoError(t, err)
		time.Sleep(time.Minute)
		rows := x.ledger.All()
		require.Len(t, rows, 1, "of the other nobody knows that it cost anything")
		require.Equal(t, domain.SettleKey{ReqID: 1, Kind: domain.LedgerCharge}, rows[0].SettleKey)
		require.Equal(t, domain.Money(1000), rows[0].Charge)
		require.Equal(t, "estimated", rows[0].State)
		require.True(t, rows[0].IsFinal)
		require.Equal(t, "m", rows[0].Model)

		for range 2 {
			_, err = x.ask(1)
			require.NoError(t, err)
		}
		rows = x.ledger.All()
		require.Len(t, rows, 2)
		require.Equal(t, domain.SettleKey{ReqID: 1, Kind: domain.LedgerAdjust, N: 1}, rows[1].SettleKey)
		require.Equal(t, settlement(1).Charge, rows[0].Charge+rows[1].Charge)
		require.False(t, rows[1].IsFinal)
		x.end(t)
		require.EqualValues(t, settlement(1).Charge, x.charged(t))
	})
}

// Who is not the owner any more ends, and its successor books what it could not.
func TestAReplacedOwnerEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x := &till{ledger: storetest.NewMemoryLedger(), drawer: &drawer{}}
		x.boot()
		_, err := x.ask(1)
		require.NoError(t, err)
		_, err = x.ledger.Claim(t.Context(), 1, "another node", time.Now())
		require.NoError(t, err)
		_, err = x.ask(2)
		var failed *kit.FailedError
		require.ErrorAs(t, err, &failed)
		got, err := x.ask(2)
		require.NoError(t, err)
		require.False(t, got.Duplicate)
		x.end(t)
		require.EqualValues(t, settlement(1).Charge+settlement(2).Charge, x.charged(t))
		require.Len(t, x.ledger.All(), 2)
	})
}

// Whatever is killed, stopped or down, and whenever: once everything was settled
// again, the ledger has each request once and the actor has counted what the
// ledger says.
func TestNothingIsLostOrCountedTwice(t *testing.T) {
	t.Parallel()
	steps := rapid.SliceOfN(rapid.SampledFrom([]string{
		"settle", "settle", "settle", "repeat", "down", "up", "wait", "save", "stop", "kill", "kill",
	}), 1, 60)
	rapid.Check(t, func(rt *rapid.T) {
		plan := steps.Draw(rt, "steps")
		fault := ""
		synctest.Test(t, func(t *testing.T) {
			x := &till{ledger: storetest.NewMemoryLedger(), drawer: &drawer{}}
			x.boot()
			owed := x.live(t, plan)
			x.ledger.SetDown(false)
			time.Sleep(10 * time.Second)
			fault = x.account(t, owed+1)
		})
		if fault != "" {
			rt.Fatal(fault)
		}
	})
}

// live goes through the steps and returns how many requests were settled.
func (x *till) live(t *testing.T, steps []string) int {
	t.Helper()
	owed := 1
	for i, step := range steps {
		switch step {
		case "settle":
			owed++
			x.ref.Tell(settlement(owed))
		case "repeat":
			x.ref.Tell(settlement(1 + i%owed))
		case "down":
			x.ledger.SetDown(true)
		case "up":
			x.ledger.SetDown(false)
		case "wait":
			synctest.Wait()
		case "save":
			time.Sleep(61 * time.Second)
			x.ref.Tell(settlement(owed))
			synctest.Wait()
		case "stop": // with rows on their way, which are lost
			x.end(t)
			x.ledger.Lose()
			x.boot()
		case "kill":
			x.kill(t)
			x.boot()
		}
	}
	return owed
}

// account settles everything again, as the recorder does, and says what is wrong.
func (x *till) account(t *testing.T, owed int) string {
	t.Helper()
	want := domain.Money(0)
	for n := 1; n <= owed; n++ {
		if _, err := x.ask(n); err != nil {
			return fmt.Sprintf("settle %d: %v", n, err)
		}
		want += settlement(n).Charge
	}
	x.end(t)
	seen := map[domain.SettleKey]bool{}
	sum := domain.Money(0)
	for _, r := range x.ledger.All() {
		seen[r.SettleKey] = true
		sum += r.Charge
	}
	if charged := x.charged(t); len(seen) != owed || sum != want || charged != int64(want) {
		return fmt.Sprintf("%d requests cost %d: the ledger has %d of them and %d, counted are %d", owed, want, len(seen), sum, charged)
	}
	return ""
}
