package system

import (
	"github.com/claude-code-hub/cch/actors/bus"
	"github.com/claude-code-hub/cch/actors/endpoint"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/actors/provider"
	"github.com/claude-code-hub/cch/actors/quota"
	"github.com/claude-code-hub/cch/actors/session"
)

// SnapshotKinds are the kinds of actors that save snapshots.
func SnapshotKinds() []string {
	return []string{provider.KindName, endpoint.KindName, session.KindName, quota.KindName}
}

// broadcast is how the bus reaches other nodes; nil = there are none.
func (o Options) broadcast() func(any) {
	if o.Announce == nil {
		return nil
	}
	return o.announce
}

func (o Options) announce(msg any) {
	if o.Announce == nil {
		return
	}
	encoded, err := bus.Encode(msg)
	if err != nil {
		o.Logger.Error("other nodes are not told", "error", err)
		return
	}
	o.Announce(encoded)
}

// Heard takes what another node announced. It does not block.
func (s *System) Heard(message []byte) {
	msg, err := bus.Decode(message)
	if err != nil {
		return // of another version
	}
	if _, ok := msg.(*protocol.ConfigChanged); ok {
		s.catalog.Ref().Tell(msg)
	}
	s.listener.Tell(msg)
}
