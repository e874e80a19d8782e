package cluster

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/internal/domain"
)

func at(ms int) time.Time { return time.UnixMilli(1_800_000_000_000 + int64(ms)) }

func nodes(n int) []domain.ClusterNode {
	list := make([]domain.ClusterNode, n)
	for i := range list {
		list[i] = domain.ClusterNode{SystemID: fmt.Sprintf("s%d", i+1), No: i + 1, Process: fmt.Sprintf("p%d", i+1)}
	}
	return list
}

func TestActorsAreSpreadAndMoveOnlyWithTheirNode(t *testing.T) {
	t.Parallel()
	three := newView("s1", nodes(3), at(0), at(1))
	two := newView("s1", nodes(2), at(0), at(1))
	count := make(map[string]int)
	for i := range 3000 {
		id := fmt.Sprint(i)
		with, without := three.owner("quota", id, at(10)).SystemID, two.owner("quota", id, at(10)).SystemID
		count[with]++
		if with != "s3" {
			require.Equal(t, with, without, "an actor of a node that stays stays")
		}
	}
	for _, n := range count {
		require.InDelta(t, 1000, n, 120)
	}
}

func TestANodeHasItsLeaseFromWhenItAskedForIt(t *testing.T) {
	t.Parallel()
	v := newView("s1", nodes(1), at(0), at(2000)) // the answer took two seconds
	require.True(t, v.holds(at(5800)))
	require.False(t, v.holds(at(5901)))
	require.True(t, v.here("quota", "1", at(5800)))
	require.False(t, v.here("quota", "1", at(5901)), "whoever slept wakes without actors")
	require.Empty(t, v.ring(at(5901)))
	require.False(t, (&view{}).holds(at(0)))
}

func TestASleepOfTheMachineEndsTheLease(t *testing.T) {
	t.Parallel()
	start := time.Now()
	v := newView("s1", nodes(1), start, start)
	require.True(t, v.holds(start.Add(time.Second)))
	wall := start.Add(time.Hour).Round(0) // only the wall clock went on
	require.False(t, v.holds(wall))
}

func TestWhoJoinsBeginsAfterTheOthersMadeRoom(t *testing.T) {
	t.Parallel()
	list := nodes(2)
	list[1].ReadyIn = 3 * time.Second
	old, joining := newView("s1", list, at(0), at(50)), newView("s2", list, at(0), at(50))
	id := ""
	for i := range 100 {
		if m := joining.owner("quota", fmt.Sprint(i), at(4000)); m.SystemID == "s2" {
			id = fmt.Sprint(i)
			break
		}
	}
	require.True(t, old.here("quota", id, at(2500)))
	require.False(t, joining.here("quota", id, at(2500)))
	require.False(t, old.here("quota", id, at(3000)), "room is made early")
	require.False(t, joining.here("quota", id, at(3000)))
	require.True(t, joining.here("quota", id, at(3100)))
}

// However the clocks of a database, the delays of its answers and the moments of
// joining and dying lie, no actor belongs to two nodes at one instant.
func TestNoActorBelongsToTwoNodes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const end = 30_000
		type life struct{ joins, dies, ready int }
		lives := make([]life, rapid.IntRange(2, 4).Draw(t, "nodes"))
		leases := func(ms int) (list []domain.ClusterNode) { // as the database knows them
			for i, l := range lives {
				last := l.joins + (min(ms, l.dies)-l.joins)/1000*1000 // beats once a second, on the second after it joined
				if ms < l.joins || ms-last >= int(leaseTTL.Milliseconds()) {
					continue
				}
				list = append(list, domain.ClusterNode{
					SystemID: fmt.Sprintf("s%d", i+1), No: i + 1,
					Age:     time.Duration(ms-last) * time.Millisecond,
					ReadyIn: time.Duration(l.ready-ms) * time.Millisecond,
				})
			}
			return list
		}
		for i := range lives {
			l := life{joins: rapid.IntRange(0, 15_000).Draw(t, "joins")}
			if i == 0 {
				l.joins = 0
			}
			l.dies = l.joins + rapid.IntRange(1000, end).Draw(t, "lives")
			lives[i] = l
			if i > 0 {
				lives[i].ready = l.joins + int(leaseTTL.Milliseconds()) + 1000
			}
		}
		views := make([]*view, len(lives))
		delay := make([]int, len(lives))
		for i := range delay {
			delay[i] = rapid.IntRange(0, 400).Draw(t, "delay")
		}
		for ms := 0; ms < end; ms += 100 {
			owners := 0
			for i, l := range lives {
				if ms >= l.joins && ms <= l.dies && (ms-l.joins)%1000 == 0 {
					views[i] = newView(fmt.Sprintf("s%d", i+1), leases(ms), at(ms-delay[i]), at(ms+delay[i]))
				}
				if views[i] != nil && views[i].here("quota", "7", at(ms)) {
					owners++
				}
			}
			if owners > 1 {
				t.Fatalf("%d owners after %d ms: %+v", owners, ms, lives)
			}
		}
	})
}
