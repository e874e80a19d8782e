package endpoint

import (
	"fmt"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/claude-code-hub/cch/internal/breaker"
	"github.com/claude-code-hub/cch/internal/domain"
)

// record is the stored form of a state. Times are Unix ms, 0 = none. Fields are
// only ever added.
type record struct {
	Pool      breakerRecord  `msgpack:"pool"`
	Endpoints []memberRecord `msgpack:"endpoints"`
}

type memberRecord struct {
	ID      int64         `msgpack:"id"`
	Breaker breakerRecord `msgpack:"breaker"`
	Cooling int64         `msgpack:"cooling"`
	ByHand  bool          `msgpack:"by_hand"`
}

type breakerRecord struct {
	Phase         string `msgpack:"phase"`
	Failures      int    `msgpack:"failures"`
	LastFailureAt int64  `msgpack:"last_failure"`
	OpenUntil     int64  `msgpack:"open_until"`
	Reopens       int    `msgpack:"reopens"`
	Generation    int64  `msgpack:"generation"`
}

func (s *state) snapshot() ([]byte, error) {
	r := record{Pool: toRecord(s.pool)}
	for id, m := range s.endpoints {
		r.Endpoints = append(r.Endpoints, memberRecord{ID: int64(id), Breaker: toRecord(m.breaker), Cooling: toMs(m.cooling), ByHand: m.byHand})
	}
	return msgpack.Marshal(&r)
}

// restore takes in a snapshot; it comes before anything else.
func (s *state) restore(data []byte) error {
	var r record
	if err := msgpack.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("read snapshot of pool %s: %w", s.key, err)
	}
	s.pool = r.Pool.state()
	for _, m := range r.Endpoints {
		s.endpoints[domain.EndpointID(m.ID)] = &member{breaker: m.Breaker.state(), cooling: fromMs(m.Cooling), byHand: m.ByHand}
	}
	return nil
}

func toRecord(b breaker.State) breakerRecord {
	return breakerRecord{
		Phase: string(b.Current()), Failures: b.Failures, LastFailureAt: toMs(b.LastFailureAt),
		OpenUntil: toMs(b.OpenUntil), Reopens: b.Reopens, Generation: b.Generation,
	}
}

func (r breakerRecord) state() breaker.State {
	return breaker.State{
		Phase: domain.BreakerState(r.Phase), Failures: r.Failures, LastFailureAt: fromMs(r.LastFailureAt),
		OpenUntil: fromMs(r.OpenUntil), Reopens: r.Reopens, Generation: r.Generation,
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
