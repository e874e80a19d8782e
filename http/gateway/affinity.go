package gateway

import (
	"slices"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Affinity is how conversations without an id find back to the provider that has
// their beginning in its cache. The zero value is off.
type Affinity struct {
	Kept   time.Duration // how long the end of a message is remembered
	Window int           // of so many messages of an answered request, the last ones
}

// maxPrefixes is how many ends of messages a node remembers, about 150 bytes each.
const maxPrefixes = 200_000

// affinity remembers at which provider a conversation was answered, by what it
// began with. Safe for concurrent use.
type affinity struct {
	Affinity

	now  func() time.Time
	mu   sync.Mutex
	ends lru[prefixKey, prefixNote]
}

// prefixKey is the end of a message in a conversation of a key with a model.
type prefixKey struct {
	key      domain.KeyID
	protocol domain.Protocol
	model    string
	at       fingerprint
}

// prefixNote is where it was answered. No provider: whoever was nominated failed.
type prefixNote struct {
	provider domain.ProviderID
	until    time.Time
}

// newAffinity is nil if it is off.
func newAffinity(a Affinity, now func() time.Time) *affinity {
	if a.Kept <= 0 {
		return nil
	}
	return &affinity{Affinity: a, now: now, ends: newLRU[prefixKey, prefixNote](maxPrefixes)}
}

// applies tells whether the beginning of a call's conversation has a say: it
// does where the client does not name the conversation itself.
func (a *affinity) applies(x *exchange) bool {
	return a != nil && x.body != nil && x.target.judged() &&
		(x.session.source != domain.SessionFromClient || x.settings().AffinityIgnoreClientSessionID)
}

func (x *exchange) prefixKey(at fingerprint) prefixKey {
	return prefixKey{key: x.key.ID, protocol: x.target.protocol, model: x.model, at: at}
}

// nominate has the provider found that answered the longest beginning of the
// conversation, if that is to count.
func (a *affinity) nominate(x *exchange) domain.Nominee {
	if !a.applies(x) {
		return domain.Nominee{}
	}
	n := a.find(x, prefixOf(x.body.Bytes()))
	n.First = x.settings().AffinityIgnoreClientSessionID
	return n
}

// find finds it, and keeps in mind what there is to remember of the conversation.
func (a *affinity) find(x *exchange, ends []boundary) (n domain.Nominee) {
	x.prefix = ends[max(0, len(ends)-a.Window):]
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, end := range slices.Backward(ends) {
		note, ok := a.ends.get(x.prefixKey(end.at))
		if !ok || !a.now().Before(note.until) {
			continue
		}
		if note.provider != 0 {
			n.Provider = note.provider
			n.Match = domain.AffinityMatch{Depth: end.depth, Bytes: end.bytes, Fingerprint: end.at.String()}
		}
		break
	}
	return n
}

// answered remembers the provider that answered the conversation.
func (a *affinity) answered(x *exchange, by domain.ProviderID) {
	if a == nil || len(x.prefix) == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	until := a.now().Add(a.Kept)
	for _, e := range x.prefix {
		a.ends.put(x.prefixKey(e.at), prefixNote{provider: by, until: until})
	}
}

// failed keeps a provider from being nominated again for a conversation that it
// was to blame for not answering, until somebody answers it.
func (a *affinity) failed(x *exchange, by *domain.Provider, class domain.AttemptClass) {
	if a == nil || len(x.prefix) == 0 || by == nil || x.nominee.Provider != by.ID {
		return
	}
	switch class {
	case domain.ClassProviderError, domain.ClassSystemError, domain.ClassResourceNotFound:
	default:
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	until := a.now().Add(a.Kept)
	for _, e := range x.prefix {
		a.ends.put(x.prefixKey(e.at), prefixNote{until: until})
	}
}
