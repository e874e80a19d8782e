package gateway

import (
	"sync"

	"github.com/claude-code-hub/cch/internal/domain"
)

// maxThreads is how many answers are remembered.
const maxThreads = 50_000

// threads remembers which session an answer of the Responses API came from, as
// clients may go on from it by naming nothing but its id. Safe for concurrent
// use.
type threads struct {
	mu   sync.Mutex
	byID lru[threadID, string]
}

// threadID names an answer; the key is part of it, so that no client gets into
// another's session.
type threadID struct {
	key    domain.KeyID
	answer string
}

func newThreads() *threads { return &threads{byID: newLRU[threadID, string](maxThreads)} }

// note remembers the session of an answer.
func (t *threads) note(key domain.KeyID, answer, session string) {
	if answer == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byID.put(threadID{key, answer}, session)
}

// session is the session an answer came from; one that is not known gets a name
// made of the answer's. Empty for no answer.
func (t *threads) session(key domain.KeyID, answer string) string {
	if answer == "" {
		return ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if session, ok := t.byID.get(threadID{key, answer}); ok {
		return session
	}
	return codexPrevious + answer
}
