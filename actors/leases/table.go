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
	holder  Holder
	req     domain.RequestID
	acquire any   // how to ask for it again
	since   int64 // Unix ms
}

// request is what one request holds.
type request struct {
	leases []domain.LeaseID // few
	begun  bool             // the upstream has begun to answer
}

// Table keeps the leases of a node. It is plain state without clock or
// sending; only the keeper's actor touches it. A lease that comes and goes
// leaves no garbage behind.
type Table struct {
	leases   map[domain.LeaseID]lease
	requests map[domain.RequestID]request
	spare    [][]domain.LeaseID // lists of requests that are over

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
		leases:   make(map[domain.LeaseID]lease),
		requests: make(map[domain.RequestID]request),
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
		t.leases[m.ID] = l
		return true
	}
	if t.isDropped(m.ReqID) {
		return false
	}
	l := lease{holder: Holder{m.Kind, m.Key}, req: m.ReqID, acquire: m.Acquire, since: now.UnixMilli()}
	t.leases[m.ID] = l
	r, ok := t.requests[m.ReqID]
	if !ok {
		r.leases = t.list()
	}
	r.leases = append(r.leases, m.ID)
	t.requests[m.ReqID] = r
	t.changed(l.holder, 1)
	return true
}

// Close forgets leases that were given back. Unknown ones are ignored.
func (t *Table) Close(ids []domain.LeaseID) {
	for _, id := range ids {
		l, ok := t.leases[id]
		if !ok {
			continue
		}
		r := t.requests[l.req]
		i := slices.Index(r.leases, id)
		if r.leases = slices.Delete(r.leases, i, i+1); len(r.leases) == 0 {
			t.forget(l.req, r)
		} else {
			t.requests[l.req] = r
		}
		delete(t.leases, id)
		t.changed(l.holder, -1)
	}
}

// Begin notes that the upstream of a request has begun to answer.
func (t *Table) Begin(req domain.RequestID) {
	if r, ok := t.requests[req]; ok {
		r.begun = true
		t.requests[req] = r
	}
}

// Drop ends a request and forgets what it still holds, which is to be released.
func (t *Table) Drop(req domain.RequestID) Grouped {
	t.dropped[req] = struct{}{}
	r, ok := t.requests[req]
	if !ok {
		return nil
	}
	left := make(Grouped, len(r.leases))
	for _, id := range r.leases {
		h := t.leases[id].holder
		left[h] = append(left[h], id)
		delete(t.leases, id)
		t.changed(h, -1)
	}
	t.forget(req, r)
	return left
}

// Age forgets the requests that were dropped before the last call.
func (t *Table) Age() {
	t.droppedBefore, t.dropped = t.dropped, make(map[domain.RequestID]struct{}, len(t.dropped))
}

// Renewal is what one holder is to be told.
type Renewal struct {
	IDs   []domain.LeaseID
	Begun int // of the first so many the upstream has begun to answer
}

// Renewals are the leases to be renewed. Those younger than minAge are left
// out: their holder may not have been asked yet, and would call them unknown.
func (t *Table) Renewals(now time.Time, minAge time.Duration) map[Holder]Renewal {
	all := make(map[Holder]Renewal)
	others := make(map[Holder][]domain.LeaseID)
	before := now.Add(-minAge).UnixMilli()
	for id, l := range t.leases {
		switch {
		case l.since > before:
		case t.requests[l.req].begun:
			r := all[l.holder]
			r.IDs, r.Begun = append(r.IDs, id), r.Begun+1
			all[l.holder] = r
		default:
			others[l.holder] = append(others[l.holder], id)
		}
	}
	for h, ids := range others {
		r := all[h]
		r.IDs = append(r.IDs, ids...)
		all[h] = r
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

// forget takes a request out that holds nothing any more.
func (t *Table) forget(req domain.RequestID, r request) {
	delete(t.requests, req)
	if len(t.spare) <= len(t.requests) { // a burst does not hold its memory for ever
		t.spare = append(t.spare, r.leases[:0])
	}
}

// list is an empty one.
func (t *Table) list() []domain.LeaseID {
	n := len(t.spare)
	if n == 0 {
		return make([]domain.LeaseID, 0, 4) // quota, session, provider and endpoint
	}
	list := t.spare[n-1]
	t.spare = t.spare[:n-1]
	return list
}
