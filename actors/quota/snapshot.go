package quota

import (
	"fmt"
	"slices"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

// Bounds of the lists in a snapshot, which has to stay below 1 MiB. Leases
// beyond are reclaimed by their holders; of the rest the oldest are left out.
const (
	maxSavedLeases   = 1024
	maxSavedSessions = 2048
	maxSavedSettled  = 2048
	maxSavedRuns     = 8192 // of the user, and again of all keys together
)

// record is the stored form of a state. Times are Unix ms, 0 = none. Fields are
// only ever added.
type record struct {
	Leases   []leaseRecord   `msgpack:"leases"`
	Sessions []sessionRecord `msgpack:"sessions"`
	Runs     [][2]int64      `msgpack:"runs"` // ms, number of requests
	Keys     []keyRecord     `msgpack:"keys"`
	Settled  []settledRecord `msgpack:"settled"`
}

type leaseRecord struct {
	ID        []byte `msgpack:"id"`
	ExpiresAt int64  `msgpack:"exp"`
	ReqID     int64  `msgpack:"req"`
	KeyID     int64  `msgpack:"key"`
	SessionID string `msgpack:"session"`
	Node      string `msgpack:"node"`
	Estimate  int64  `msgpack:"estimate"`
	T         int64  `msgpack:"t"`
	Begun     bool   `msgpack:"begun"`
}

type sessionRecord struct {
	KeyID int64  `msgpack:"key"`
	ID    string `msgpack:"id"`
	Until int64  `msgpack:"until"`
}

type keyRecord struct {
	ID   int64      `msgpack:"id"`
	Runs [][2]int64 `msgpack:"runs"`
}

type settledRecord struct {
	ReqID   int64  `msgpack:"req"`
	Attempt int    `msgpack:"attempt"`
	Kind    string `msgpack:"kind"`
	N       int    `msgpack:"n"`
	Until   int64  `msgpack:"until"`
}

// snapshot encodes what has to survive a restart.
func (s *state) snapshot(now time.Time) ([]byte, error) {
	s.prune(now)
	r := record{Runs: saveRuns(&s.rate, now, maxSavedRuns)}
	for l := range s.open.All() {
		if len(r.Leases) == maxSavedLeases {
			break
		}
		v := l.Value
		r.Leases = append(r.Leases, leaseRecord{
			ID: l.ID[:], ExpiresAt: toMs(l.ExpiresAt), ReqID: int64(v.reqID), KeyID: int64(v.key), SessionID: v.session.ID,
			Node: v.node, Estimate: int64(v.estimate), T: v.t, Begun: v.begun,
		})
	}
	for k, until := range s.sessions.All(now) {
		if len(r.Sessions) == maxSavedSessions {
			break
		}
		r.Sessions = append(r.Sessions, sessionRecord{KeyID: int64(k.KeyID), ID: k.ID, Until: toMs(until)})
	}
	room := maxSavedRuns
	for id, m := range s.keys {
		k := keyRecord{ID: int64(id), Runs: saveRuns(&m.rate, now, room)}
		room -= len(k.Runs)
		r.Keys = append(r.Keys, k)
	}
	for k, until := range s.settled.All() {
		if until.After(now) {
			r.Settled = append(r.Settled, settledRecord{int64(k.ReqID), k.Attempt, k.Kind, k.N, toMs(until)})
		}
	}
	r.Settled = r.Settled[max(0, len(r.Settled)-maxSavedSettled):]
	return msgpack.Marshal(&r)
}

// restore adds a snapshot to what was counted since, be that nothing or not.
func (s *state) restore(data []byte, now time.Time) error {
	var r record
	if err := msgpack.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("read snapshot of quota %d: %w", s.user, err)
	}
	for _, v := range r.Sessions {
		s.sessions.Restore(domain.SessionKey{KeyID: domain.KeyID(v.KeyID), ID: v.ID}, fromMs(v.Until))
	}
	for _, v := range r.Leases {
		s.restoreLease(v, now)
	}
	addRuns(&s.rate, r.Runs, now)
	for _, k := range r.Keys {
		addRuns(&s.meter(domain.KeyID(k.ID)).rate, k.Runs, now)
	}
	for _, v := range r.Settled {
		key := protocol.SettleKey{ReqID: domain.RequestID(v.ReqID), Attempt: v.Attempt, Kind: v.Kind, N: v.N}
		s.settled.Add(key, fromMs(v.Until), now)
	}
	return nil
}

func (s *state) restoreLease(v leaseRecord, now time.Time) {
	var id domain.LeaseID
	copy(id[:], v.ID)
	if s.nodeLives != nil && !s.nodeLives(v.Node) {
		return
	}
	if s.open.Get(id) != nil || s.open.Released(id, now) {
		return
	}
	r := reservation{
		reqID: domain.RequestID(v.ReqID), key: domain.KeyID(v.KeyID), node: v.Node,
		estimate: domain.Money(v.Estimate), t: v.T, begun: v.Begun,
	}
	if v.SessionID != "" {
		r.session = domain.SessionKey{KeyID: r.key, ID: v.SessionID}
	}
	s.take(r, now)
	s.open.Restore(id, r, fromMs(v.ExpiresAt))
}

// saveRuns returns the newest runs of a counter, at most so many.
func saveRuns(r *limits.Rate, now time.Time, room int) [][2]int64 {
	runs := r.Runs(now)
	runs = runs[max(0, len(runs)-max(room, 0)):]
	out := make([][2]int64, len(runs))
	for i, run := range runs {
		out[i] = [2]int64{run.At, int64(run.N)}
	}
	return out
}

func addRuns(r *limits.Rate, saved [][2]int64, now time.Time) {
	runs := slices.Grow(r.Runs(now), len(saved))
	for _, v := range saved {
		runs = append(runs, limits.Run{At: v[0], N: int(v[1])})
	}
	*r = limits.RestoreRate(runs)
}

func toMs(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMs(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
