package gateway

import (
	"container/list"
	"sync"
	"time"
)

// An address or key that fails this often within the window is locked.
const (
	abuseFailures = 20
	abuseWindow   = 300 * time.Second
	abuseLock     = 600 * time.Second
	abuseEntries  = 10_000
)

// abuse counts failed credentials per address and per key, forgetting whoever
// failed longest ago when there are too many. Safe for concurrent use.
type abuse struct {
	mu     sync.Mutex
	recent *list.List // of *offender, newest first
	byName map[string]*list.Element
}

type offender struct {
	name   string
	count  int
	since  time.Time
	locked time.Time // until
}

func newAbuse() *abuse {
	return &abuse{recent: list.New(), byName: make(map[string]*list.Element)}
}

// failed notes a failure and returns how long the caller is locked, 0 if not.
// keyHash is empty when there was no key.
func (a *abuse) failed(ip, keyHash string, now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	wait := a.note("ip "+ip, now)
	if keyHash != "" {
		wait = max(wait, a.note("key "+keyHash, now))
	}
	return wait
}

func (a *abuse) note(name string, now time.Time) time.Duration {
	e := a.byName[name]
	if e == nil {
		if a.recent.Len() >= abuseEntries {
			a.forget(a.recent.Back())
		}
		e = a.recent.PushFront(&offender{name: name, since: now})
		a.byName[name] = e
	}
	a.recent.MoveToFront(e)
	o := e.Value.(*offender) //nolint:forcetypeassert // the list holds nothing else
	if now.Before(o.locked) {
		return o.locked.Sub(now)
	}
	if now.Sub(o.since) > abuseWindow {
		o.count, o.since = 0, now
	}
	if o.count++; o.count >= abuseFailures {
		o.locked, o.count, o.since = now.Add(abuseLock), 0, now
	}
	return 0
}

// clear forgets the failures of a caller that showed a valid key.
func (a *abuse) clear(ip, keyHash string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.byName) == 0 {
		return
	}
	a.forget(a.byName["ip "+ip])
	a.forget(a.byName["key "+keyHash])
}

func (a *abuse) forget(e *list.Element) {
	if e != nil {
		delete(a.byName, e.Value.(*offender).name) //nolint:forcetypeassert // as above
		a.recent.Remove(e)
	}
}
