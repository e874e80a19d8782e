package quota

import (
	"encoding/binary"
	"errors"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

// maxSavedEntries bounds the single charges of all keys together in a snapshot;
// at some ten bytes each they are what makes it large. A key beyond them is
// listed as left out, and is counted from the ledger when the state is restored.
const maxSavedEntries = 20_000

// spendRecord is the stored form of a limits.Spend. Lists are packed: see pack.
type spendRecord struct {
	Clock   int64      `msgpack:"clock"`
	Entries []byte     `msgpack:"entries"` // ms, amount, ms, amount …
	From    int64      `msgpack:"from"`
	Fixed   bool       `msgpack:"fixed"`
	Reset   int64      `msgpack:"reset"`
	Floor   int64      `msgpack:"floor"`
	Anchors []byte     `msgpack:"anchors"`
	Sums    [][2]int64 `msgpack:"sums"` // after, used
}

func saveSpend(st limits.SpendState) spendRecord {
	r := spendRecord{
		Clock: st.Clock, From: st.From, Fixed: st.Fixed, Reset: st.Reset, Floor: st.Floor,
		Anchors: pack(st.Anchors),
		Sums:    make([][2]int64, len(st.Sums)),
	}
	entries := make([]int64, 0, 2*len(st.Entries))
	last := int64(0)
	for _, e := range st.Entries { // differences of times are short
		entries = append(entries, e.At-last, int64(e.Amount))
		last = e.At
	}
	r.Entries = pack(entries)
	for i, sum := range st.Sums {
		r.Sums[i] = [2]int64{sum.After, int64(sum.Used)}
	}
	return r
}

func (r *spendRecord) state() (limits.SpendState, error) {
	st := limits.SpendState{Clock: r.Clock, From: r.From, Fixed: r.Fixed, Reset: r.Reset, Floor: r.Floor}
	entries, err := unpack(r.Entries)
	if err != nil || len(entries)%2 != 0 || len(r.Sums) != len(st.Sums) {
		return st, errDamaged
	}
	last := int64(0)
	for i := 0; i < len(entries); i += 2 {
		last += entries[i]
		st.Entries = append(st.Entries, limits.Entry{At: last, Amount: domain.Money(entries[i+1])})
	}
	for i, sum := range r.Sums {
		st.Sums[i] = limits.StoredSum{After: sum[0], Used: domain.Money(sum[1])}
	}
	st.Anchors, err = unpack(r.Anchors)
	return st, err
}

var errDamaged = errors.New("a list of numbers is cut")

// pack writes numbers, mostly small ones, in few bytes.
func pack(numbers []int64) []byte {
	out := make([]byte, 0, 4*len(numbers))
	for _, n := range numbers {
		out = binary.AppendVarint(out, n)
	}
	return out
}

func unpack(b []byte) ([]int64, error) {
	var out []int64
	for len(b) > 0 {
		n, size := binary.Varint(b)
		if size <= 0 {
			return nil, errDamaged
		}
		out, b = append(out, n), b[size:]
	}
	return out, nil
}
