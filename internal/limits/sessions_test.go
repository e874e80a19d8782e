package limits_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

const sessionTTL = 5 * time.Minute

func session(key domain.KeyID, id string) domain.SessionKey {
	return domain.SessionKey{KeyID: key, ID: id}
}

func TestASessionCountsUntilItLapses(t *testing.T) {
	t.Parallel()
	s := limits.NewSessions(sessionTTL)
	a := session(1, "a")
	s.Enter(a, start)
	later := start.Add(time.Hour)
	require.Equal(t, 1, s.Len(later), "a long request keeps its session")
	s.Leave(a, later, true)
	require.Equal(t, 1, s.Len(later.Add(sessionTTL-1)))
	require.Zero(t, s.Len(later.Add(sessionTTL)))
	require.Zero(t, s.LenOf(1, later.Add(sessionTTL)))
}

func TestAnAbandonedAttemptGivesItsSlotBackAtOnce(t *testing.T) {
	t.Parallel()
	s := limits.NewSessions(sessionTTL)
	a := session(1, "a")
	s.Enter(a, start)
	s.Leave(a, start, false)
	require.Zero(t, s.Len(start))

	s.Enter(a, start)
	s.Enter(a, start)
	s.Leave(a, start, true)
	s.Leave(a, start, false)
	require.Equal(t, 1, s.Len(start), "an earlier success keeps it")
	s.Leave(a, start, true)
	require.Equal(t, 1, s.Len(start), "one Leave too many changes nothing")
}

func TestOnlyANewSessionIsRefused(t *testing.T) {
	t.Parallel()
	s := limits.NewSessions(sessionTTL)
	s.Enter(session(1, "a"), start)
	s.Enter(session(2, "a"), start)
	require.Equal(t, 2, s.Len(start), "the same id under another key is another session")

	require.False(t, s.Check(domain.ScopeUser, 0, session(1, "a"), 2, start).Failing)
	require.False(t, s.Check(domain.ScopeUser, 0, session(1, "a"), 1, start).Failing, "also under a lowered limit")
	require.True(t, s.Check(domain.ScopeUser, 0, session(1, "b"), 2, start).Failing)
	require.True(t, s.Check(domain.ScopeKey, 1, session(1, "b"), 1, start).Failing)
	require.False(t, s.Check(domain.ScopeKey, 1, session(1, "b"), 2, start).Failing)
	require.False(t, s.Check(domain.ScopeKey, 1, session(1, "b"), 0, start).Failing)
}

func TestSessionRefusalNamesWhenOneMayLapse(t *testing.T) {
	t.Parallel()
	s := limits.NewSessions(sessionTTL)
	s.Enter(session(1, "a"), start)
	wait := func(key domain.KeyID, after time.Duration) time.Duration {
		now := start.Add(after)
		c := s.Check(domain.ScopeUser, key, session(key, "new"), 1, now)
		require.True(t, c.Failing)
		return c.ResetAt.Sub(now)
	}
	require.Equal(t, time.Minute, wait(0, 0), "in flight: nobody knows")
	s.Leave(session(1, "a"), start, true)
	require.Equal(t, time.Minute, wait(0, 0))
	require.Equal(t, 20*time.Second, wait(0, sessionTTL-20*time.Second))
	require.Equal(t, 5*time.Second, wait(1, sessionTTL-time.Second))

	s.Enter(session(2, "b"), at(200))
	s.Leave(session(2, "b"), at(200), true)
	require.Equal(t, time.Minute, wait(2, sessionTTL-time.Second), "the other key's session is no help")
}

func TestRestoredSessionsLapseInOrder(t *testing.T) {
	t.Parallel()
	s := limits.NewSessions(sessionTTL)
	for _, i := range []int{3, 1, 2} {
		s.Restore(session(1, strconv.Itoa(i)), at(float64(i)))
	}
	s.Restore(session(1, "3"), at(99))
	require.Equal(t, 3, s.Len(at(0)))
	require.True(t, s.Lapse(0, at(0)).Equal(at(1)))
	require.Equal(t, 2, s.Len(at(1)))
	require.Equal(t, 1, s.Len(at(2)))
	require.Zero(t, s.Len(at(3)))
}

func TestAllYieldsWhatCounts(t *testing.T) {
	t.Parallel()
	s := limits.NewSessions(sessionTTL)
	s.Enter(session(1, "busy"), start)
	s.Restore(session(1, "idle"), at(10))
	s.Restore(session(1, "lapsed"), at(1))
	got := map[string]time.Time{}
	for k, until := range s.All(at(5)) {
		got[k.ID] = until
	}
	require.Equal(t, map[string]time.Time{"busy": at(5).Add(sessionTTL), "idle": at(10)}, got)
}

func TestSessionCountAgreesWithItsModel(t *testing.T) {
	t.Parallel()
	type state struct {
		refs  int
		kept  bool
		until time.Time
	}
	rapid.Check(t, func(t *rapid.T) {
		s := limits.NewSessions(sessionTTL)
		model := map[domain.SessionKey]*state{}
		now := start
		keys := rapid.Custom(func(t *rapid.T) domain.SessionKey {
			return session(domain.KeyID(rapid.IntRange(1, 3).Draw(t, "key")), rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "id"))
		})
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				total, of := 0, map[domain.KeyID]int{}
				for k, m := range model {
					if m.refs == 0 && !now.Before(m.until) {
						delete(model, k)
						continue
					}
					total++
					of[k.KeyID]++
				}
				require.Equal(t, total, s.Len(now))
				for key := range domain.KeyID(4) {
					require.Equal(t, of[key], s.LenOf(key, now))
				}
			},
			"enter": func(t *rapid.T) {
				k := keys.Draw(t, "session")
				if model[k] == nil {
					model[k] = &state{}
				}
				model[k].refs++
				s.Enter(k, now)
			},
			"leave": func(t *rapid.T) {
				k, keep := keys.Draw(t, "session"), rapid.Bool().Draw(t, "keep")
				s.Leave(k, now, keep)
				m := model[k]
				if m == nil || m.refs == 0 {
					return
				}
				m.refs--
				m.kept = m.kept || keep
				if m.refs == 0 && !m.kept {
					delete(model, k)
					return
				}
				m.until = now.Add(sessionTTL)
			},
			"wait": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "s")) * time.Second)
			},
		})
	})
}
