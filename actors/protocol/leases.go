package protocol

import "github.com/claude-code-hub/cch/internal/domain"

// LeaseKind says which sort of actor holds a lease.
type LeaseKind string

// The lease kinds.
const (
	LeaseQuota    LeaseKind = "quota"
	LeaseSession  LeaseKind = "session"
	LeaseProvider LeaseKind = "provider"
	LeaseEndpoint LeaseKind = "endpoint" // a trial of an endpoint
)

// LeaseTrack hands a lease to the keeper before it is asked for, so that no
// crash can lose it. Local.
type LeaseTrack struct {
	ID      domain.LeaseID
	Kind    LeaseKind
	Key     string // id of the actor that holds it
	ReqID   domain.RequestID
	Acquire any // the *QuotaReserve, *SessionResolve, *SlotAcquire or *EndpointTry, sent again with Reclaim
}

// LeaseClose says that leases were given back in the regular way. Local.
type LeaseClose struct{ IDs []domain.LeaseID }

// AttemptBegun says that the upstream began to answer. Local.
type AttemptBegun struct {
	ReqID domain.RequestID
	N     int
}

// LeaseDrop ends a request at the keeper: whatever it still holds is released.
// Sent by the exchange's Close on every path. Local.
type LeaseDrop struct{ ReqID domain.RequestID }

// LeaseRenew extends leases; one per holder every ten seconds (wire).
type LeaseRenew struct {
	Node  string
	Epoch int64
	IDs   []domain.LeaseID
	Begun []domain.LeaseID
	TTLMs int64
	T     int64
}

// LeaseRenewed answers LeaseRenew (wire).
type LeaseRenewed struct {
	Unknown []domain.LeaseID // to be acquired again with Reclaim
	Epoch   int64
}

// LeaseRelease gives leases back; unknown ones are remembered so that a late
// acquire cannot revive them (wire).
type LeaseRelease struct {
	IDs []domain.LeaseID
	Why string
	T   int64
}

// NodeDown says that a node is gone with all its leases (wire).
type NodeDown struct{ SystemID string }
