package quota

import (
	"encoding/binary"
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
	Spend    *spendRecord    `msgpack:"spend"` // nil: nothing was charged
	Costs    []costsRecord   `msgpack:"costs"`
	Seq      int64           `msgpack:"seq"`     // of ledger rows that are all counted here
	Charged  int64           `msgpack:"charged"` // in all
	Open     []openRecord    `msgpack:"open"`    // rows beyond seq that are counted here too
}

// openRecord is a row that was counted when the ledger had not confirmed it.
type openRecord struct {
	ReqID   int64  `msgpack:"req"`
	Attempt int    `msgpack:"attempt"`
	Kind    string `msgpack:"kind"`
	N       int    `msgpack:"n"`
	KeyID   int64  `msgpack:"key"`
	T       int64  `msgpack:"t"`
	Charge  int64  `msgpack:"charge"`
}

type leaseRecord struct {
	ID        []byte `msgpack:"id"`
	ExpiresAt int64  `msgpack:"exp"`
	ReqID     int64  `msgpack:"req"`
	KeyID     int64  `msgpack:"key"`
	SessionID string `msgpack:"session"`
	Node      string `msgpack:"node"`
	Model     string `msgpack:"model"`
	Estimate  int64  `msgpack:"estimate"`
	Upper     int64  `msgpack:"upper"`
	T         int64  `msgpack:"t"`
	Begun     bool   `msgpack:"begun"`
}

type sessionRecord struct {
	KeyID int64  `msgpack:"key"`
	ID    string `msgpack:"id"`
	Until int64  `msgpack:"until"`
}

type keyRecord struct {
	ID    int64        `msgpack:"id"`
	Runs  [][2]int64   `msgpack:"runs"`
	Spend *spendRecord `msgpack:"spend"` // nil: nothing was charged,
	Left  bool         `msgpack:"left"`  // or there was no room
}

type costsRecord struct {
	KeyID int64  `msgpack:"key"`
	Model string `msgpack:"model"`
	Costs []byte `msgpack:"costs"` // packed, oldest first
	Last  int64  `msgpack:"last"`
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
		r.Leases = append(r.Leases, saveLease(l))
	}
	s.saveBook(&r)
	for k, until := range s.sessions.All(now) {
		if len(r.Sessions) == maxSavedSessions {
			break
		}
		r.Sessions = append(r.Sessions, sessionRecord{KeyID: int64(k.KeyID), ID: k.ID, Until: toMs(until)})
	}
	s.saveKeys(&r, now)
	if !s.spend.Idle(now) {
		r.Spend = new(saveSpend(s.spend.State()))
	}
	older := s.settled.Len() - maxSavedSettled
	for id, until := range s.settled.All() {
		if older--; older < 0 && until.After(now) {
			k := id.Key()
			r.Settled = append(r.Settled, settledRecord{int64(k.ReqID), k.Attempt, k.Kind, k.N, toMs(until)})
		}
	}
	return msgpack.Marshal(&r)
}

// saveKeys saves what is counted for keys alone, and what they paid of late.
func (s *state) saveKeys(r *record, now time.Time) {
	room, entries := maxSavedRuns, maxSavedEntries
	for id, m := range s.keys {
		k := keyRecord{ID: int64(id), Runs: saveRuns(&m.rate, now, room)}
		room -= len(k.Runs)
		if !m.spend.Idle(now) {
			st := m.spend.State()
			if entries -= len(st.Entries); entries >= 0 {
				k.Spend = new(saveSpend(st))
			} else {
				k.Left = true
			}
		}
		r.Keys = append(r.Keys, k)
	}
	for k, h := range s.costs.of {
		c := costsRecord{KeyID: int64(k.key), Model: k.model, Last: h.last}
		for _, cost := range h.Costs() {
			c.Costs = binary.AppendVarint(c.Costs, int64(cost))
		}
		r.Costs = append(r.Costs, c)
	}
}

func saveLease(l *limits.Lease[reservation]) leaseRecord {
	v := &l.Value
	return leaseRecord{
		ID: l.ID[:], ExpiresAt: toMs(l.ExpiresAt), ReqID: int64(v.reqID), KeyID: int64(v.key), SessionID: v.session.ID,
		Node: v.node, Model: v.model, Estimate: int64(v.estimate), Upper: int64(v.upper), T: v.t, Begun: v.begun,
	}
}

// saveBook writes down what is counted and what of it the ledger may not have.
// A lost reservation is saved as if it were held still: should its row not
// arrive, it is lost once more.
func (s *state) saveBook(r *record) {
	r.Seq, r.Charged = s.book.confirmed(), int64(s.book.charged)
	for _, e := range s.book.open {
		row := &e.row
		r.Open = append(r.Open, openRecord{
			ReqID: int64(row.ReqID), Attempt: row.Attempt, Kind: row.Kind, N: row.N,
			KeyID: int64(row.KeyID), T: row.AdmittedAt, Charge: int64(row.Charge),
		})
		if e.lease != nil && len(r.Leases) < maxSavedLeases {
			r.Leases = append(r.Leases, *e.lease)
		}
	}
}

// restoreRecord puts back what a snapshot has, but for the book, with the
// windows that belong to it.
func (s *state) restoreRecord(r *record, w windows, now time.Time) error {
	for id, spend := range w {
		if id == 0 {
			s.spend = spend
		} else {
			s.meter(id).spend = spend
		}
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
		s.settled.Add(key.ID(), fromMs(v.Until), now)
	}
	return s.restoreCosts(r)
}

func (s *state) restoreCosts(r *record) error {
	for _, c := range r.Costs {
		costs, err := unpack(c.Costs)
		if err != nil {
			return err
		}
		for _, cost := range costs {
			s.costs.add(costKey{domain.KeyID(c.KeyID), c.Model}, domain.Money(cost), fromMs(c.Last))
		}
	}
	return nil
}

func (s *state) restoreLease(v leaseRecord, now time.Time) {
	var id domain.LeaseID
	copy(id[:], v.ID)
	if s.nodeLives != nil && !s.nodeLives(v.Node) && !v.Begun {
		return // it cost nothing; of one that was answered the estimate is due
	}
	if s.open.Get(id) != nil || s.open.Released(id, now) {
		return
	}
	r := reservation{
		reqID: domain.RequestID(v.ReqID), key: domain.KeyID(v.KeyID), node: v.Node, model: v.Model,
		estimate: domain.Money(v.Estimate), upper: domain.Money(v.Upper), t: v.T, begun: v.Begun,
	}
	if v.SessionID != "" {
		r.session = domain.SessionKey{KeyID: r.key, ID: v.SessionID}
	}
	s.take(&r, now)
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
