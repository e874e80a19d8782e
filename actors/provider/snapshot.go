package provider

import (
	"fmt"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/claude-code-hub/cch/internal/breaker"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

// Bounds of the lists in a snapshot, which has to stay below 1 MiB. Leases
// beyond are reclaimed by their holders; sessions beyond are not counted after a
// restart.
const (
	maxSavedSlots    = 1024
	maxSavedSessions = 2048
	maxSavedRuns     = 8192
)

// record is the stored form of a state. Times are Unix ms, 0 = none. Fields are
// only ever added.
type record struct {
	Breaker   breakerRecord   `msgpack:"breaker"`
	CoolUntil int64           `msgpack:"cool_until"`
	CoolPause int64           `msgpack:"cool_pause"` // ms
	Models    []modelRecord   `msgpack:"models"`
	ErrStatus int             `msgpack:"err_status"`
	ErrText   string          `msgpack:"err_text"`
	Slots     []slotRecord    `msgpack:"slots"`
	Sessions  []sessionRecord `msgpack:"sessions"`
	Runs      [][2]int64      `msgpack:"runs"` // ms, number of requests
	Account   accountRecord   `msgpack:"account"`
	Quirks    quirksRecord    `msgpack:"quirks"`
}

type breakerRecord struct {
	Phase         string `msgpack:"phase"`
	Failures      int    `msgpack:"failures"`
	LastFailureAt int64  `msgpack:"last_failure"`
	OpenUntil     int64  `msgpack:"open_until"`
	Reopens       int    `msgpack:"reopens"`
	Successes     int    `msgpack:"successes"`
	Generation    int64  `msgpack:"generation"`
	ClosedAt      int64  `msgpack:"closed_at"`
}

type modelRecord struct {
	Model string `msgpack:"model"`
	Until int64  `msgpack:"until"`
	Pause int64  `msgpack:"pause"` // ms
}

type slotRecord struct {
	ID         []byte `msgpack:"id"`
	ExpiresAt  int64  `msgpack:"exp"`
	ReqID      int64  `msgpack:"req"`
	Node       string `msgpack:"node"`
	KeyID      int64  `msgpack:"key"`
	SessionID  string `msgpack:"session"`
	Generation int64  `msgpack:"gen"`
	Probe      bool   `msgpack:"probe"`
	Estimate   int64  `msgpack:"estimate"`
	T          int64  `msgpack:"t"`
}

type sessionRecord struct {
	KeyID int64  `msgpack:"key"`
	ID    string `msgpack:"id"`
	Until int64  `msgpack:"until"`
}

// snapshot encodes what has to survive a restart.
func (s *state) snapshot(now time.Time) ([]byte, error) {
	r := record{
		Breaker:   breakerToRecord(s.breaker),
		CoolUntil: toMs(s.cooling.Until),
		CoolPause: s.cooling.Pause.Milliseconds(),
		ErrStatus: s.lastError.status,
		ErrText:   s.lastError.message,
		Account:   s.upstream.record(),
		Quirks:    s.quirks.record(),
	}
	for model, c := range s.models {
		r.Models = append(r.Models, modelRecord{Model: model, Until: toMs(c.Until), Pause: c.Pause.Milliseconds()})
	}
	for l := range s.slots.All() {
		if len(r.Slots) == maxSavedSlots {
			break
		}
		v := l.Value
		r.Slots = append(r.Slots, slotRecord{
			ID: l.ID[:], ExpiresAt: toMs(l.ExpiresAt), ReqID: int64(v.reqID), Node: v.node,
			KeyID: int64(v.session.KeyID), SessionID: v.session.ID, Generation: v.generation, Probe: v.probe,
			Estimate: int64(v.estimate), T: v.t,
		})
	}
	for k, until := range s.sessions.All(now) {
		if len(r.Sessions) == maxSavedSessions {
			break
		}
		r.Sessions = append(r.Sessions, sessionRecord{KeyID: int64(k.KeyID), ID: k.ID, Until: toMs(until)})
	}
	runs := s.rate.Runs(now)
	for _, run := range runs[max(0, len(runs)-maxSavedRuns):] {
		r.Runs = append(r.Runs, [2]int64{run.At, int64(run.N)})
	}
	return msgpack.Marshal(&r)
}

// restore takes in a snapshot, late or at once: what happened since is kept.
func (s *state) restore(data []byte, now time.Time) error {
	var r record
	if err := msgpack.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("read snapshot of provider %d: %w", s.id, err)
	}
	if s.breaker.Generation == 0 {
		s.breaker = r.Breaker.state(s.breaker.Failures)
	}
	if until := fromMs(r.CoolUntil); until.After(s.cooling.Until) {
		s.cooling = breaker.Cooling{Until: until, Pause: time.Duration(r.CoolPause) * time.Millisecond}
	}
	for _, m := range r.Models {
		if until := fromMs(m.Until); until.After(s.models[m.Model].Until) {
			s.models[m.Model] = breaker.Cooling{Until: until, Pause: time.Duration(m.Pause) * time.Millisecond}
		}
	}
	if s.lastError == (lastError{}) {
		s.lastError = lastError{status: r.ErrStatus, message: r.ErrText}
	}
	s.upstream.restore(&r.Account)
	s.quirks.restore(r.Quirks)
	for _, v := range r.Sessions {
		s.sessions.Restore(domain.SessionKey{KeyID: domain.KeyID(v.KeyID), ID: v.ID}, fromMs(v.Until))
	}
	for _, v := range r.Slots {
		s.restoreSlot(v, now)
	}
	runs := s.rate.Runs(now)
	for _, v := range r.Runs {
		runs = append(runs, limits.Run{At: v[0], N: int(v[1])})
	}
	s.rate = limits.RestoreRate(runs)
	return nil
}

func (s *state) restoreSlot(r slotRecord, now time.Time) {
	var id domain.LeaseID
	copy(id[:], r.ID)
	if s.nodeLives != nil && !s.nodeLives(r.Node) {
		return
	}
	if s.slots.Get(id) != nil || s.slots.Released(id, now) {
		return
	}
	v := slot{
		reqID: domain.RequestID(r.ReqID), node: r.Node, generation: r.Generation, probe: r.Probe,
		estimate: domain.Money(r.Estimate), t: r.T,
		session: domain.SessionKey{KeyID: domain.KeyID(r.KeyID), ID: r.SessionID},
	}
	s.slots.Restore(id, v, fromMs(r.ExpiresAt))
	s.purse.spend.Hold(time.UnixMilli(v.t), v.estimate)
	if v.probe {
		s.breaker = breaker.Reclaim(s.breaker, id)
	}
	if v.session.ID != "" {
		s.sessions.Enter(v.session, now)
	}
}

func breakerToRecord(b breaker.State) breakerRecord {
	return breakerRecord{
		Phase: string(b.Current()), Failures: b.Failures, LastFailureAt: toMs(b.LastFailureAt),
		OpenUntil: toMs(b.OpenUntil), Reopens: b.Reopens, Successes: b.Successes, Generation: b.Generation,
		ClosedAt: toMs(b.ClosedAt),
	}
}

// state is the breaker as stored, with failures that were seen since. Probes
// come back with their slots.
func (r breakerRecord) state(failures int) breaker.State {
	return breaker.State{
		Phase: domain.BreakerState(r.Phase), Failures: r.Failures + failures, LastFailureAt: fromMs(r.LastFailureAt),
		OpenUntil: fromMs(r.OpenUntil), Reopens: r.Reopens, Successes: r.Successes, Generation: r.Generation,
		ClosedAt: fromMs(r.ClosedAt),
	}
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
