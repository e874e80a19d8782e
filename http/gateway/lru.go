package gateway

import "container/list"

// lru remembers values by key, a bounded number of them: those asked for least
// recently are forgotten first. It belongs to whoever holds the lock around it.
type lru[K comparable, V any] struct {
	limit  int
	recent *list.List // of lruEntry, newest first
	byKey  map[K]*list.Element
}

type lruEntry[K comparable, V any] struct {
	key   K
	value V
}

func newLRU[K comparable, V any](limit int) lru[K, V] {
	return lru[K, V]{limit: limit, recent: list.New(), byKey: make(map[K]*list.Element)}
}

func (l *lru[K, V]) put(key K, value V) {
	if e := l.byKey[key]; e != nil {
		l.recent.MoveToFront(e)
		e.Value = lruEntry[K, V]{key, value}
		return
	}
	if l.recent.Len() >= l.limit {
		oldest := l.recent.Remove(l.recent.Back()).(lruEntry[K, V]) //nolint:forcetypeassert // the list holds nothing else
		delete(l.byKey, oldest.key)
	}
	l.byKey[key] = l.recent.PushFront(lruEntry[K, V]{key, value})
}

func (l *lru[K, V]) get(key K) (value V, ok bool) {
	e := l.byKey[key]
	if e == nil {
		return value, false
	}
	l.recent.MoveToFront(e)
	return e.Value.(lruEntry[K, V]).value, true //nolint:forcetypeassert // as above
}
