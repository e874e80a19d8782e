package limits

import (
	"slices"
	"sort"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// holds are the open reservations of an owner, by time of admission. Whose they
// are is in the lease table.
type holds struct {
	entries []Entry
	sum     domain.Money
}

func (h *holds) add(e Entry) {
	h.entries = slices.Insert(h.entries, h.index(e.At), e)
	h.sum += e.Amount
}

// remove takes out one reservation, if there is one like it.
func (h *holds) remove(e Entry) {
	for i := h.index(e.At - 1); i < len(h.entries) && h.entries[i].At == e.At; i++ {
		if h.entries[i].Amount == e.Amount {
			h.entries = slices.Delete(h.entries, i, i+1)
			h.sum -= e.Amount
			return
		}
	}
}

// index is that of the first reservation later than ms.
func (h *holds) index(ms int64) int {
	return sort.Search(len(h.entries), func(i int) bool { return h.entries[i].At > ms })
}

// after adds up the reservations later than ms: mostly all of them.
func (h *holds) after(ms int64) domain.Money {
	sum := h.sum
	for _, e := range h.entries {
		if e.At > ms {
			break
		}
		sum -= e.Amount
	}
	return sum
}

// Hold reserves an amount for a request admitted at t. Each Hold needs one
// Unhold with the same arguments.
func (s *Spend) Hold(t time.Time, amount domain.Money) {
	if amount > 0 {
		s.held.add(Entry{At: t.UnixMilli(), Amount: amount})
	}
}

// Unhold gives a reservation back.
func (s *Spend) Unhold(t time.Time, amount domain.Money) {
	if amount > 0 {
		s.held.remove(Entry{At: t.UnixMilli(), Amount: amount})
	}
}

// Reserved is all that is held, whatever the window.
func (s *Spend) Reserved() domain.Money { return s.held.sum }
