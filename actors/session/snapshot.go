package session

import (
	"fmt"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/claude-code-hub/cch/internal/domain"
)

// record is the stored form of a state. Times are Unix ms, 0 = none. Fields are
// only ever added. Requests in flight are not in it: they are reclaimed.
type record struct {
	ProviderID int64 `msgpack:"provider"`
	Generation int64 `msgpack:"generation"`
	BoundAt    int64 `msgpack:"bound_at"`
	LastUsedAt int64 `msgpack:"last_used"`
	Seq        int64 `msgpack:"seq"`
}

func (s *state) snapshot() ([]byte, error) {
	return msgpack.Marshal(&record{
		ProviderID: int64(s.provider),
		Generation: s.generation,
		BoundAt:    toMs(s.boundAt),
		LastUsedAt: toMs(s.lastUsed),
		Seq:        s.seq,
	})
}

func (s *state) restore(data []byte) error {
	var r record
	if err := msgpack.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("read snapshot of session: %w", err)
	}
	s.provider = domain.ProviderID(r.ProviderID)
	s.generation = r.Generation
	s.boundAt = fromMs(r.BoundAt)
	s.lastUsed = fromMs(r.LastUsedAt)
	s.seq = r.Seq
	return nil
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
