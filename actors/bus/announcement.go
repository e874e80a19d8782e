package bus

import (
	"errors"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/claude-code-hub/cch/actors/protocol"
)

// An announcement between nodes is one byte that says what it is, then msgpack.
// Nodes of other versions ignore what they do not know.
const (
	announcedHealth = 1
	announcedConfig = 2
)

var errAnnouncement = errors.New("not an announcement of this program")

// Encode makes bytes of what a Broadcast is given.
func Encode(msg any) ([]byte, error) {
	var kind byte
	switch msg.(type) {
	case *protocol.ProviderHealth:
		kind = announcedHealth
	case *protocol.ConfigChanged:
		kind = announcedConfig
	default:
		return nil, fmt.Errorf("%w: %T", errAnnouncement, msg)
	}
	body, err := msgpack.Marshal(msg)
	if err != nil {
		return nil, fmt.Errorf("encode an announcement: %w", err)
	}
	return append([]byte{kind}, body...), nil
}

// Decode reads what another node announced.
func Decode(b []byte) (any, error) {
	if len(b) == 0 {
		return nil, errAnnouncement
	}
	var msg any
	switch b[0] {
	case announcedHealth:
		msg = &protocol.ProviderHealth{}
	case announcedConfig:
		msg = &protocol.ConfigChanged{}
	default:
		return nil, fmt.Errorf("%w: it begins with %d", errAnnouncement, b[0])
	}
	if err := msgpack.Unmarshal(b[1:], msg); err != nil {
		return nil, fmt.Errorf("decode an announcement: %w", err)
	}
	return msg, nil
}
