package protocol

import "github.com/claude-code-hub/cch/internal/domain"

// SessionResolve asks for a session's binding and takes an in-flight lease on it (wire).
type SessionResolve struct {
	LeaseID domain.LeaseID
	ReqID   domain.RequestID
	Session domain.SessionKey
	UserID  domain.UserID
	Model   string
	T       int64
	TTLMs   int64
	Node    string
	Reclaim bool // the lease is held already: count it, do not number it anew
}

// SessionView answers SessionResolve (wire).
type SessionView struct {
	ProviderID domain.ProviderID // 0 = unbound
	Generation int64
	BoundAt    int64
	LastUsedAt int64
	Seq        int64 // number of this request in its session, from 1
	InFlight   int   // requests of the session in flight, this one included
	Epoch      int64
}

// SessionRead asks for a session's binding and changes nothing; it is answered
// by a SessionView whose Seq is the last number given (wire).
type SessionRead struct {
	Session domain.SessionKey
}

// SessionBind changes or drops a binding, if Generation is still current (wire).
// It also gives the in-flight lease back when LeaseID is set.
type SessionBind struct {
	Session    domain.SessionKey
	ProviderID domain.ProviderID // 0 = unbind
	Keep       bool              // leave the binding, only renew the session and give the lease back
	ReqID      domain.RequestID
	Generation int64
	Reason     domain.BindReason
	LeaseID    domain.LeaseID
	T          int64
}

// SessionEnd drops a session's binding on an operator's word (wire).
type SessionEnd struct {
	Session domain.SessionKey
}

// SessionEnded answers SessionEnd (wire).
type SessionEnded struct {
	WasBound bool
	Epoch    int64
}
