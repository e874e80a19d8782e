package gateway

import (
	"container/list"
	"sync"

	"github.com/claude-code-hub/cch/internal/domain"
)

// maxThreads is how many answers are remembered.
const maxThreads = 50_000

// threads remembers which session an answer of the Responses API came from, as
// clients may go on from it by naming nothing but its id. The answers asked for
// least recently are forgotten first. Safe for concurrent use.
type threads struct {
	mu     sync.Mutex
	recent *list.List // of thread, newest first
	byID   map[threadID]*list.Element
}

// threadID names an answer; the key is part of it, so that no client gets into
// another's session.
type threadID struct {
	key    domain.KeyID
	answer string
}

type thread struct {
	id      threadID
	session string
}

func newThreads() *threads {
	return &threads{recent: list.New(), byID: make(map[threadID]*list.Element)}
}

// note remembers the session of an answer.
func (t *threads) note(key domain.KeyID, answer, session string) {
	if answer == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	id := threadID{key, answer}
	if e := t.byID[id]; e != nil {
		t.recent.MoveToFront(e)
		e.Value = thread{id, session}
		return
	}
	if t.recent.Len() >= maxThreads {
		oldest := t.recent.Remove(t.recent.Back()).(thread) //nolint:forcetypeassert // the list holds nothing else
		delete(t.byID, oldest.id)
	}
	t.byID[id] = t.recent.PushFront(thread{id, session})
}

// session is the session an answer came from; one that is not known gets a name
// made of the answer's. Empty for no answer.
func (t *threads) session(key domain.KeyID, answer string) string {
	if answer == "" {
		return ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.byID[threadID{key, answer}]
	if e == nil {
		return codexPrevious + answer
	}
	t.recent.MoveToFront(e)
	return e.Value.(thread).session //nolint:forcetypeassert // as above
}
