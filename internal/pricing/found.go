package pricing

import (
	"strings"
	"sync"
)

// foundNames remembers what names that are no model's id led to: taking them
// apart is most of the work of a look-up, and clients use few. Names come from
// clients, so their number and length are bounded. Safe for concurrent use.
type foundNames struct {
	mu     sync.RWMutex
	byName map[string]foundRow
}

// foundRow is the row a name led to; none is remembered, too.
type foundRow struct {
	row   *Row
	alias bool
}

const (
	maxFoundNames = 1024
	maxFoundName  = 128 // bytes
)

func (f *foundNames) get(name string, search func(string) (*Row, bool)) (*Row, bool) {
	f.mu.RLock()
	hit, ok := f.byName[name]
	f.mu.RUnlock()
	if ok {
		return hit.row, hit.alias
	}
	hit.row, hit.alias = search(name)
	f.put(name, hit)
	return hit.row, hit.alias
}

func (f *foundNames) put(name string, hit foundRow) {
	if len(name) > maxFoundName {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byName == nil || len(f.byName) == maxFoundNames {
		f.byName = make(map[string]foundRow)
	}
	f.byName[strings.Clone(name)] = hit // the name may be part of a request body
}
