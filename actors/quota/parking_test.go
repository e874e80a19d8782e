package quota

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// asker is who asks again after a wait, with the answers it got.
type asker struct{ got []*protocol.QuotaGrant }

func (a *asker) Respond(msg any) {
	g, _ := msg.(*protocol.QuotaGrant)
	a.got = append(a.got, g)
}

func (a *asker) granted(t testing.TB) {
	t.Helper()
	require.Len(t, a.got, 1)
	require.True(t, a.got[0].OK)
}

func (a *asker) refused(t testing.TB, why string) *protocol.QuotaRefusal {
	t.Helper()
	require.Len(t, a.got, 1)
	require.False(t, a.got[0].OK)
	require.Equal(t, why, a.got[0].Refusal.Reason)
	return a.got[0].Refusal
}

// stand asks for a request that has to wait, and asks again as it is told.
func (b *bench) stand(n int, changes ...change) *asker {
	b.Helper()
	m := b.message(n, changes...)
	w, waits := b.tell(m).(*protocol.QuotaWait)
	require.True(b, waits, "it does not wait")
	again := *m
	again.WaitUntil = w.Until
	a := &asker{}
	require.Nil(b, b.tell(&again), "it is answered at once")
	b.s.attend(m.LeaseID, a)
	return a
}

// tick lets time pass in the actor.
func (b *bench) tick(d time.Duration) {
	b.wait(d)
	b.s.elapse(b.now)
	b.s.promote(b.catalog(), b.now)
}

// tight is a dollar of which 90 cents are reserved by request 1.
func tight(t testing.TB) *bench {
	t.Helper()
	b := newBench(t, fixture{
		user: domain.Limits{USDDaily: 100 * cent}, policy: domain.ReserveStrict, patience: 3 * time.Second,
	})
	b.got(1, costing(cent, 90*cent))
	return b
}

func TestARequestWaitsForMoneyThatIsReserved(t *testing.T) {
	t.Parallel()
	b := tight(t)
	a := b.stand(2, costing(cent, 20*cent))
	require.Equal(t, 90*cent, b.s.spend.Reserved())
	require.Equal(t, 1, b.s.rate.Count(b.now), "who waits burns no rate")
	require.Equal(t, 1, b.s.open.Len())
	b.tick(time.Second)
	require.Empty(t, a.got)
	b.pay(1, 70*cent)
	a.granted(t)
	require.Equal(t, 20*cent, b.s.spend.Reserved())
	require.Equal(t, 2, b.s.rate.Count(b.now))
}

func TestWaitingEnds(t *testing.T) {
	t.Parallel()
	b := tight(t)
	a := b.stand(2, costing(cent, 20*cent))
	b.tick(3*time.Second - time.Millisecond)
	require.Empty(t, a.got)
	require.Equal(t, b.now.Add(time.Millisecond), b.s.waiting.NextExpiry())
	b.tick(time.Millisecond)
	r := a.refused(t, protocol.RefusedReserved)
	require.Equal(t, domain.LimitDaily, r.Limit)
	require.EqualValues(t, 90*cent, r.Current, "settled and reserved")
	require.Zero(t, r.ResetAt)
	require.False(t, b.ask(2, costing(cent, 20*cent), func(m *protocol.QuotaReserve) { m.WaitUntil = b.now.UnixMilli() }).OK,
		"who asks once more is not put in line again")
}

func TestTheMoneyThatWasWaitedForIsSpent(t *testing.T) {
	t.Parallel()
	b := tight(t)
	a := b.stand(2, costing(cent, 20*cent))
	b.pay(1, 100*cent)
	a.refused(t, protocol.RefusedLimitReached)
}

func TestNobodyIsOvertaken(t *testing.T) {
	t.Parallel()
	b := tight(t)
	large := b.stand(2, costing(cent, 50*cent))
	small := b.stand(3, costing(cent, 5*cent)) // it would fit
	b.got(4)                                   // it needs no money
	b.pay(1, 20*cent)
	large.granted(t)
	small.granted(t)
	b.got(5, costing(cent, 5*cent))
	b.stand(6, costing(cent, 25*cent))
	b.s.release([]domain.LeaseID{lease(2)}, b.now)
	b.tick(0)
	b.got(7, costing(cent, 5*cent))
}

func TestWhoWaitsForItsKeyHoldsOthersUpNot(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{
		key: domain.Limits{USDDaily: 100 * cent}, policy: domain.ReserveStrict, patience: time.Second,
	})
	b.got(1, costing(cent, 90*cent))
	b.stand(2, costing(cent, 20*cent))
	b.got(3, costing(cent, 20*cent), withKey(12))
}

func TestARequestThatCanNeverFitIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{user: domain.Limits{USDDaily: 100 * cent}, policy: domain.ReserveStrict, patience: time.Second})
	r := b.refused(domain.LimitDaily, domain.ScopeUser, 1, costing(cent, 101*cent))
	require.Equal(t, protocol.RefusedTooLarge, r.Reason)
	b.policy = domain.ReserveBalanced
	b.got(1, costing(cent, 600*cent))
	b.stand(2, costing(cent, 600*cent))
}

func TestARequestWaitsForAPlaceIfTheOperatorSaysSo(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{user: domain.Limits{ConcurrentRequests: 1}, places: 2 * time.Second})
	b.got(1)
	first, second := b.stand(2), b.stand(3)
	b.tick(time.Second)
	require.Empty(t, first.got)
	b.s.release([]domain.LeaseID{lease(1)}, b.now)
	b.tick(0)
	first.granted(t)
	require.Empty(t, second.got, "one at a time, in the order in which they came")
	b.tick(time.Second)
	r := second.refused(t, protocol.RefusedLimitReached)
	require.Equal(t, domain.LimitConcurrentRequests, r.Limit)

	b.places = 0
	b.refused(domain.LimitConcurrentRequests, domain.ScopeUser, 4)
}

func TestWhatWaitingDoesNotHelpIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{user: domain.Limits{ConcurrentRequests: 1, RPM: 1}, places: 2 * time.Second})
	b.got(1)
	b.refused(domain.LimitRPM, domain.ScopeUser, 2)
}

func TestAKeyThatWaitsForAPlaceHoldsOthersUpNot(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{key: domain.Limits{ConcurrentRequests: 1}, places: 2 * time.Second})
	b.got(1)
	b.stand(2)
	b.got(3, withKey(12))
}

func TestTheLineIsBounded(t *testing.T) {
	t.Parallel()
	b := tight(t)
	for n := range 64 {
		b.stand(10+n, costing(cent, 20*cent))
	}
	r := b.refused(domain.LimitDaily, domain.ScopeUser, 100, costing(cent, 20*cent))
	require.Equal(t, protocol.RefusedReserved, r.Reason)
	b.got(101, costing(cent, 10*cent))

	b.patience = 0
	b.refused(domain.LimitDaily, domain.ScopeUser, 102, costing(cent, 20*cent))
}

func TestWhoLeavesTheLine(t *testing.T) {
	t.Parallel()
	b := tight(t)
	b.stand(2, costing(cent, 50*cent))
	behind := b.stand(3, costing(cent, 5*cent))
	renewed := b.s.renew(&protocol.LeaseRenew{IDs: []domain.LeaseID{lease(2)}}, b.now)
	require.Empty(t, renewed.Unknown, "it is known, or its keeper would claim it")
	b.s.release([]domain.LeaseID{lease(2)}, b.now)
	b.tick(0)
	behind.granted(t)
	g := b.ask(2, costing(cent, 50*cent))
	require.Equal(t, protocol.RefusedReleased, g.Refusal.Reason, "a farewell is final")
}

func TestAHigherLimitLetsTheLineGo(t *testing.T) {
	t.Parallel()
	b := tight(t)
	a := b.stand(2, costing(cent, 50*cent))
	b.user.USDDaily = 500 * cent
	b.stand(3, costing(cent, 1*cent)) // behind the first, until the actor looks
	b.tick(0)
	a.granted(t)
}

func TestAnExpiredReservationLetsTheLineGo(t *testing.T) {
	t.Parallel()
	b := tight(t)
	b.wait(28 * time.Second)
	a := b.stand(2, costing(cent, 50*cent))
	b.tick(2 * time.Second)
	a.granted(t)
}
