package cluster

import (
	"math/bits"
	"slices"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// skew is what two clocks may differ by in the time of one lease.
const skew = 100 * time.Millisecond

// view is what a node knows of the cluster. It never changes.
type view struct {
	self    string    // this node's membership; "" = it has none
	held    time.Time // until then this node has its lease
	members []member  // by system id
}

// member is a node during the time in which actors may belong to it.
type member struct {
	domain.ClusterNode

	from, until time.Time
}

// newView makes a view of what the database answered to a beat that was sent and
// received at these times. Whatever is not exactly known is taken so that two
// nodes rather both think that an actor is not theirs than that it is: a node
// trusts its own lease from when it asked for it and begins when it surely may,
// but grants another node all the time that one may have, and makes room early.
func newView(self string, nodes []domain.ClusterNode, sent, received time.Time) *view {
	v := &view{self: self, held: sent.Add(leaseTTL - skew), members: make([]member, 0, len(nodes))}
	for _, n := range nodes {
		m := member{ClusterNode: n, from: sent.Add(n.ReadyIn - skew), until: received.Add(leaseTTL - n.Age + skew)}
		if n.SystemID == self {
			m.from, m.until = received.Add(n.ReadyIn), v.held
		}
		v.members = append(v.members, m)
	}
	slices.SortFunc(v.members, func(a, b member) int { return compare(a.SystemID, b.SystemID) })
	return v
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// holds tells whether this node has its lease at an instant. The wall clock has
// to agree: a machine that slept may have slept through the other one.
func (v *view) holds(now time.Time) bool {
	return v.self != "" && now.Before(v.held) && now.Round(0).Before(v.held.Round(0))
}

// active tells whether actors may belong to a member at an instant.
func (m *member) active(now time.Time) bool { return !now.Before(m.from) && now.Before(m.until) }

// owner is the member that an actor belongs to at an instant; nil = none. All
// nodes that see the same members say the same, and when one comes or goes only
// its own actors move.
func (v *view) owner(kind, id string, now time.Time) *member {
	var best *member
	var weight uint64
	h := hash(kind, id)
	for i := range v.members {
		m := &v.members[i]
		if w := mix(h ^ mix(uint64(m.No))); (best == nil || w > weight) && m.active(now) {
			best, weight = m, w
		}
	}
	return best
}

// here tells whether an actor belongs to this node at an instant.
func (v *view) here(kind, id string, now time.Time) bool {
	if !v.holds(now) {
		return false
	}
	m := v.owner(kind, id, now)
	return m != nil && m.SystemID == v.self
}

// live tells whether a process has a lease, or may have one.
func (v *view) live(process string) bool {
	return slices.ContainsFunc(v.members, func(m member) bool { return m.Process == process })
}

// of finds a member.
func (v *view) of(systemID string) *member {
	i, ok := slices.BinarySearchFunc(v.members, systemID, func(m member, id string) int { return compare(m.SystemID, id) })
	if !ok {
		return nil
	}
	return &v.members[i]
}

// ring names who has actors at an instant: when it changes, actors have moved.
func (v *view) ring(now time.Time) string {
	if !v.holds(now) {
		return ""
	}
	var names []byte
	for i := range v.members {
		if m := &v.members[i]; m.active(now) {
			names = append(append(names, m.SystemID...), ' ')
		}
	}
	return string(names)
}

// active counts the members that have actors at an instant, at least one.
func (v *view) active(now time.Time) int {
	n := 0
	for i := range v.members {
		if v.members[i].active(now) {
			n++
		}
	}
	return max(n, 1)
}

// hash is FNV-1a, which every version of the program must go on using.
func hash(kind, id string) uint64 {
	h := uint64(14695981039346656037)
	for _, s := range [...]string{kind, "/", id} {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * 1099511628211
		}
	}
	return h
}

// mix spreads what differs in a few bits over all of them.
func mix(x uint64) uint64 {
	hi, lo := bits.Mul64(x^0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9)
	x = hi ^ lo
	hi, lo = bits.Mul64(x^0x94d049bb133111eb, 0xd6e8feb86659fd93)
	return hi ^ lo
}
