package leases

import (
	"slices"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// Holder is an actor that grants leases.
type Holder struct {
	Kind protocol.LeaseKind
	Key  string // its id
}

// Grouped are lease ids by who granted them.
type Grouped map[Holder][]domain.LeaseID

// lease is one that may be held.
type lease struct {
	id      domain.LeaseID
	holder  Holder
	req     domain.RequestID
	acquire any // how to ask for it again
	since   time.Time
}

// request is what one request holds.
type request struct {
	leases []*lease // few
	begun  bool     // the upstream has begun to answer
}

// Table keeps the leases of a node. It is plain state without clock or
// sending; only the keeper's actor touches it.
type Table struct {
	leases   map[domain.LeaseID]*lease
	requests map[domain.RequestID]*request
	holders  map[Holder]map[domain.LeaseID]*lease

	// dropped requests, in two generations: a lease that is tracked after its
	// request was dropped is released at once.
	dropped, droppedBefore map[domain.RequestID]struct{}

	changed func(h Holder, by int)
}

// NewTable makes an empty table that tells how many leases it has more or less
// of a holder.
func NewTable(changed func(h Holder, by int)) *Table {
	return &Table{
		changed:  changed,
		leases:   make(map[domain.LeaseID]*lease),
		requests: make(map[domain.RequestID]*request),
		holders:  make(map[Holder]map[domain.LeaseID]*lease),
		dropped:  make(map[domain.RequestID]struct{}),
	}
}

// Len is the number of tracked leases.
func (t *Table) Len() int { return len(t.leases) }

// Track takes a lease over. Tracking it again only replaces how it is asked
// for. It tells whether the lease may be kept: false means that its request is
// over and the lease must be released.
func (t *Table) Track(m *protocol.LeaseTrack, now time.Time) bool {
	if l, ok := t.leases[m.ID]; ok {
		l.acquire = m.Acquire
		return true
	}
	if t.isDropped(m.ReqID) {
		return false
	}
	l := &lease{
		id: m.ID, holder: Holder{m.Kind, m.Key}, req: m.ReqID,
		acquire: m.Acquire, since: now,
	}
	t.leases[l.id] = l
	if t.requests[l.req] == nil {
		t.requests[l.req] = new(request)
	}
	t.requests[l.req].leases = append(t.requests[l.req].leases, l)
	if t.holders[l.holder] == nil {
		t.holders[l.holder] = make(map[domain.LeaseID]*lease)
	}
	t.holders[l.holder][l.id] = l
	t.changed(l.holder, 1)
	return true
}

// Close forgets leases that were given back. Unknown ones are ignored.
func (t *Table) Close(ids []domain.LeaseID) {
	for _, id := range ids {
		if l, ok := t.leases[id]; ok {
			t.forget(l)
		}
	}
}

// Begin notes that the upstream of a request has begun to answer.
func (t *Table) Begin(req domain.RequestID) {
	if r := t.requests[req]; r != nil {
		r.begun = true
	}
}

// Drop ends a request and forgets what it still holds, which is to be released.
func (t *Table) Drop(req domain.RequestID) Grouped {
	t.dropped[req] = struct{}{}
	r := t.requests[req]
	if r == nil {
		return nil
	}
	left := make(Grouped, len(r.leases))
	for _, l := range slices.Clone(r.leases) {
		left[l.holder] = append(left[l.holder], l.id)
		t.forget(l)
	}
	return left
}

// Age forgets the requests that were dropped before the last call.
func (t *Table) Age() {
	t.droppedBefore, t.dropped = t.dropped, make(map[domain.RequestID]struct{})
}

// Renewal is what one holder is to be told.
type Renewal struct {
	IDs   []domain.LeaseID
	Begun int // of the first so many the upstream has begun to answer
}

// Renewals are the leases to be renewed. Those younger than minAge are left
// out: their holder may not have been asked yet, and would call them unknown.
func (t *Table) Renewals(now time.Time, minAge time.Duration) map[Holder]Renewal {
	all := make(map[Holder]Renewal, len(t.holders))
	for h, held := range t.holders {
		var begun, other []domain.LeaseID
		for id, l := range held {
			switch {
			case now.Sub(l.since) < minAge:
			case t.requests[l.req].begun:
				begun = append(begun, id)
			default:
				other = append(other, id)
			}
		}
		if n := len(begun); n+len(other) > 0 {
			all[h] = Renewal{IDs: append(begun, other...), Begun: n}
		}
	}
	return all
}

// Reclaim gives the message that asks for a lease again which its holder has
// lost: always granted and counted. Nil if the lease is not held any more.
func (t *Table) Reclaim(id domain.LeaseID) any {
	l, ok := t.leases[id]
	if !ok {
		return nil
	}
	switch a := l.acquire.(type) {
	case *protocol.QuotaReserve:
		again := *a
		again.Reclaim = true
		return &again
	case *protocol.SessionResolve:
		again := *a
		again.Reclaim = true
		return &again
	case *protocol.SlotAcquire:
		again := *a
		again.Reclaim = true
		return &again
	case *protocol.EndpointTry:
		again := *a
		again.Reclaim = true
		return &again
	default:
		return nil
	}
}

func (t *Table) isDropped(req domain.RequestID) bool {
	_, now := t.dropped[req]
	_, before := t.droppedBefore[req]
	return now || before
}

func (t *Table) forget(l *lease) {
	delete(t.leases, l.id)
	r := t.requests[l.req]
	r.leases = slices.DeleteFunc(r.leases, func(other *lease) bool { return other == l })
	if len(r.leases) == 0 {
		delete(t.requests, l.req)
	}
	delete(t.holders[l.holder], l.id)
	if len(t.holders[l.holder]) == 0 {
		delete(t.holders, l.holder)
	}
	t.changed(l.holder, -1)
}
