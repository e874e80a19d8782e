package limits

import (
	"iter"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Lease is a permission that ends by itself unless it is renewed. Its id is
// chosen by whoever asks, so asking again is harmless.
type Lease[T any] struct {
	ID        domain.LeaseID
	ExpiresAt time.Time
	// Unconfirmed marks a lease that was read back from storage and not heard
	// of since. It counts like any other.
	Unconfirmed bool
	Value       T
}

// LeaseTable holds the leases of one owner. It has no limit of its own: whoever
// grants looks at Len first.
//
// A released id is remembered for twice the table's TTL. Within that time it
// cannot be held again, so neither a delayed acquire nor a renewal that crossed
// the release brings a finished request back to life.
type LeaseTable[T any] struct {
	ttl  time.Duration
	held map[domain.LeaseID]*Lease[T] // nil until needed, and after Trim
	gone Recent[domain.LeaseID]
	next time.Time // no lease expires before; zero = unknown
}

// NewLeaseTable makes an empty table. ttl is used where none is asked for.
func NewLeaseTable[T any](ttl time.Duration) *LeaseTable[T] {
	return &LeaseTable[T]{ttl: ttl}
}

// Len is the number of leases held, also those that may have run out since
// Expire was last called.
func (t *LeaseTable[T]) Len() int { return len(t.held) }

// Get returns the lease, or nil. The table still owns it: the caller may change
// its Value only.
func (t *LeaseTable[T]) Get(id domain.LeaseID) *Lease[T] { return t.held[id] }

// Released tells whether the id was given back lately and must not be granted.
func (t *LeaseTable[T]) Released(id domain.LeaseID, now time.Time) bool {
	return t.gone.Has(id, now)
}

// Hold grants a lease, or extends and confirms it if it is held already; the
// value of a held lease stays. It returns nil for a released id.
func (t *LeaseTable[T]) Hold(id domain.LeaseID, v T, now time.Time, ttl time.Duration) *Lease[T] {
	l := t.held[id]
	if l == nil {
		if t.Released(id, now) {
			return nil
		}
		l = &Lease[T]{ID: id, Value: v}
		t.put(l)
	}
	t.extend(l, now, ttl)
	return l
}

// Renew extends a lease. It returns false for an id that is neither held nor
// lately released: whoever renews it must acquire it anew.
func (t *LeaseTable[T]) Renew(id domain.LeaseID, now time.Time, ttl time.Duration) bool {
	l := t.held[id]
	if l == nil {
		return t.Released(id, now)
	}
	t.extend(l, now, ttl)
	return true
}

// Restore puts back a lease read from storage, with its old deadline.
func (t *LeaseTable[T]) Restore(id domain.LeaseID, v T, expiresAt time.Time) {
	t.put(&Lease[T]{ID: id, ExpiresAt: expiresAt, Unconfirmed: true, Value: v})
	t.mayExpireAt(expiresAt)
}

// Release ends a lease and remembers its id, known or not. It returns what was
// held, if it was.
func (t *LeaseTable[T]) Release(id domain.LeaseID, now time.Time) (T, bool) {
	t.gone.Add(id, now.Add(2*t.ttl), now)
	l, ok := t.held[id]
	if !ok {
		var none T
		return none, false
	}
	delete(t.held, id)
	return l.Value, true
}

// Expire removes the leases that have run out at now and returns them. Their
// ids are not remembered: a holder that was merely late may acquire again. It
// costs nothing while no lease can have run out.
func (t *LeaseTable[T]) Expire(now time.Time) []*Lease[T] {
	if len(t.held) == 0 || now.Before(t.next) {
		return nil
	}
	var out []*Lease[T]
	t.next = time.Time{}
	for id, l := range t.held {
		if now.Before(l.ExpiresAt) {
			t.mayExpireAt(l.ExpiresAt)
			continue
		}
		delete(t.held, id)
		out = append(out, l)
	}
	return out
}

// NextExpiry is a time before which no lease runs out; zero when none is held.
func (t *LeaseTable[T]) NextExpiry() time.Time {
	if len(t.held) == 0 {
		return time.Time{}
	}
	return t.next
}

// TrimAt is when Trim will have something to give back, if nothing more
// happens; zero while leases are held and when there is nothing.
func (t *LeaseTable[T]) TrimAt() time.Time {
	if len(t.held) > 0 {
		return time.Time{}
	}
	return t.gone.Last()
}

// Trim gives the memory of an idle table back.
func (t *LeaseTable[T]) Trim(now time.Time) {
	t.gone.Trim(now)
	if len(t.held) == 0 {
		t.held = nil
	}
}

// All yields every lease, in no order. The table must not change meanwhile.
func (t *LeaseTable[T]) All() iter.Seq[*Lease[T]] {
	return func(yield func(*Lease[T]) bool) {
		for _, l := range t.held {
			if !yield(l) {
				return
			}
		}
	}
}

func (t *LeaseTable[T]) put(l *Lease[T]) {
	if t.held == nil {
		t.held = map[domain.LeaseID]*Lease[T]{}
	}
	t.held[l.ID] = l
}

func (t *LeaseTable[T]) extend(l *Lease[T], now time.Time, ttl time.Duration) {
	if ttl <= 0 {
		ttl = t.ttl
	}
	l.Unconfirmed = false
	if until := now.Add(ttl); until.After(l.ExpiresAt) {
		l.ExpiresAt = until
	}
	t.mayExpireAt(l.ExpiresAt)
}

// mayExpireAt lowers the bound of the next expiry. Renewals leave it where it
// is, so Expire looks once too often rather than too late; a lone lease moves it.
func (t *LeaseTable[T]) mayExpireAt(at time.Time) {
	if t.next.IsZero() || at.Before(t.next) || len(t.held) == 1 {
		t.next = at
	}
}
