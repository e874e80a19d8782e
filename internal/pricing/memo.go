package pricing

import "sync"

// memoSize is how much a memo remembers. What is asked for comes from clients.
const memoSize = 1024

// memo remembers what was worked out; once it is full it begins anew. The zero
// value is ready for use. Safe for concurrent use.
type memo[K comparable, V any] struct {
	mu   sync.RWMutex
	held map[K]V
}

func (m *memo[K, V]) get(k K) (V, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	v, ok := m.held[k]
	return v, ok
}

func (m *memo[K, V]) put(k K, v V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held == nil || len(m.held) == memoSize {
		m.held = make(map[K]V)
	}
	m.held[k] = v
}
